//===- Check.cpp - A run beside the independent reference -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Check.h"

#include "runtime/module/Homes.h"
#include "runtime/module/WeightRoles.h"
#include "runtime/tools/LayerReference.h"
#include "runtime/tools/Progress.h"

#include <chrono>
#include <cstring>
#include <exception>
#include <functional>
#include <stdexcept>

namespace moec::run {

using namespace rt;

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
  const WeightName *known = nameOfWeight(layer, fromReference(weight));
  if (!known)
    throw LookupFailure(internalError("the module names no weight of role ",
                                      static_cast<uint32_t>(fromReference(weight))));
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

/// The rank on which each token's choice of an expert runs.
static std::function<size_t(size_t, size_t)> ownerOf(const Manifest &manifest,
                                                     const Tokens &tokens) {
  AllHomes homes(manifest.placement, manifest.layer.experts);
  return [homes = std::move(homes), perRank = tokens.perRank](size_t token, size_t expert) {
    uint32_t source = 0;
    for (; token >= static_cast<size_t>(perRank[source]); ++source)
      token -= static_cast<size_t>(perRank[source]);
    return size_t(homeOf(homes.of(source)[expert], uint32_t(token), source).rank);
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
  case plan::SumTree::Switch:
    return {ownerOf(module.manifest(), tokens), 0, /*roundsTotal=*/true};
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
