//===- ImportProgramTest.cpp - From program to IR and back to the closed form -===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/import/ir/ImportProgram.h"
#include "dialects/comm/CommOps.h"
#include "dialects/moe/LayerAttr.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "passes/Pipelines.h"
#include "passes/check/ClosedForm.h"
#include "passes/emit/Manifest.h"
#include "passes/placement/PlacementProblem.h"
#include <gtest/gtest.h>

namespace moec {
namespace {

/// A program as the parser makes it, over a source of forty lines.
frontend::Program smallProgram() {
  frontend::Program program;
  program.sources = std::make_shared<frontend::Sources>();
  program.sources->add("dir/layer.moe", std::string(40, '\n'));
  program.mesh = {"ep3", {{"gpu", 3, "", {}}}, {}};
  program.layer.name = "small";
  program.layer.hidden = 16;
  program.layer.experts = 8;
  program.layer.router.topK = 2;
  program.layer.expert.intermediate = 4;
  program.layer.weights = {{WeightRole::Router, "gate"},
                           {WeightRole::ExpertGate, "e.{expert}.g"},
                           {WeightRole::ExpertUp, "e.{expert}.u"},
                           {WeightRole::ExpertDown, "e.{expert}.d"}};
  program.locations.layer = {0, 7, 1, 5, 0};
  program.locations.router = {0, 9, 3, 6, 0};
  program.locations.experts = {0, 12, 3, 7, 0};
  return program;
}

/// Every combination of what a router can do, one bit each.
void setRouter(Layer &layer, unsigned bits) {
  Router &router = layer.router;
  router.logitsType = bits & 1 ? DType::BF16 : DType::F32;
  router.logitsBias = bits & 2;
  router.score = static_cast<ScoreFunction>((bits >> 2) % 3);
  router.scoreAfterTopK = (bits & 16) && router.score != ScoreFunction::Identity;
  router.selectionBias = bits & 32;
  if (bits & 64)
    router.groups = GroupLimit{4, 2, bits & 128 ? GroupScore::SumOfTop2 : GroupScore::Max,
                               bits & 128 ? RejectedValue::Zero : RejectedValue::MinusInfinity};
  router.normalize = bits & 256;
  router.normalizeEpsilon = bits & 256 ? 1e-20 : 0;
  router.scale = bits & 512 ? 2.5 : 1.0;
  router.weightsType = bits & 128 ? DType::BF16 : DType::F32;
  if (router.logitsBias)
    layer.weights.push_back({WeightRole::RouterBias, "rb"});
  if (router.selectionBias)
    layer.weights.insert(layer.weights.begin(), {WeightRole::SelectionBias, "sb"});
}

TEST(ImportProgram, EveryRouterComesBackFromItsOps) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  for (unsigned bits = 0; bits < 1024; ++bits) {
    SCOPED_TRACE(bits);
    frontend::Program program = smallProgram();
    setRouter(program.layer, bits);
    mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(program, &context);
    ASSERT_TRUE(succeeded(mlir::verify(*module)));
    ASSERT_EQ(runPhases(*module, Phase::Import, Phase::Check), Outcome::Done);
    auto layer = *module->getOps<moe::LayerOp>().begin();
    auto form = closedForm(layer);
    ASSERT_TRUE(succeeded(form));
    ASSERT_EQ(moe::toLayer(*form, layer.getSymName()), program.layer);
  }
}

TEST(ImportProgram, ManifestHoldsWhatTheProgramSaid) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  frontend::Program program = smallProgram();
  program.layer.shared = SharedExpert{{6, Activation::GeluTanh}, true};
  program.layer.weights.insert(program.layer.weights.end(), {{WeightRole::SharedGate, "s.g"},
                                                             {WeightRole::SharedUp, "s.u"},
                                                             {WeightRole::SharedDown, "s.d"},
                                                             {WeightRole::SharedScale, "s.s"}});
  program.layer.tokensType = DType::F32;
  program.layer.combineType = DType::BF16;
  program.machine.emplace();
  program.machine->name = "box";
  program.machine->memoryBytes = topology::Figure{1 << 20, ""};
  program.placement.lists = {{2, {7, 0}, {}}};
  program.placement.pins = {{3, {1, 0}, {}}};
  program.schedule.maxTokensPerRank = 12;
  mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(program, &context);
  ASSERT_EQ(runPhases(*module, Phase::Import, Phase::Distribute), Outcome::Done);
  auto manifest = buildManifest(*module, "moec 1.2.3");
  ASSERT_TRUE(succeeded(manifest));
  EXPECT_EQ(manifest->compiler, "moec 1.2.3");
  EXPECT_EQ(manifest->source, "dir/layer.moe");
  EXPECT_EQ(manifest->machine, "box");
  EXPECT_EQ(manifest->mesh, "ep3");
  EXPECT_EQ(manifest->ranks, 3u);
  EXPECT_EQ(manifest->maxTokensPerRank, 12u);
  EXPECT_EQ(manifest->layer, program.layer);
  EXPECT_EQ(manifest->placement, (Placement{{{3, 1, 2}, {3, 4, 5}, {7, 0, 6}}}));
}

TEST(ImportProgram, ExpertsComeBackFromTheirOps) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  frontend::Program program = smallProgram();
  Layer &layer = program.layer;
  layer.expert.activation = Activation::ClampedSwiglu;
  layer.expert.gateBias = layer.expert.upBias = layer.expert.downBias = true;
  layer.residual = true;
  for (WeightName &weight : layer.weights) {
    bool isUp = weight.role == WeightRole::ExpertUp;
    if (isUp || weight.role == WeightRole::ExpertGate)
      weight = {weight.role, "e.gu", {true, true, 2, isUp ? 1u : 0u, true}};
  }
  layer.weights.push_back({WeightRole::ExpertGateBias, "e.{expert}.gb"});
  layer.weights.push_back({WeightRole::ExpertUpBias, "e.{expert}.ub"});
  layer.weights.push_back({WeightRole::ExpertDownBias, "e.db", {.stacked = true}});
  auto comesBack = [&] {
    mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(program, &context);
    EXPECT_EQ(runPhases(*module, Phase::Import, Phase::Distribute), Outcome::Done);
    auto manifest = buildManifest(*module, "moec");
    return succeeded(manifest) && manifest->layer == layer;
  };
  EXPECT_TRUE(comesBack());
  layer.expert.activation = *fromPostfix("up relu square"); // two matrices
  layer.expert.gateBias = false;
  std::erase_if(layer.weights, [](const WeightName &weight) {
    return weight.role == WeightRole::ExpertGate || weight.role == WeightRole::ExpertGateBias;
  });
  EXPECT_TRUE(comesBack());
}

TEST(ImportProgram, OpsStandWhereTheSourceAsksForThem) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(smallProgram(), &context);
  auto lineOf = [](mlir::Operation *op) {
    auto place = llvm::dyn_cast<mlir::FileLineColLoc>(op->getLoc());
    return place && place.getFilename() == "dir/layer.moe" ? place.getLine() : 0;
  };
  auto layer = *module->getOps<moe::LayerOp>().begin();
  EXPECT_EQ(lineOf(layer), 7u);
  EXPECT_EQ(lineOf(*layer.getBody().getOps<moe::TopKOp>().begin()), 9u);
  EXPECT_EQ(lineOf(*layer.getBody().getOps<moe::ExpertsOp>().begin()), 12u);
  EXPECT_EQ(lineOf(*layer.getBody().getOps<moe::WeightOp>().begin()), 7u) << "written nowhere";
}

TEST(ImportProgram, TooLittleMemoryIsAnErrorWithBothNumbers) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  frontend::Program program = smallProgram();
  program.machine.emplace();
  program.machine->name = "box";
  program.machine->memoryBytes = topology::Figure{1000, ""};
  mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(program, &context);
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    message = diagnostic.str();
    return mlir::success();
  });
  EXPECT_EQ(runPhases(*module, Phase::Import, Phase::Place), Outcome::Wrong);
  EXPECT_EQ(message, "rank 0 must hold 1408 bytes of weights, but machine 'box' has 1000");
}

constexpr const char *kSource = R"(moe 1
mesh ep3 { axis gpu 3 }
layer small {
  hidden 16
  experts 8 { width 4; activation silu(gate) * up }
  router { score softmax(logits); choose top 2 of score; weights score }
  weights from olmoe layer 0
}
)";

frontend::Program parse(const std::string &text) {
  frontend::Diagnostics diagnostics;
  auto program = frontend::parseProgramText(text, "small.moe", {}, diagnostics);
  EXPECT_TRUE(program) << frontend::renderText(diagnostics);
  return program ? *program : smallProgram();
}

TEST(PlacementBlock, ReadBackIsTheSamePlacement) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  for (const char *request : {"placement { round_robin }", "placement { linear }",
                              "placement { linear; pin expert 5 -> gpu 2, 0; gpu 1 holds 7, 3 }"}) {
    Placement placement;
    std::string block = request;
    for (int round = 0; round < 2; ++round) {
      frontend::Program program = parse(kSource + block + "\n");
      auto module = importProgram(program, &context);
      ASSERT_EQ(runPhases(*module, Phase::Import, Phase::Distribute), Outcome::Done);
      auto manifest = buildManifest(*module, "moec");
      ASSERT_TRUE(succeeded(manifest));
      if (round == 1)
        EXPECT_EQ(manifest->placement, placement) << block;
      placement = manifest->placement;
      block = printPlacement(program.layer, "ep3", placement);
    }
  }
}

TEST(RunPhases, APlanAloneHasNoKernelsToForm) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(smallProgram(), &context);
  EXPECT_EQ(runPhases(*module, Phase::Import, Phase::Schedule), Outcome::Done);
  size_t ops = std::distance(module->getOps().begin(), module->getOps().end());
  EXPECT_EQ(runPhases(*module, Phase::Schedule, Phase::FormKernels), Outcome::Done);
  EXPECT_EQ(size_t(std::distance(module->getOps().begin(), module->getOps().end())), ops);
}

std::string textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  printModule(module, stream);
  return text;
}

/// The text at `to`, from text at `from`.
std::string goOn(const std::string &text, Phase from, Phase to) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<moe::MoeDialect, comm::CommDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module || runPhases(*module, from, to) != Outcome::Done)
    return "failed";
  return textOf(*module);
}

TEST(RunPhases, TextAtEveryPhaseGoesOnToTheSameBytes) {
  for (unsigned bits : {0u, 1u + 2 + 16, 32u + 64 + 128 + 256 + 512 + 8}) {
    SCOPED_TRACE(bits);
    frontend::Program program = smallProgram();
    setRouter(program.layer, bits);
    program.schedule.window = 3;
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    std::string imported = textOf(*importProgram(program, &context));
    std::string wanted = goOn(imported, Phase::Import, Phase::Schedule);
    EXPECT_NE(wanted, "failed");
    EXPECT_EQ(goOn(imported, Phase::Import, Phase::Schedule), wanted) << "a second run";
    for (Phase phase : {Phase::Check, Phase::Place, Phase::Distribute, Phase::Schedule}) {
      SCOPED_TRACE(phaseName(phase).str());
      std::string text = goOn(imported, Phase::Import, phase);
      EXPECT_EQ(goOn(text, phase, Phase::Schedule), wanted);
      EXPECT_NE(text.find("\"dir/layer.moe\":12:3"), std::string::npos) << "lost its places";
    }
  }
}

TEST(RunPhases, TextIsHeldToThePhaseItClaims) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> module = importProgram(smallProgram(), &context);
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    message = diagnostic.str();
    return mlir::success();
  });
  EXPECT_EQ(runPhases(*module, Phase::Distribute, Phase::Schedule), Outcome::Wrong);
  EXPECT_EQ(message, "module must hold a comm.plan, but holds none");
  EXPECT_EQ(runPhases(*module, Phase::Place, Phase::Schedule), Outcome::Wrong);
  EXPECT_EQ(message, "layer must have a placement, but has none");
}

TEST(Phases, NamesAreSpelledOneWay) {
  for (Phase phase : allPhases())
    EXPECT_EQ(phaseFromName(phaseName(phase)), phase);
  EXPECT_EQ(phaseFromName("distribut"), std::nullopt);
}

} // namespace
} // namespace moec
