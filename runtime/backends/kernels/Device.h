//===- Device.h - What runs kernels ------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The line between a session that launches generated kernels and the device that
// runs them: a GPU through libcuda, or the emulator. All ranks of a session live on
// one device and reach each other's memory by address.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_KERNELS_DEVICE_H
#define MOEC_RUNTIME_BACKENDS_KERNELS_DEVICE_H

#include "runtime/base/Status.h"
#include "runtime/module/Kernels.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moec::rt {

/// What a piece of memory is for. The emulator names it in reports and holds
/// accesses against it.
enum class MemoryKind : uint8_t {
  Symmetric, ///< heap of one rank: peers write into it
  Local,     ///< buffers and workspaces of one rank
  Weights,   ///< read only for kernels
  Table,     ///< argument blocks, tensor maps, placement; read only for kernels
};

/// A tensor map with all numbers known, innermost dimension first.
struct TensorMapRequest {
  uint64_t base = 0; ///< device address, baseOffset included
  DType element = DType::BF16;
  uint32_t rank = 2;
  std::array<uint64_t, 5> dims{};
  std::array<uint64_t, 5> strides{}; ///< bytes; [0] unused
  std::array<uint32_t, 5> box{};
  uint32_t swizzle = 128;
};

struct LaunchRequest {
  uint32_t kernel = 0; ///< in the KernelSet
  uint32_t ctasPerRank = 1;
  uint32_t ranks = 1;
  uint64_t table = 0; ///< device address of the argument blocks
};

/// One thread at a time. Addresses are device addresses.
class Device {
public:
  virtual ~Device() = default;

  /// Makes the kernels ready; called once, before anything else. `kernels` outlives the device.
  virtual Status load(const KernelSet &kernels) = 0;
  /// CTAs with `sharedBytes` and `threads` that are resident at once.
  virtual Result<uint32_t> residentCtas(uint32_t kernel) = 0;

  /// Zeroed, aligned to 1024 bytes. `owner`: the rank it belongs to.
  virtual Result<uint64_t> allocate(uint64_t bytes, MemoryKind kind, uint32_t owner,
                                    const std::string &name) = 0;
  virtual void free(uint64_t address) = 0;
  virtual Status copyIn(uint64_t to, const void *from, uint64_t bytes) = 0;
  virtual Status copyOut(void *to, uint64_t from, uint64_t bytes) = 0;
  /// Writes the 128 bytes of a tensor map to host memory.
  virtual Status encodeTensorMap(const TensorMapRequest &request, void *map) = 0;

  /// Queues a launch behind all former work.
  virtual Status launch(const LaunchRequest &request) = 0;
  /// Waits for all work queued. A failure of a kernel is reported here.
  virtual Status synchronize() = 0;
  /// How long each launch ran that the last synchronize() waited for, in their order;
  /// empty where the device does not know.
  virtual std::vector<double> launchSeconds() { return {}; }
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_KERNELS_DEVICE_H
