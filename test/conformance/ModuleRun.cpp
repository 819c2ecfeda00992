//===- ModuleRun.cpp - A layer as a module, run over the C ABI -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/ModuleRun.h"

#include "codegen/module/ModuleWriter.h"
#include "test/runtime/module/Sample.h"

#include <random>

namespace moec::test {

Shares evenShares(uint32_t tokens, uint32_t ranks) {
  Shares shares;
  for (uint32_t rank = 0; rank < ranks; ++rank)
    shares.push_back(tokens / ranks + (rank < tokens % ranks));
  return shares;
}

Placement roundRobinPlacement(uint32_t experts, uint32_t ranks) {
  return replicatedPlacement(experts, ranks, 1);
}

Placement randomPlacement(uint32_t experts, uint32_t ranks, uint64_t seed) {
  std::mt19937_64 random(seed);
  Placement placement;
  placement.slots.resize(ranks);
  for (uint32_t expert = 0; expert < experts; ++expert)
    placement.slots[random() % ranks].push_back(expert);
  return placement;
}

Placement replicatedPlacement(uint32_t experts, uint32_t ranks, uint32_t copies) {
  Placement placement;
  placement.slots.resize(ranks);
  for (uint32_t expert = 0; expert < experts; ++expert)
    for (uint32_t copy = 0; copy < copies; ++copy)
      placement.slots[(expert + copy) % ranks].push_back(expert);
  return placement;
}

std::vector<uint8_t> moduleBytes(const Layer &layer, const Arrangement &arrangement) {
  uint32_t ranks = static_cast<uint32_t>(arrangement.placement.slots.size());
  ModuleContents contents = sampleContents(layer, ranks);
  contents.manifest.placement = arrangement.placement;
  contents.manifest.maxTokensPerRank = arrangement.maxTokensPerRank;
  contents.plan = directRowsPlan(layer, ranks, arrangement.depth, arrangement.window);
  auto bytes = codegen::encodeModule(contents);
  if (!bytes.ok())
    throw Error(MOEC_INTERNAL, bytes.status().message());
  return *bytes;
}

static Module openSample(const std::vector<uint8_t> &bytes) {
  return Module(std::as_bytes(std::span(bytes)), "sample.moex");
}

ModuleRun::ModuleRun(const LayerData &data, const Arrangement &arrangement,
                     const Session::Options &options)
    : module(openSample(moduleBytes(data.layer(), arrangement))), opened(module, options) {
  opened.loadWeights([&](const std::string &name) {
    moec_tensor tensor{};
    if (!data.find(name, tensor))
      throw Error(MOEC_INVALID, "no weight " + name);
    return tensor;
  });
}

LayerOutput ModuleRun::step(const LayerData &data) {
  return step(data, evenShares(data.tokens(), module.layer().ranks));
}

LayerOutput ModuleRun::step(const LayerData &data, const Shares &shares) {
  size_t hidden = data.layer().hidden, topK = data.layer().router.topK, tokens = data.tokens();
  LayerOutput result;
  result.output.assign(tokens * hidden, -1.f);
  result.weights.assign(tokens * topK, -1.f);
  result.indices.assign(tokens * topK, -1);
  std::vector<moec_rank_io> io;
  size_t first = 0;
  for (uint32_t share : shares) {
    io.push_back({data.input().data() + first * hidden, MOEC_F32, share,
                  result.output.data() + first * hidden, result.indices.data() + first * topK,
                  result.weights.data() + first * topK});
    first += share;
  }
  opened.step(io);
  return result;
}

} // namespace moec::test
