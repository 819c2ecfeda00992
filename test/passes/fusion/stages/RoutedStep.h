//===- RoutedStep.h - Runs route, dispatch and reduce -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages that route, send and add, each a kernel of its own, on the emulator. In
// place of the experts the host writes the rows that come back. The device memory is
// the session's; what lies in it is read here by what the headers say.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PASSES_FUSION_STAGES_ROUTEDSTEP_H
#define MOEC_TEST_PASSES_FUSION_STAGES_ROUTEDSTEP_H

#include "passes/fusion/Step.h"
#include "runtime/backends/kernels/ArgumentBlocks.h"
#include "runtime/backends/kernels/DeviceMemory.h"

#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace moec::stages {

/// Numbers of the plan's buffers and flags.
enum Buffers : uint32_t { Tokens, Routes, Packed, Received, Records, Rows, Returned, Shared, Out };
enum Flags : uint32_t { RowsFlag, ReturnedFlag };

struct RoutedCase {
  std::string name;
  Layer layer;
  uint32_t ranks = 1;
  std::vector<uint32_t> tokens; ///< of each rank
  uint32_t maxTokens = 16;
  uint32_t depth = 1;
  uint32_t ctas = 2; ///< of a rank
  Placement placement;
  uint64_t seed = 1;
};

/// What GoogleTest prints of a case.
inline void PrintTo(const RoutedCase &routed, std::ostream *out) { *out << routed.name; }

/// Experts in a row over the ranks, the first ranks one more where it does not divide.
Placement evenPlacement(uint32_t experts, uint32_t ranks);

class RoutedStep {
public:
  explicit RoutedStep(const RoutedCase &routed);
  ~RoutedStep();

  // Both fail the running test, and throw, where something went wrong.
  void launch(const std::string &kernel);
  /// Waits for the launches of a step: for the emulator what peers wrote before is
  /// gone with it.
  void finish();

  /// Rank's token rows [tokens][hidden], the router [experts][hidden], biases, ws.
  std::vector<std::vector<float>> x;
  std::vector<float> router, routerBias, selectionBias, sharedScale;
  uint32_t epoch = 1;

  // Device memory.
  uint64_t buffer(uint32_t rank, uint32_t number) const { return memory->buffer(rank, number); }
  uint64_t flag(uint32_t rank, uint32_t number) const;
  uint64_t workspace(uint32_t rank, const std::string &name) const;
  uint64_t state(uint32_t rank) const { return memory->state(rank); }
  uint64_t chosenExperts(uint32_t rank) const { return memory->chosenExperts(rank); }
  uint64_t chosenWeights(uint32_t rank) const { return memory->chosenWeights(rank); }
  template <typename T> std::vector<T> read(uint64_t address, size_t count) {
    std::vector<T> values(count);
    copyOut(values.data(), address, count * sizeof(T));
    return values;
  }
  template <typename T> void write(uint64_t address, const std::vector<T> &values) {
    copyIn(address, values.data(), values.size() * sizeof(T));
  }

  /// Writes the tokens of a step; the numbers of tokens are those of the case.
  void writeTokens();
  const RoutedCase &routed;
  fusion::Step step;

private:
  void makePlan();
  void makeKernels();
  void fillWeights();
  void copyIn(uint64_t address, const void *from, size_t bytes);
  void copyOut(void *to, uint64_t address, size_t bytes);

  Manifest manifest;
  plan::Plan plan;
  KernelSet kernels;
  std::unique_ptr<rt::Device> device;
  std::unique_ptr<rt::DeviceMemory> memory;
  std::unique_ptr<rt::DeviceWeights> weights;
  rt::DeviceAllocation owners;
  std::map<std::string, rt::DeviceAllocation> tables; ///< by kernel
};

} // namespace moec::stages

#endif // MOEC_TEST_PASSES_FUSION_STAGES_ROUTEDSTEP_H
