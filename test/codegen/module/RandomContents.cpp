//===- RandomContents.cpp - Right modules of every shape -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/codegen/module/RandomContents.h"

#include "runtime/module/WeightRoles.h"
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
  ActivationExpr activation();
  Layer layer();
  Placement placement(uint32_t experts, uint32_t ranks);
  Turns turns(const Placement &placement, uint32_t expert);
  void vary(plan::Plan &plan);
  Extent extent();
  TensorMap map();
  KernelArg arg(const ModuleContents &contents, uint32_t offset);
  Kernel kernel(const ModuleContents &contents);
  KernelSet kernels(const ModuleContents &contents);

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

/// A random walk: what a step finds on the stack decides which may come.
ActivationExpr Generator::activation() {
  if (coin())
    return any(Activation::ClampedSwiglu);
  ActivationExpr expression({{ActivationOp::Up}});
  for (size_t depth = 1; expression.steps.size() < 20 || depth > 1;) {
    auto op = any(ActivationOp::Softplus);
    size_t operands = operandCount(op);
    bool ends = expression.steps.size() >= 20;
    if (operands > depth || (operands == 0 && (ends || depth == maxActivationStack)) ||
        (ends && operands == 1))
      continue;
    expression.steps.push_back({op, op == ActivationOp::Constant ? number() : 0});
    depth += 1 - operands;
  }
  return expression;
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
  layer.expert = {from(1, 4096), activation()};
  layer.expert.gateBias = layer.expert.activation.usesGate() && coin();
  layer.expert.upBias = coin();
  layer.expert.downBias = coin();
  if (coin())
    layer.shared = SharedExpert{{from(1, 4096), activation()}, coin()};
  layer.residual = coin();
  layer.weights = sampleWeights(layer);
  for (WeightName &weight : layer.weights) {
    weight.layout.transposed = !isBias(weight.role) && coin();
    weight.layout.parts = from(1, 16);
    weight.layout.part = below(weight.layout.parts);
    weight.layout.interleaved = weight.layout.parts > 1 && coin();
  }
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
  for (uint32_t expert = 0; expert < experts; ++expert)
    if (below(8) == 0)
      placement.turns.push_back(turns(placement, expert));
  return placement;
}

/// Copies of the expert for each source, in any order and number.
Turns Generator::turns(const Placement &placement, uint32_t expert) {
  std::vector<uint32_t> holders;
  for (uint32_t rank = 0; rank < placement.slots.size(); ++rank)
    if (std::ranges::count(placement.slots[rank], expert))
      holders.push_back(rank);
  Turns turns{expert, std::vector<std::vector<uint32_t>>(placement.slots.size())};
  for (std::vector<uint32_t> &list : turns.ranks)
    for (uint32_t i = from(1, 5); i > 0; --i)
      list.push_back(holders[below(uint32_t(holders.size()))]);
  return turns;
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

// --- Kernels -----------------------------------------------------------------

Extent Generator::extent() {
  auto factor = [this] { return coin() ? 0 : uint64_t(random()) << below(9); };
  return {1 + factor(), factor(), factor(), factor(), factor()};
}

TensorMap Generator::map() {
  TensorMap map;
  map.element = any(DType::BF16);
  map.rank = from(1, 5);
  map.swizzle = 32 << below(3);
  map.baseOffset = 16 * (int64_t(below(4096)) - 2048);
  uint32_t bytes = map.element == DType::F32 ? 4 : 2;
  for (uint32_t i = 0; i < map.rank; ++i) {
    map.dims[i] = extent();
    map.strides[i] = i ? 16 * uint64_t(below(1 << 20)) : bytes;
    map.box[i] = i ? from(1, 256) : 16 / bytes;
  }
  return map;
}

/// At `offset` of the block, which has room for any kind.
KernelArg Generator::arg(const ModuleContents &contents, uint32_t offset) {
  const plan::Plan &plan = contents.plan;
  KernelArg arg;
  arg.name = "arg" + std::to_string(offset);
  arg.offset = offset;
  switch (below(4)) {
  case 0:
    arg.kind = KernelArgKind::View;
    arg.object = KernelObject::Buffer;
    arg.index = below(static_cast<uint32_t>(plan.buffers.size()));
    arg.map = map();
    break;
  case 1:
    arg.kind = KernelArgKind::Scalar;
    arg.object = KernelObject::FlagOffset;
    arg.index = below(static_cast<uint32_t>(plan.flags.size()));
    break;
  case 2:
    arg.object = KernelObject::Weight;
    arg.index = static_cast<uint32_t>(WeightRole::ExpertDown);
    break;
  case 3:
    arg.object = coin() ? KernelObject::Peers : KernelObject::ChosenWeights;
    break;
  }
  return arg;
}

Kernel Generator::kernel(const ModuleContents &contents) {
  Kernel kernel;
  kernel.name = "kernel" + std::to_string(contents.kernels.kernels.size());
  kernel.stages.assign(from(1, 3), "stage");
  kernel.tile = text();
  kernel.pipeSlots = below(8);
  kernel.threads = 32 * from(1, 32);
  kernel.sharedBytes = below(1 << 17);
  uint32_t args = below(6);
  kernel.argBytes = 128 * (args + 1);
  for (uint32_t i = 0; i < args; ++i)
    kernel.args.push_back(arg(contents, 128 * i));
  kernel.resources = {below(256), below(9), below(1 << 14)};
  kernel.ptx.assign(from(1, 200), '\n');
  kernel.cubin.assign(coin() ? 0 : below(100), uint8_t(below(256)));
  return kernel;
}

KernelSet Generator::kernels(const ModuleContents &contents) {
  ModuleContents sofar = contents;
  KernelSet &set = sofar.kernels;
  set.arch = "sm_90a";
  set.form = coin() ? "separate" : "everything";
  for (uint32_t i = 0, count = below(4); i < count; ++i)
    set.workspaces.push_back({"workspace" + std::to_string(i), extent()});
  for (uint32_t i = 0, count = from(1, 4); i < count; ++i) {
    set.kernels.push_back(kernel(sofar));
    Launch launch = {"launch" + std::to_string(i), {{i, UINT32_MAX}}, {}};
    if (i > 0 && coin())
      launch.variants.insert(launch.variants.begin(), {below(i), from(0, 4096)});
    set.launches.push_back(launch);
  }
  for (uint32_t op = 0; op < contents.plan.ops.size(); ++op)
    set.launches[below(static_cast<uint32_t>(set.launches.size()))].ops.push_back(op);
  set.ir.assign(coin() ? 0 : below(100), uint8_t(below(256)));
  return set;
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
  if (manifest.target == "sm_90a" && coin())
    contents.kernels = kernels(contents);
  return contents;
}

ModuleContents randomContents(uint32_t seed) { return Generator(seed).contents(); }

} // namespace moec::test
