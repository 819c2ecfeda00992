//===- KernelSession.h - A session of generated kernels ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All ranks of a plan on one device, each with memory of its own; a launch runs all
// of them. What a kernel does is nowhere known here: the table of kernels says what
// it takes, and the session makes it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_KERNELS_KERNELSESSION_H
#define MOEC_RUNTIME_BACKENDS_KERNELS_KERNELSESSION_H

#include "runtime/backends/Backend.h"
#include "runtime/backends/kernels/DeviceMemory.h"
#include "runtime/backends/kernels/DeviceWeights.h"

#include <memory>
#include <optional>

namespace moec::rt {

inline constexpr uint64_t defaultDeadlineNs = 10'000'000'000;

class KernelSession final : public BackendSession {
public:
  /// `deadlineNs`: how long a kernel waits for one flag before it gives up.
  static Result<std::unique_ptr<KernelSession>> create(const ModuleParts &parts,
                                                       const SessionOptions &options,
                                                       std::unique_ptr<Device> device,
                                                       uint64_t deadlineNs = defaultDeadlineNs);

  Status loadWeights(const WeightLookup &lookup) override;
  Status step(std::span<const moec_rank_io> io) override;
  const StepReport &report() const override { return lastReport; }

private:
  KernelSession(const ModuleParts &given, std::unique_ptr<Device> device, uint64_t deadlineNs);

  Status prepare(uint32_t wantedCapacity);
  /// Makes memory for `maxTokens` a rank, in the state before the first step.
  Status reserve(uint32_t maxTokens);
  Status fillMemory();
  Status writeState(uint32_t rank);
  Status chooseGrid();

  Status run(std::span<const moec_rank_io> io);
  Status copyIn(uint32_t rank, const moec_rank_io &io);
  Status launchAll(uint64_t tokens);
  Status checkStates();
  std::string describeExpiry(uint32_t rank, const RankState &state) const;
  Status copyOut(uint32_t rank, const moec_rank_io &io);
  Status fillReport(std::span<const moec_rank_io> io);

  Manifest manifest;
  plan::Plan plan;
  KernelSet kernels;
  ModuleParts parts = {manifest, plan, kernels}; ///< of this object's own copies
  std::unique_ptr<Device> device;                ///< outlives all memory below
  uint64_t deadlineNs;
  bool mayGrow = false;
  uint32_t ctasPerRank = 1;
  uint32_t deviceSteps = 0; ///< since the memory was made
  Status failure;           ///< of an earlier step
  std::vector<uint64_t> pitches;
  uint32_t input = 0, output = 0, route = 0; ///< buffers of the plan
  std::optional<DeviceWeights> weights;
  DeviceAllocation placement;
  uint64_t placementStride = 0; ///< of ArgumentObjects
  std::optional<DeviceMemory> memory;
  std::vector<DeviceAllocation> tables; ///< argument blocks, by kernel
  std::vector<std::byte> staging;
  StepReport lastReport;
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_KERNELS_KERNELSESSION_H
