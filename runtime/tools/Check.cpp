//===- Check.cpp - A run beside the independent reference -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Check.h"

#include "runtime/module/WeightRoles.h"
#include "runtime/tools/Progress.h"

#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <stdexcept>

namespace moec::run {

using namespace rt;

static reference::Type toReference(DType type) {
  switch (type) {
  case DType::F32:
    return reference::Type::F32;
  case DType::BF16:
    return reference::Type::BF16;
  }
  return reference::Type::F32;
}

static reference::Score toReference(ScoreFunction score) {
  switch (score) {
  case ScoreFunction::Identity:
    return reference::Score::Identity;
  case ScoreFunction::Softmax:
    return reference::Score::Softmax;
  case ScoreFunction::Sigmoid:
    return reference::Score::Sigmoid;
  }
  return reference::Score::Identity;
}

static void addRouter(const Router &router, reference::Layer &layer) {
  layer.topK = router.topK;
  layer.logitsType = toReference(router.logitsType);
  layer.logitsBias = router.logitsBias;
  layer.score = toReference(router.score);
  layer.scoreAfterTopK = router.scoreAfterTopK;
  layer.selectionBias = router.selectionBias;
  if (router.groups) {
    layer.groups = router.groups->count;
    layer.groupsKept = router.groups->kept;
    layer.groupScore = router.groups->score == GroupScore::SumOfTop2
                           ? reference::GroupScore::SumOfTop2
                           : reference::GroupScore::Max;
    layer.rejectedIsZero = router.groups->rejectedValue == RejectedValue::Zero;
  }
  layer.normalize = router.normalize;
  layer.normalizeEpsilon = router.normalizeEpsilon;
  layer.scale = router.scale;
  layer.routingType = toReference(router.weightsType);
}

reference::Layer toReference(const Layer &layer) {
  reference::Layer out;
  out.hidden = layer.hidden;
  out.experts = layer.experts;
  out.intermediate = layer.expert.intermediate;
  out.tokensType = toReference(layer.tokensType);
  out.weightsType = toReference(layer.weightsType);
  out.combineType = toReference(layer.combineType);
  out.activation = reference::Activation(toPostfix(layer.expert.activation));
  out.gateBias = layer.expert.gateBias;
  out.upBias = layer.expert.upBias;
  out.downBias = layer.expert.downBias;
  out.residual = layer.residual;
  addRouter(layer.router, out);
  if (layer.shared) {
    out.sharedIntermediate = layer.shared->mlp.intermediate;
    out.sharedActivation = reference::Activation(toPostfix(layer.shared->mlp.activation));
    out.sharedGate = layer.shared->gate;
  }
  return out;
}

double toleranceOf(const Layer &layer) {
  for (DType type :
       {layer.tokensType, layer.combineType, layer.router.logitsType, layer.router.weightsType})
    if (type == DType::BF16)
      return 2e-2;
  return 1e-5;
}

static WeightRole roleOf(reference::Weight weight) {
  switch (weight) {
  case reference::Weight::Router:
    return WeightRole::Router;
  case reference::Weight::RouterBias:
    return WeightRole::RouterBias;
  case reference::Weight::SelectionBias:
    return WeightRole::SelectionBias;
  case reference::Weight::ExpertGate:
    return WeightRole::ExpertGate;
  case reference::Weight::ExpertUp:
    return WeightRole::ExpertUp;
  case reference::Weight::ExpertDown:
    return WeightRole::ExpertDown;
  case reference::Weight::SharedGate:
    return WeightRole::SharedGate;
  case reference::Weight::SharedUp:
    return WeightRole::SharedUp;
  case reference::Weight::SharedDown:
    return WeightRole::SharedDown;
  case reference::Weight::SharedScale:
    return WeightRole::SharedScale;
  case reference::Weight::ExpertGateBias:
    return WeightRole::ExpertGateBias;
  case reference::Weight::ExpertUpBias:
    return WeightRole::ExpertUpBias;
  case reference::Weight::ExpertDownBias:
    return WeightRole::ExpertDownBias;
  }
  return WeightRole::Router;
}

static const WeightName *nameOfWeight(const Layer &layer, WeightRole role) {
  for (const WeightName &weight : layer.weights)
    if (weight.role == role)
      return &weight;
  return nullptr;
}

namespace {
struct LookupFailure : std::exception {
  explicit LookupFailure(Status status) : status(std::move(status)) {}
  Status status;
};

/// Gives the reference its weights as dense matrices.
class ReferenceWeights {
public:
  ReferenceWeights(const Layer &layer, WeightSource &source) : layer(layer), source(source) {}
  reference::Tensor find(reference::Weight weight, size_t expert);

private:
  const Layer &layer;
  WeightSource &source;
  std::string lastName; ///< of `view`: a tensor may hold the weights of many experts
  TensorView view;
  std::vector<std::byte> dense;
};
} // namespace

reference::Tensor ReferenceWeights::find(reference::Weight weight, size_t expert) {
  constexpr std::string_view placeholder = "{expert}";
  const WeightName *known = nameOfWeight(layer, roleOf(weight));
  if (!known)
    throw LookupFailure(internalError("the module names no weight of role ",
                                      static_cast<uint32_t>(roleOf(weight))));
  std::string name = known->name;
  if (size_t at = name.find(placeholder); at != name.npos)
    name.replace(at, placeholder.size(), concat(expert));
  if (name != lastName) {
    lastName.clear();
    Result<TensorView> found = source.find(name);
    if (!found)
      throw LookupFailure(found.status());
    view = *found;
    lastName = name;
  }
  reference::Type type = view.type == ElementType::BF16  ? reference::Type::BF16
                         : view.type == ElementType::F16 ? reference::Type::F16
                                                         : reference::Type::F32;
  size_t size = type == reference::Type::F32 ? 4 : 2;
  WeightView place = viewOf(*known, layer, static_cast<uint32_t>(expert));
  const uint8_t *first = view.bytes.data() + place.first * size;
  if (place.isDense())
    return {first, type};
  dense.resize(place.rows * place.columns * size);
  for (uint64_t row = 0; row < place.rows; ++row)
    for (uint64_t column = 0; column < place.columns; ++column)
      std::memcpy(dense.data() + (row * place.columns + column) * size,
                  first + (row * place.rowStep + column * place.columnStep) * size, size);
  return {dense.data(), type};
}

/// The rank on which each token's choice of an expert runs: copies of an expert take
/// turns over a source's tokens, beginning with the source's number.
static std::function<size_t(size_t, size_t)> ownerOf(const Manifest &manifest,
                                                     const Tokens &tokens) {
  std::vector<std::vector<size_t>> homes(manifest.layer.experts);
  for (size_t rank = 0; rank < manifest.placement.slots.size(); ++rank)
    for (uint32_t expert : manifest.placement.slots[rank])
      homes[expert].push_back(rank);
  return [homes = std::move(homes), perRank = tokens.perRank](size_t token, size_t expert) {
    size_t source = 0;
    for (; token >= static_cast<size_t>(perRank[source]); ++source)
      token -= static_cast<size_t>(perRank[source]);
    return homes[expert][(token + source) % homes[expert].size()];
  };
}

reference::Sums sumsOf(const Module &module, const Tokens &tokens) {
  switch (module.plan().sumTree) {
  case plan::SumTree::Rows:
    break;
  case plan::SumTree::RankPartial:
    return {ownerOf(module.manifest(), tokens), 0};
  case plan::SumTree::NodePartial:
    return {ownerOf(module.manifest(), tokens), module.plan().lanes()};
  }
  return {};
}

Result<CheckReport> checkResults(const Module &module, const Tokens &tokens, WeightSource &source,
                                 const Results &results, const Terminal &terminal) {
  const Layer &layer = module.manifest().layer;
  Progress progress(terminal, "checking: expert rows of the reference");
  auto start = std::chrono::steady_clock::now();
  reference::Tensor input = {tokens.bytes.data(), tokens.type == ElementType::BF16
                                                      ? reference::Type::BF16
                                                      : reference::Type::F32};
  reference::Result expected;
  ReferenceWeights weights(layer, source);
  try {
    expected = reference::run(
        toReference(layer), input, tokens.count,
        [&](reference::Weight weight, size_t expert) { return weights.find(weight, expert); }, 0,
        [&](size_t done, size_t of) { progress.update(done, of); }, sumsOf(module, tokens));
  } catch (const LookupFailure &failure) {
    return failure.status;
  } catch (const std::invalid_argument &error) {
    return internalError("the reference refuses the layer: ", error.what());
  }
  CheckReport report;
  report.comparison = reference::compare(
      expected, {results.output.data(), results.indices.data(), results.weights.data()});
  report.tolerance = toleranceOf(layer);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (report.comparison.mismatches) {
    size_t slot = report.comparison.firstToken * expected.topK + report.comparison.firstSlot;
    report.wantedExpert = expected.indices[slot];
    report.foundExpert = results.indices[slot];
  }
  return report;
}

} // namespace moec::run
