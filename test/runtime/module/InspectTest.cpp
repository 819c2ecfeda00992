//===- InspectTest.cpp - Modules shown and compared ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/Inspect.h"

#include "codegen/module/ModuleWriter.h"
#include "test/codegen/module/RandomContents.h"
#include "test/runtime/module/Sample.h"

#include <functional>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace moec;

static rt::Module moduleOf(const ModuleContents &contents, const std::string &name) {
  rt::Result<std::vector<uint8_t>> bytes = codegen::encodeModule(contents);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return *rt::Module::openMemory(*bytes, name);
}

TEST(Inspect, TextOfASimpleLayerIsShort) {
  Layer layer = test::sampleLayer();
  layer.router.scoreAfterTopK = true;
  layer.router.normalize = false;
  std::string text = rt::inspectText(moduleOf(test::sampleContents(layer, 1), "x"));
  EXPECT_NE(
      text.find("  router    z = x Wr^T, f32 accumulation, rounded to f32\n"
                "            choose the 2 of 4 experts with the largest z, ties to the lower "
                "index\n"
                "            w = softmax(z of the chosen)\n"
                "  experts   4 of (silu(x Wg^T) * (x Wu^T)) Wd^T, 16 -> 8 -> 16, weights f32\n"
                "  result    f32 sum"),
      std::string::npos)
      << text;
}

/// JSON shows every field: two modules have the same JSON only if they are the same.
TEST(Inspect, JsonLosesNothing) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    ModuleContents contents = test::randomContents(seed);
    rt::Module module = moduleOf(contents, "x");
    nlohmann::json json =
        nlohmann::json::parse(rt::inspectJson(module)); // creates what is asked for
    EXPECT_EQ(json["manifest"]["placement"], nlohmann::json(contents.manifest.placement.slots));
    EXPECT_EQ(json["manifest"]["layer"]["router"]["scale"], contents.manifest.layer.router.scale);
    EXPECT_EQ(json["plan"]["ops"].size(), contents.plan.ops.size());
    EXPECT_EQ(json["sources"].size(), contents.sources.size());
    EXPECT_EQ(json["kernels"].is_null(), contents.kernels.arch.empty());
    EXPECT_EQ(json["kernels"]["kernels"].size(), contents.kernels.kernels.size());
  }
}

TEST(Inspect, ForeignTextsAreShownAsJson) {
  ModuleContents contents = test::sampleContents(test::sampleLayer(), 1);
  contents.sources = {{"x.moe", std::string("\xff\0\x1b", 3)}};
  std::string json = rt::inspectJson(moduleOf(contents, "x"));
  EXPECT_FALSE(nlohmann::json::parse(json, nullptr, false).is_discarded());
}

// --- diff --------------------------------------------------------------------

TEST(Diff, EqualModulesAreIdentical) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    rt::Module a = moduleOf(test::randomContents(seed), "a");
    rt::Module b = moduleOf(test::randomContents(seed), "b");
    EXPECT_TRUE(rt::diffModules(a, b).empty());
  }
  rt::Module a = moduleOf(test::fullContents(), "a.moex");
  EXPECT_EQ(rt::diffText(a, a, {}), "'a.moex' and 'a.moex' are identical\n");
  EXPECT_EQ(nlohmann::json::parse(rt::diffJson(a, a, {}))["identical"], true);
}

/// What differs after `change`, one line each.
static std::string differences(const std::function<void(ModuleContents &)> &change) {
  ModuleContents contents = test::fullContents();
  rt::Module left = moduleOf(contents, "left.moex");
  change(contents);
  rt::Module right = moduleOf(contents, "right.moex");
  return rt::diffText(left, right, rt::diffModules(left, right));
}

TEST(Diff, ScalarsAreNamedByTheirPath) {
  EXPECT_EQ(differences([](ModuleContents &c) {
              c.manifest.layer.router.scale = 2;
              c.manifest.layer.router.groups->rejectedValue = RejectedValue::MinusInfinity;
              c.plan.ops[2].window = 0;
            }),
            "manifest.layer.router.groups.rejected_value: \"zero\" -> \"minus_infinity\"\n"
            "manifest.layer.router.scale: 2.5 -> 2.0\n"
            "plan.ops[pd].window: 4 -> 0\n");
}

TEST(Diff, OptionalPartsComeAndGo) {
  EXPECT_EQ(differences([](ModuleContents &c) { c.manifest.layer.router.groups.reset(); }),
            "manifest.layer.router.groups: {\"count\":3,\"kept\":2,\"score\":\"sum_of_top2\","
            "\"rejected_value\":\"zero\"} -> null\n");
  EXPECT_EQ(differences([](ModuleContents &c) { c.provenance.options.pop_back(); }),
            "provenance.options[seed]: only in 'left.moex': {\"name\":\"seed\",\"value\":\"7\"}\n");
}

TEST(Diff, ElementsAreMatchedByName) {
  EXPECT_EQ(differences([](ModuleContents &c) {
              std::swap(c.manifest.layer.weights[0], c.manifest.layer.weights[1]);
            }),
            "manifest.layer.weights.order: [\"router\",\"router_bias\",\"selection_bias\","
            "\"expert_gate\",\"expert_up\",\"expert_down\",\"expert_gate_bias\","
            "\"expert_up_bias\",\"expert_down_bias\",\"shared_gate\",\"shared_up\","
            "\"shared_down\",\"shared_scale\"] -> [\"router_bias\",\"router\",\"selection_bias\","
            "\"expert_gate\",\"expert_up\",\"expert_down\",\"expert_gate_bias\","
            "\"expert_up_bias\",\"expert_down_bias\",\"shared_gate\",\"shared_up\","
            "\"shared_down\",\"shared_scale\"]\n");
  EXPECT_EQ(differences([](ModuleContents &c) {
              plan::Op again = c.plan.ops[1];
              again.name = "again";
              again.location = {};
              c.plan.ops.push_back(again);
            }).substr(0, 72),
            "plan.ops[again]: only in 'right.moex': {\"name\":\"again\",\"kind\":\"compute\",");
}

TEST(Diff, PlacementsAreListed) {
  EXPECT_EQ(differences([](ModuleContents &c) { c.manifest.placement.slots[2] = {5, 4}; }),
            "manifest.placement[2]: [4,5,0] -> [5,4]\n");
}

TEST(Diff, SourcesTellTheFirstLine) {
  EXPECT_EQ(differences([](ModuleContents &c) { c.sources[0].text = "moe 1\n\nlayer x {}\n"; }),
            "sources[sample.moe].text:3: \"layer sample {}\" -> \"layer x {}\"\n");
  EXPECT_EQ(differences([](ModuleContents &c) { c.sources[0].text += "# end"; }),
            "sources[sample.moe].text:4: \"\" -> \"# end\"\n");
}

TEST(Diff, RenamedSourcesAreComparedAndLocationsFolded) {
  std::string told = differences([](ModuleContents &c) {
    c.sources[0].name = "other.moe";
    c.sources[0].text = "moe 1\n\nlayer " + std::string(100, 'x') + " {}\n";
    for (plan::Op &op : c.plan.ops)
      op.location.file = "other.moe";
  });
  size_t folded = told.find("plan.ops[..].location.file: \"sample.moe\" -> \"other.moe\"\n");
  EXPECT_NE(folded, std::string::npos) << told;
  EXPECT_EQ(told.find("].location.file", folded + 20), std::string::npos) << told;
  EXPECT_NE(told.find("sources[0].name: \"sample.moe\" -> \"other.moe\"\n"), std::string::npos);
  EXPECT_NE(told.find("sources[0].text:3: \"layer sample {}\" -> \"layer " + std::string(73, 'x') +
                      "...\n"),
            std::string::npos)
      << told;
}

TEST(Diff, LocationsOfSeveralFilesAreToldOneByOne) {
  std::string told = differences([](ModuleContents &c) {
    c.plan.ops[0].location.file = "a.moe";
    c.plan.ops[1].location.file = "b.moe";
  });
  EXPECT_NE(told.find("-> \"a.moe\"\n"), std::string::npos) << told;
  EXPECT_NE(told.find("-> \"b.moe\"\n"), std::string::npos) << told;
}

TEST(Diff, KernelsAreComparedToTheByte) {
  ModuleContents contents = test::kernelContents();
  rt::Module left = moduleOf(contents, "left.moex");
  contents.kernels.form = "everything";
  contents.kernels.kernels[1].args[1].map.box[1] = 16;
  contents.kernels.kernels[1].ptx += "// end\n";
  contents.kernels.kernels[2].cubin[7] ^= 1;
  contents.kernels.ir.clear();
  rt::Module right = moduleOf(contents, "right.moex");
  std::string told = rt::diffText(left, right, rt::diffModules(left, right));
  for (const char *line : {"sections[KIR ]: only in 'left.moex': ",
                           "kernels.form: \"dispatch_up\" -> \"everything\"\n",
                           "kernels.kernels[up16].args[h].map.box: [64,64] -> [64,16]\n",
                           "kernels.kernels[up16].ptx:3: \"\" -> \"// end\"\n",
                           "kernels.kernels[up128].cubin.xxh3_128: ", "kernels.ir: {\"bytes\":7,"})
    EXPECT_NE(told.find(line), std::string::npos) << line << "\n" << told;
}

TEST(Diff, JsonHoldsValues) {
  ModuleContents contents = test::fullContents();
  rt::Module left = moduleOf(contents, "left.moex");
  contents.manifest.target = "sm_90a";
  contents.provenance.options.clear();
  rt::Module right = moduleOf(contents, "right.moex");
  nlohmann::json json =
      nlohmann::json::parse(rt::diffJson(left, right, rt::diffModules(left, right)));
  EXPECT_EQ(json["identical"], false);
  EXPECT_EQ(json["differences"][0],
            (nlohmann::json{{"path", "manifest.target"}, {"left", "cpu"}, {"right", "sm_90a"}}));
  EXPECT_FALSE(json["differences"][1].contains("right"));
}
