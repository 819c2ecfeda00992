//===- StageRun.h - Stages of a step on the emulator ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What tests of single stages share: a plan as the scheduler makes it, each stage as a
// kernel of its own, and the session's device memory, which the tests fill and read.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PASSES_FUSION_STAGES_STAGERUN_H
#define MOEC_TEST_PASSES_FUSION_STAGES_STAGERUN_H

#include "passes/fusion/Step.h"
#include "passes/fusion/stages/StageBuilder.h"
#include "runtime/backends/kernels/ArgumentBlocks.h"
#include "runtime/backends/kernels/DeviceMemory.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace moec::stages {

/// Numbers of the plan's buffers and flags.
enum Buffers : uint32_t { Tokens, Routes, Packed, Received, Records, Rows, Returned, Shared, Out };
enum Flags : uint32_t { RowsFlag, ReturnedFlag };

/// Fails the running test, and throws, where `status` is an error.
void need(const rt::Status &status, const std::string &what);

/// A bf16 value, rounded to nearest even, and back.
uint16_t bf16Of(float value);
float floatOf(uint16_t bf16);

/// Of a layer on some ranks.
struct StageShape {
  std::string name; ///< of the case
  Layer layer;
  uint32_t ranks = 1, depth = 1, topK = 1;
};

class StageRun {
public:
  explicit StageRun(const StageShape &shape);

  uint64_t buffer(uint32_t rank, uint32_t number) const { return memory->buffer(rank, number); }
  uint64_t flag(uint32_t rank, uint32_t number) const;
  uint64_t workspace(uint32_t rank, const std::string &name) const;
  uint64_t state(uint32_t rank) const { return memory->state(rank); }
  template <typename T> std::vector<T> read(uint64_t address, size_t count) {
    std::vector<T> values(count);
    copyOut(values.data(), address, count * sizeof(T));
    return values;
  }
  template <typename T> void write(uint64_t address, const std::vector<T> &values) {
    copyIn(address, values.data(), values.size() * sizeof(T));
  }

  fusion::Step step;

protected:
  // All of these fail the running test, and throw, where something went wrong.

  /// `build` adds its kernels to a module, one call of `make` each.
  using Stage = std::function<llvm::LogicalResult(fusion::KernelBuilder &)>;
  using MakeKernel = std::function<void(const char *, const Stage &)>;
  void makeKernels(const std::function<void(const MakeKernel &)> &build);
  /// Memory, weights and arguments of the kernels, for the placement and the weights
  /// that the manifest names.
  using FindWeight = std::function<rt::Status(const std::string &, moec_tensor &)>;
  void open(std::unique_ptr<rt::Device> device, uint32_t maxTokens, const FindWeight &find);
  /// The rank's block: it has done `epoch` - 1 steps and brings so many tokens.
  void writeState(uint32_t rank, uint32_t maxTokens, uint32_t tokens, uint32_t epoch);
  void launch(const std::string &kernel, uint32_t ctas);
  void synchronize();

  std::string name;
  Manifest manifest;
  plan::Plan plan;
  std::unique_ptr<rt::Device> device;
  std::unique_ptr<rt::DeviceMemory> memory;

private:
  void makePlan(const StageShape &shape);
  void copyIn(uint64_t address, const void *from, size_t bytes);
  void copyOut(void *to, uint64_t address, size_t bytes);

  KernelSet kernels;
  std::unique_ptr<rt::DeviceWeights> weights;
  rt::DeviceAllocation owners;
  std::map<std::string, rt::DeviceAllocation> tables; ///< by kernel
};

} // namespace moec::stages

#endif // MOEC_TEST_PASSES_FUSION_STAGES_STAGERUN_H
