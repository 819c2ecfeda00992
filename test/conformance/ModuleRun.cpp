//===- ModuleRun.cpp - A layer as a module, run over the C ABI -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/ModuleRun.h"

#include "codegen/module/ModuleWriter.h"
#include "runtime/base/Hash.h"
#include "test/conformance/SwitchPlan.h"
#include "test/runtime/module/Sample.h"

#include <cstdlib>
#include <random>

namespace moec::test {

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
  if (arrangement.exchange != Exchange::Direct)
    contents.plan = withSwitch(contents.plan, arrangement.exchange == Exchange::Switch);
  auto bytes = codegen::encodeModule(contents);
  if (!bytes.ok())
    throw Error(MOEC_INTERNAL, bytes.status().message());
  return *bytes;
}

std::string moduleFileName(const Layer &layer, const Arrangement &arrangement) {
  std::vector<uint8_t> bytes = moduleBytes(layer, arrangement);
  return rt::formatHash(rt::hash128(bytes)) + ".moex";
}

static Module openSample(const Layer &layer, const Arrangement &arrangement,
                         const std::string &backend) {
  bool isPlain = backend == "cpu" && !std::getenv("MOEC_CONFORMANCE_SAVE");
  std::vector<uint8_t> bytes =
      isPlain ? moduleBytes(layer, arrangement) : kernelModule(layer, arrangement);
  return Module(std::as_bytes(std::span(bytes)), "sample.moex");
}

ModuleRun::ModuleRun(const LayerData &data, const Arrangement &arrangement,
                     const Session::Options &options)
    : module(openSample(data.layer(), arrangement, options.backend)), opened(module, options) {
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
  StepMemory memory(data, shares);
  opened.step(memory.io);
  return std::move(memory.result);
}

} // namespace moec::test
