//===- ProgramTest.cpp - From text to a resolved program ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Program.h"
#include "frontend/parser/Loader.h"
#include "frontend/parser/Suggest.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::frontend;

static Program parse(const std::string &text, ParseOptions options = {}) {
  Diagnostics diagnostics;
  std::optional<Program> program = parseProgramText(text, "test.moe", options, diagnostics);
  EXPECT_TRUE(program) << renderText(diagnostics);
  return program.value_or(Program());
}

static std::string withRouter(const std::string &router, const std::string &rest = "") {
  return "moe 1\nmesh m { axis gpu 4 }\nlayer a {\n hidden 64\n experts 16 { width 32; activation "
         "silu(gate) * up }\n router { " +
         router + " }\n" + rest + "\n}\n";
}

static Router router(const std::string &text) { return parse(withRouter(text)).layer.router; }

static const char *full = R"(moe 1
import machine "hgx-h100"
mesh ep64 on hgx-h100 { axis node 8 over rail; axis gpu 8 over nvlink }
layer v3 {
  hidden 7168
  experts 256 { width 2048; activation silu(gate) * up }
  shared 2 { width 1024; activation gelu_tanh(gate) * up; scale sigmoid(linear(x)) }
  router {
    logits linear(x) + router_bias in bf16
    score sigmoid(logits)
    groups 8 keep 4 by sum(top(2)) rejected 0
    choose top 8 of score + selection_bias
    weights score / (sum(score) + 1e-20) * 2.5 in bf16
  }
  combine shared + routed
  type tokens f32; type weights bf16; type combine bf16; type wire f32; type selection_bias f32
  weights from deepseek_v3 layer 3 { router_bias "bias.{layer}"; shared_scale "ws" }
}
placement p for v3 on ep64 { round_robin; pin expert 17, 3..4 -> gpu 5, 0; gpu 1 holds 9, 8 }
schedule s for v3 with p { algorithm staggered; window 4; depth 2; tokens at most 128 per gpu; fuse down + combine }
)";

TEST(Program, holds_the_layer_that_the_file_describes) {
  Layer layer;
  layer.name = "v3";
  layer.hidden = 7168;
  layer.experts = 256;
  layer.tokensType = DType::F32;
  layer.combineType = DType::BF16;
  layer.router = {8,
                  DType::BF16,
                  true,
                  ScoreFunction::Sigmoid,
                  false,
                  true,
                  GroupLimit{8, 4, GroupScore::SumOfTop2, RejectedValue::Zero},
                  true,
                  1e-20,
                  2.5,
                  DType::BF16};
  layer.expert = {2048, Activation::Silu};
  layer.shared = SharedExpert{{2048, Activation::GeluTanh}, true};
  std::string mlp = "model.layers.3.mlp.";
  layer.weights = {{WeightRole::Router, mlp + "gate.weight"},
                   {WeightRole::RouterBias, "bias.3"},
                   {WeightRole::SelectionBias, mlp + "gate.e_score_correction_bias"},
                   {WeightRole::ExpertGate, mlp + "experts.{expert}.gate_proj.weight"},
                   {WeightRole::ExpertUp, mlp + "experts.{expert}.up_proj.weight"},
                   {WeightRole::ExpertDown, mlp + "experts.{expert}.down_proj.weight"},
                   {WeightRole::SharedGate, mlp + "shared_experts.gate_proj.weight"},
                   {WeightRole::SharedUp, mlp + "shared_experts.up_proj.weight"},
                   {WeightRole::SharedDown, mlp + "shared_experts.down_proj.weight"},
                   {WeightRole::SharedScale, "ws"}};
  EXPECT_EQ(parse(full).layer, layer);
}

TEST(Program, holds_machine_mesh_placement_and_schedule) {
  Program program = parse(full);
  ASSERT_TRUE(program.machine);
  EXPECT_EQ(program.machine->name, "hgx-h100");
  EXPECT_EQ(program.machine->arch, "sm_90a");
  EXPECT_EQ(program.machine->gpusPerNode, 8u);
  EXPECT_EQ(program.machine->memoryBytes->value, 80ull << 30);
  EXPECT_EQ(program.machine->memoryBytesPerSecond->value, 3.35e12);
  ASSERT_EQ(program.machine->links.size(), 3u);
  EXPECT_EQ(program.machine->links[0].rate->value, 450e9);
  EXPECT_EQ(program.machine->links[0].bytesPerSecond(), 370.8e9);
  EXPECT_DOUBLE_EQ(program.machine->links[0].latencySeconds(), 1.8725e-6);
  EXPECT_EQ(program.machine->links[2].rate->value, 50e9);
  ASSERT_EQ(program.mesh.axes.size(), 2u);
  EXPECT_EQ(program.mesh.axes[0].link, "rail");
  EXPECT_EQ(program.ranks(), 64u);
  EXPECT_EQ(program.placement.rule, PlacementRule::RoundRobin);
  ASSERT_EQ(program.placement.pins.size(), 3u);
  EXPECT_EQ(program.placement.pins[1].expert, 3u);
  EXPECT_EQ(program.placement.pins[1].ranks, (std::vector<uint32_t>{5, 0}));
  EXPECT_EQ(program.placement.pins[1].location.line, 19u);
  ASSERT_EQ(program.placement.lists.size(), 1u);
  EXPECT_EQ(program.placement.lists[0].experts, (std::vector<uint32_t>{9, 8}));
  EXPECT_EQ(program.schedule.algorithm, Algorithm::Staggered);
  EXPECT_EQ(program.schedule.window, 4u);
  EXPECT_EQ(program.schedule.depth, 2u);
  EXPECT_EQ(program.schedule.maxTokensPerRank, 128u);
  EXPECT_EQ(program.schedule.fusion, fusion::Fusion::DownCombine);
}

TEST(Program, every_fact_knows_its_place) {
  Program program = parse(full);
  auto at = [&](const Location &place) {
    return std::string(program.sources->line(place.file, place.line))
        .substr(place.column - 1, place.length);
  };
  EXPECT_EQ(at(program.locations.layer), "layer v3");
  EXPECT_EQ(at(program.locations.hidden), "hidden 7168");
  EXPECT_EQ(at(program.locations.experts), "experts 256");
  EXPECT_EQ(at(program.locations.activation), "activation silu(gate) * up");
  EXPECT_EQ(at(program.locations.shared), "shared 2");
  EXPECT_EQ(at(program.locations.sharedScale), "scale sigmoid(linear(x))");
  EXPECT_EQ(at(program.locations.logits), "logits linear(x) + router_bias in bf16");
  EXPECT_EQ(at(program.locations.score), "score sigmoid(logits)");
  EXPECT_EQ(at(program.locations.groups), "groups 8 keep 4 by sum(top(2)) rejected 0");
  EXPECT_EQ(at(program.locations.choose), "choose top 8 of score + selection_bias");
  EXPECT_EQ(at(program.locations.routingWeights),
            "weights score / (sum(score) + 1e-20) * 2.5 in bf16");
  EXPECT_EQ(at(program.locations.combine), "combine shared + routed");
  EXPECT_EQ(at(program.locations.weightsType), "type weights bf16");
  EXPECT_EQ(at(program.locations.checkpoint), "weights from deepseek_v3 layer 3");
  EXPECT_EQ(at(program.mesh.location), "mesh ep64 on hgx-h100");
  EXPECT_EQ(at(program.placement.lists[0].location), "gpu 1 holds 9, 8");
  EXPECT_EQ(at(program.schedule.windowLocation), "window 4");
  EXPECT_EQ(at(program.schedule.fusionLocation), "fuse down + combine");
  EXPECT_EQ(program.sources->name(program.machine->location.file), "<moec>/hgx-h100.moe");
}

TEST(Program, has_defaults_for_what_may_be_left_out) {
  Program program =
      parse(withRouter("score softmax(logits); choose top 2 of score; weights score"));
  EXPECT_EQ(program.layer.tokensType, DType::BF16);
  EXPECT_EQ(program.layer.weightsType, DType::BF16);
  EXPECT_EQ(program.layer.combineType, DType::F32);
  EXPECT_EQ(program.layer.router.logitsType, DType::F32);
  EXPECT_EQ(program.layer.router.weightsType, DType::F32);
  EXPECT_FALSE(program.machine);
  EXPECT_EQ(program.placement.rule, PlacementRule::Linear);
  EXPECT_FALSE(program.placement.location.isValid());
  EXPECT_EQ(program.schedule.algorithm, Algorithm::Auto);
  EXPECT_FALSE(program.schedule.fusion);
  ASSERT_EQ(program.layer.weights.size(), 4u);
  EXPECT_EQ(program.layer.weights[1].name, "experts.{expert}.gate.weight");
}

TEST(Program, knows_the_fusions_that_are_implemented) {
  using fusion::Fusion;
  std::string layer = withRouter("score softmax(logits); choose top 2 of score; weights score");
  auto fusionOf = [&](const std::string &body) {
    return parse(layer + "schedule { " + body + " }\n").schedule.fusion;
  };
  EXPECT_EQ(fusionOf("fuse nothing"), Fusion::Nothing);
  EXPECT_EQ(fusionOf("fuse everything"), Fusion::Everything);
  EXPECT_EQ(fusionOf("fuse up + dispatch"), Fusion::DispatchUp);
  EXPECT_EQ(fusionOf("fuse down + combine"), Fusion::DownCombine);
  EXPECT_EQ(fusionOf("fuse down + combine; fuse dispatch + up"), Fusion::DispatchUpDownCombine);
  // What a decision prints asks for just this decision, tiles too.
  fusion::KernelSolution tiled;
  tiled.experts = {{48, {8, 128, true}, {8, 128, true}}, {UINT32_MAX, {64, 128}, {64, 128}}};
  EXPECT_EQ(parse(layer + tiled.print("a")).schedule.expertTiles,
            (std::vector<fusion::TileRequest>{{true, 8, 48}, {false, 64, UINT32_MAX}}));
  for (Fusion fusion : {Fusion::Nothing, Fusion::DispatchUp, Fusion::DownCombine,
                        Fusion::DispatchUpDownCombine, Fusion::Everything}) {
    fusion::KernelSolution solution;
    solution.fusion = fusion;
    EXPECT_EQ(parse(layer + solution.print("a")).schedule.fusion, fusion);
  }
}

TEST(Program, knows_the_routers_that_are_implemented) {
  Router plain;
  plain.topK = 2;
  EXPECT_EQ(router("score softmax(logits); choose top 2 of score; weights score"), plain);

  Router chosen = plain;
  chosen.scoreAfterTopK = true;
  EXPECT_EQ(router("choose top 2 of logits; weights softmax(logits)"), chosen);
  EXPECT_EQ(router("score logits; choose top 2 of score; weights softmax(logits)"), chosen);
  chosen.score = ScoreFunction::Sigmoid;
  EXPECT_EQ(router("choose top 2 of logits; weights sigmoid(logits)"), chosen);
  EXPECT_EQ(router("score sigmoid(logits); choose top 2 of logits; weights score"), chosen);
  chosen.normalize = true;
  EXPECT_EQ(router("choose top 2 of logits; weights sigmoid(logits) / sum(sigmoid(logits))"),
            chosen);

  Router identity = plain;
  identity.score = ScoreFunction::Identity;
  EXPECT_EQ(router("choose top 2 of logits; weights logits"), identity);
  EXPECT_EQ(router("score logits; choose top 2 of score; weights score"), identity);
  identity.selectionBias = true;
  EXPECT_EQ(router("choose top 2 of selection_bias + logits; weights logits"), identity);

  Router scaled = plain;
  scaled.normalize = true;
  scaled.normalizeEpsilon = 1e-6;
  scaled.scale = 1.25;
  scaled.weightsType = DType::BF16;
  EXPECT_EQ(router("score softmax(logits); choose top 2 of score; "
                   "weights 2.5 * (score / (1e-6 + sum(score))) / 2 in bf16"),
            scaled);

  Router biased = plain;
  biased.selectionBias = true;
  EXPECT_EQ(router("score softmax(logits); choose top 2 of score + selection_bias; weights score"),
            biased);

  Router grouped = plain;
  grouped.groups = GroupLimit{4, 2, GroupScore::Max, RejectedValue::Zero};
  EXPECT_EQ(router("score softmax(logits); groups 4 keep 2 by max rejected 0; "
                   "choose top 2 of score; weights score"),
            grouped);
}

TEST(Program, ranks_of_the_command_line_replace_the_mesh) {
  std::string text = withRouter("score softmax(logits); choose top 2 of score; weights score");
  EXPECT_EQ(parse(text, {.ranks = 3}).ranks(), 3u);
  EXPECT_EQ(parse(text, {.ranks = 4}).mesh.axes[0].name, "gpu");
  std::string bare = text;
  bare.erase(bare.find("mesh"), bare.find("layer") - bare.find("mesh"));
  EXPECT_EQ(parse(bare, {.ranks = 5}).ranks(), 5u);
  // Beyond the one board of the machine: ranks share gpus.
  EXPECT_EQ(parse(full, {.ranks = 1000}).ranks(), 1000u);
}

TEST(Program, statements_of_the_options_replace_those_of_the_schedule) {
  std::string text = withRouter("logits linear(x); choose top 2 of logits; weights logits");
  std::string tiers = text;
  tiers.replace(tiers.find("mesh m {"), 8,
                "machine b { nodes 2; gpus 4; link rail { rate 50 GB/s } }\n"
                "mesh m on b { axis node 2 over rail;");
  Program program = parse(tiers + "schedule s { algorithm staggered; window 4; depth 2 }\n",
                          {.schedule = "algorithm two_tier; depth 3"});
  EXPECT_EQ(program.schedule.name, "s");
  EXPECT_EQ(program.schedule.algorithm, Algorithm::TwoTier);
  EXPECT_EQ(program.schedule.window, 4u);
  EXPECT_EQ(program.schedule.depth, 3u);
  EXPECT_EQ(parse(text, {.schedule = "combine partial"}).schedule.combine, Combine::Partial);

  // What refines an algorithm goes with it, and stays where no other is named.
  std::string pieces =
      tiers + "schedule s { algorithm two_tier; chunks 4; spray lanes; window 4 }\n";
  for (const char *algorithm : {"algorithm staggered", "algorithm two_tier"}) {
    program = parse(pieces, {.schedule = algorithm});
    EXPECT_FALSE(program.schedule.chunks) << algorithm;
    EXPECT_FALSE(program.schedule.spraysLanes) << algorithm;
    EXPECT_EQ(program.schedule.window, 4u) << algorithm;
  }
  EXPECT_EQ(parse(pieces, {.schedule = "algorithm two_tier; chunks 8"}).schedule.chunks, 8u);
  EXPECT_EQ(parse(pieces, {.schedule = "combine partial"}).schedule.chunks, 4u);

  for (const char *wrong : {"algorithm foo", "colour red", "depth 2; depth 3", "}"}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parseProgramText(text, "test.moe", {.schedule = wrong}, diagnostics)) << wrong;
    ASSERT_FALSE(diagnostics.empty()) << wrong;
    EXPECT_EQ(diagnostics.sources().name(diagnostics.all()[0].location.file), optionsName) << wrong;
  }
}

TEST(Program, lists_of_every_expert_are_a_placement) {
  Program program =
      parse(withRouter("score softmax(logits); choose top 2 of score; weights score") +
            "placement p for a on m { gpu 0 holds 3, 0..2; gpu 2 holds 4..15; gpu 3 holds 3 }\n");
  EXPECT_EQ(program.placement.name, "p");
  EXPECT_EQ(program.placement.rule, PlacementRule::None);
  ASSERT_EQ(program.placement.lists.size(), 3u);
  EXPECT_EQ(program.placement.lists[0].experts, (std::vector<uint32_t>{3, 0, 1, 2}));
  EXPECT_EQ(program.placement.lists[1].rank, 2u);
}

TEST(Program, a_placement_can_follow_a_load) {
  Diagnostics diagnostics;
  std::string text = withRouter("score softmax(logits); choose top 2 of score; weights score") +
                     "placement p for a on m { auto load \"load.csv\"; slots 5 per gpu; "
                     "replicate 4 at most 2 per expert; pin expert 1 -> gpu 0 }\n";
  auto program = parseProgramText(
      text, std::string(MOEC_TEST_DIR) + "/frontend/errors/Inputs/x.moe", {}, diagnostics);
  ASSERT_TRUE(program) << renderText(diagnostics);
  EXPECT_EQ(program->placement.rule, PlacementRule::ByLoad);
  ASSERT_TRUE(program->placement.load);
  const LoadRequest &load = *program->placement.load;
  ASSERT_EQ(load.loads.size(), 1u);
  EXPECT_EQ(load.loads[0].size(), 16u);
  EXPECT_EQ(load.loads[0][1], 50);
  EXPECT_EQ(load.slots, 5u);
  EXPECT_EQ(load.redundant, 4u);
  EXPECT_EQ(load.mostCopies, 2u);
  EXPECT_EQ(program->placement.pins.size(), 1u);
  EXPECT_EQ(program->sources->size(), 2u) << "the load is a source";
}

// One file, kind by kind: what it imports of another kind is not taken.
TEST(Program, a_file_can_be_imported_for_several_kinds) {
  Diagnostics diagnostics;
  std::string text = "moe 1\nimport machine \"v3.moe\"\nimport mesh \"v3.moe\"\nimport layer "
                     "\"v3.moe\"\nplacement { round_robin }\n";
  std::string name = std::string(MOEC_TEST_DIR) + "/../examples/05-deepseek-v3/x.moe";
  for (size_t at = 0; (at = text.find("v3.moe", at)) != std::string::npos; at += 20)
    text.replace(at, 6, "deepseek-v3.moe");
  auto program = parseProgramText(text, name, {}, diagnostics);
  ASSERT_TRUE(program) << renderText(diagnostics);
  EXPECT_EQ(program->placement.rule, PlacementRule::RoundRobin) << "not that of balanced.moe";
  EXPECT_EQ(program->ranks(), 64u);
  EXPECT_EQ(program->machine->name, "hgx-h100");
}

TEST(Program, every_shipped_machine_can_be_imported) {
  ASSERT_GE(shippedMachineNames().size(), 3u);
  for (std::string_view name : shippedMachineNames()) {
    std::string text = withRouter("score softmax(logits); choose top 2 of score; weights score");
    text.replace(0, 6, "moe 1\nimport machine \"" + std::string(name) + "\"\n");
    EXPECT_EQ(parse(text).machine->name, name);
  }
}

TEST(Suggest, takes_the_nearest_word) {
  EXPECT_EQ(nearest("hiden", {"experts", "hidden"}), "hidden");
  EXPECT_EQ(nearest("ruoter", {"router", "ranks"}), "router"); // a swap is one edit
  EXPECT_EQ(nearest("HIDDEN", {"hidden"}), "hidden");
  EXPECT_EQ(nearest("dropout", {"hidden", "router"}), "");
  EXPECT_EQ(nearest("a", {"b"}), "");
  EXPECT_EQ(editDistance("kitten", "sitting", 9), 3u);
  EXPECT_EQ(editDistance("kitten", "sitting", 2), 3u); // stops past the limit
  EXPECT_EQ(listOf({"a", "b", "c"}), "a, b or c");
}
