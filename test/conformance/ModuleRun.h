//===- ModuleRun.h - A layer as a module, run over the C ABI ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_CONFORMANCE_MODULERUN_H
#define MOEC_TEST_CONFORMANCE_MODULERUN_H

#include "moec/moec.hpp"
#include "runtime/module/Manifest.h"
#include "test/conformance/LayerData.h"

namespace moec::test {

/// How tokens travel, and what comes back: rows, or the sum that a switch makes.
enum class Exchange : uint8_t { Direct, Multicast, Switch };

/// Where the experts are and how the plan is made.
struct Arrangement {
  Placement placement;
  uint32_t depth = 1;
  uint32_t window = 4;
  uint32_t maxTokensPerRank = 0; ///< of the module
  Exchange exchange = Exchange::Direct;
};

/// Expert e on rank e mod ranks.
Placement roundRobinPlacement(uint32_t experts, uint32_t ranks);
/// Every expert on one rank, at random.
Placement randomPlacement(uint32_t experts, uint32_t ranks, uint64_t seed);
/// Every expert on `copies` ranks, from e mod ranks on.
Placement replicatedPlacement(uint32_t experts, uint32_t ranks, uint32_t copies);

/// The bytes of a .moex file.
/// A module with a plan and no kernels.
std::vector<uint8_t> moduleBytes(const Layer &layer, const Arrangement &arrangement);

/// The same with kernels: compiled here where this binary has the compiler
/// (CompiledModule.cpp), else read from the folder MOEC_CONFORMANCE_MODULES
/// (StoredModule.cpp), into which the other one wrote it.
std::vector<uint8_t> kernelModule(const Layer &layer, const Arrangement &arrangement);

/// Name of that file: says which layer and arrangement the module is for.
std::string moduleFileName(const Layer &layer, const Arrangement &arrangement);

/// A session with its weights loaded, and the steps that it runs.
class ModuleRun {
public:
  ModuleRun(const LayerData &data, const Arrangement &arrangement, const Session::Options &options);

  /// The tokens of `data` (which may be of another number than before) in one step.
  LayerOutput step(const LayerData &data, const Shares &shares);
  LayerOutput step(const LayerData &data);
  Session &session() { return opened; }

private:
  Module module;
  Session opened;
};

} // namespace moec::test

#endif // MOEC_TEST_CONFORMANCE_MODULERUN_H
