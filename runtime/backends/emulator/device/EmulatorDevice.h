//===- EmulatorDevice.h - The emulator as a device --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Launches run at once, on the thread that asks for them. Built where LLVM is.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_DEVICE_EMULATORDEVICE_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_DEVICE_EMULATORDEVICE_H

#include "codegen/emulator/HostKernels.h"
#include "runtime/backends/emulator/Engine.h"
#include "runtime/backends/emulator/Refinement.h"
#include "runtime/backends/kernels/Device.h"

#include <memory>

namespace moec::rt::emulator {

struct DeviceOptions {
  uint64_t seed = 0; ///< of the first step; the next ones draw others from it
  uint32_t ctasPerRank = 2;
  bool refines = false; ///< holds every step against the plan
};

class EmulatorDevice final : public Device {
public:
  EmulatorDevice(plan::Plan plan, const DeviceOptions &options);

  Status load(const KernelSet &kernels) override;
  Result<uint32_t> residentCtas(uint32_t kernel) override;
  Result<uint64_t> allocate(uint64_t bytes, MemoryKind kind, uint32_t owner,
                            const std::string &name) override;
  void free(uint64_t address) override;
  Status copyIn(uint64_t to, const void *from, uint64_t bytes) override;
  Status copyOut(void *to, uint64_t from, uint64_t bytes) override;
  Status encodeTensorMap(const TensorMapRequest &request, void *map) override;
  Status launch(const LaunchRequest &request) override;
  Status synchronize() override;
  std::vector<double> launchSeconds() override { return seconds; }

private:
  void beginStep();
  void learnObjects(const Kernel &kernel, const LaunchRequest &request);
  Status checkStep();

  plan::Plan plan;
  DeviceOptions options;
  Memory memory;
  Engine engine;
  const KernelSet *kernels = nullptr;
  std::shared_ptr<const moec::emulator::HostKernels> code;
  std::vector<KernelCode> entries; ///< by kernel, with the shared memory that a launch asks for
  bool isWithinStep = false;
  uint64_t steps = 0;
  Status failure; ///< of a launch since the last synchronize
  std::vector<double> seconds, running;
  Trace trace;
  StepFacts facts;
  std::vector<uint64_t> states, routes; ///< addresses by rank; 0: no kernel has it
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_DEVICE_EMULATORDEVICE_H
