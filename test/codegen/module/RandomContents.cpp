//===- RandomContents.cpp - Right modules of every shape -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/codegen/module/RandomContents.h"

#include "test/runtime/module/Sample.h"

#include <algorithm>
#include <random>

namespace moec::test {

namespace {

class Generator {
public:
  explicit Generator(uint32_t seed) : random(seed) {}

  ModuleContents contents();

private:
  uint32_t below(uint32_t end) { return random() % end; }
  uint32_t from(uint32_t low, uint32_t high) { return low + below(high - low + 1); }
  bool coin() { return below(2) == 0; }
  template <typename Enum> Enum any(Enum last) {
    return static_cast<Enum>(below(static_cast<uint32_t>(last) + 1));
  }
  double number() { return std::uniform_real_distribution<double>(-4, 4)(random); }
  std::string text() {
    static const char *const texts[] = {"", "a", "moec 0.1.0", "caf\xc3\xa9", "a b/c.moe"};
    return texts[below(std::size(texts))];
  }

  Router router(uint32_t experts);
  Layer layer();
  Placement placement(uint32_t experts, uint32_t ranks);
  void vary(plan::Plan &plan);

  std::mt19937 random;
};

} // namespace

Router Generator::router(uint32_t experts) {
  Router router;
  router.topK = from(1, std::min(experts, 8u));
  router.logitsType = any(DType::BF16);
  router.logitsBias = coin();
  router.score = any(ScoreFunction::Sigmoid);
  router.scoreAfterTopK = coin();
  router.selectionBias = coin();
  if (coin()) {
    GroupLimit groups;
    do
      groups.count = from(1, experts);
    while (experts % groups.count != 0);
    uint32_t size = experts / groups.count;
    groups.kept = from((router.topK + size - 1) / size, groups.count);
    groups.score = size > 1 ? any(GroupScore::SumOfTop2) : GroupScore::Max;
    groups.rejectedValue = any(RejectedValue::Zero);
    router.groups = groups;
  }
  router.normalize = coin();
  if (router.normalize && coin())
    router.normalizeEpsilon = 1e-20;
  router.scale = number();
  router.weightsType = any(DType::BF16);
  return router;
}

Layer Generator::layer() {
  Layer layer;
  layer.name = coin() ? "layer" : "model.layers.3.mlp";
  layer.hidden = from(1, 4096);
  layer.experts = from(1, 64);
  layer.tokensType = any(DType::BF16);
  layer.weightsType = any(DType::BF16);
  layer.combineType = any(DType::BF16);
  layer.router = router(layer.experts);
  layer.expert = {from(1, 4096), any(Activation::GeluTanh)};
  if (coin())
    layer.shared = SharedExpert{{from(1, 4096), any(Activation::GeluTanh)}, coin()};
  layer.weights = sampleWeights(layer);
  std::shuffle(layer.weights.begin(), layer.weights.end(), random);
  return layer;
}

/// Every expert somewhere, some of them twice.
Placement Generator::placement(uint32_t experts, uint32_t ranks) {
  Placement placement;
  placement.slots.resize(ranks);
  for (uint32_t expert = 0; expert < experts; ++expert) {
    uint32_t first = below(ranks), second = below(ranks);
    placement.slots[first].push_back(expert);
    if (coin() && second != first)
      placement.slots[second].push_back(expert);
  }
  for (std::vector<uint32_t> &slots : placement.slots)
    std::shuffle(slots.begin(), slots.end(), random);
  return placement;
}

void Generator::vary(plan::Plan &plan) {
  plan.name = coin() ? plan.name : "another name";
  plan.serialSteps = coin();
  for (plan::Op &op : plan.ops) {
    if (op.kind == plan::OpKind::Put || op.kind == plan::OpKind::Signal)
      op.via = any(plan::Path::Rail);
    if (coin())
      op.location = {};
    else
      op.location = {"dir/x.moe", from(1, UINT32_MAX), from(1, 200)};
  }
}

ModuleContents Generator::contents() {
  ModuleContents contents;
  Manifest &manifest = contents.manifest;
  manifest.layer = layer();
  manifest.ranks = from(1, 9);
  manifest.compiler = text();
  manifest.source = coin() ? text() : "we\xff\n.moe"; // as file names may be
  manifest.machine = text();
  manifest.mesh = text();
  manifest.target = coin() ? "cpu" : "sm_90a";
  manifest.maxTokensPerRank = coin() ? 0 : from(1, 1 << 24);
  manifest.placement = placement(manifest.layer.experts, manifest.ranks);
  contents.plan = directRowsPlan(manifest.layer, manifest.ranks, from(1, 3), below(9));
  vary(contents.plan);
  for (uint32_t i = 0, count = below(3); i < count; ++i)
    contents.sources.push_back({"file" + std::to_string(i), std::string(below(300), '\n')});
  if (coin())
    contents.provenance.compiler = "moec 0.1.0";
  for (uint32_t i = 0; !contents.provenance.compiler.empty() && i < below(4); ++i)
    contents.provenance.options.push_back({"option" + std::to_string(i), text()});
  return contents;
}

ModuleContents randomContents(uint32_t seed) { return Generator(seed).contents(); }

} // namespace moec::test
