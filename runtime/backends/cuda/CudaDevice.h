//===- CudaDevice.h - A GPU that runs kernels -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CUDA_CUDADEVICE_H
#define MOEC_RUNTIME_BACKENDS_CUDA_CUDADEVICE_H

#include "runtime/backends/cuda/Driver.h"
#include "runtime/backends/kernels/Device.h"

#include <chrono>
#include <map>
#include <memory>

namespace moec::rt::cuda {

/// Uses the primary context, as CUDA's runtime does, and leaves the thread's current
/// context as it was.
class CudaDevice final : public Device {
public:
  /// `patience`: how long synchronize() waits for kernels that do not end.
  static Result<std::unique_ptr<CudaDevice>> create(const Driver &driver, int ordinal,
                                                    std::chrono::seconds patience);
  ~CudaDevice() override;

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
  struct Loaded {
    Library library = nullptr;
    Function function = nullptr;
  };

  CudaDevice(const Driver &driver, std::chrono::seconds patience)
      : driver(driver), patience(patience) {}
  Status open(int ordinal);
  Status checkArch(const std::string &arch);
  Result<int> attribute(DeviceAttribute attribute);
  Status loadKernel(const Kernel &kernel, Loaded &loaded);
  Status loadPtx(const Kernel &kernel, Library &library);
  /// Marks the end of launch number `launches`, or the begin of the first.
  Status mark();
  Status measure();
  Error waitForStream();

  Driver driver;
  std::chrono::seconds patience;
  DeviceNumber device = 0;
  std::string deviceName;
  Context context = nullptr;
  Stream stream = nullptr;
  uint32_t multiprocessors = 1;
  bool isLost = false; ///< a kernel runs on: nothing can be freed
  const KernelSet *kernels = nullptr;
  std::vector<Loaded> loaded;
  std::map<uint64_t, Address> allocations; ///< aligned address -> the driver's
  std::vector<Event> events;
  size_t marks = 0; ///< events recorded since the last synchronize
  std::vector<double> seconds;
};

} // namespace moec::rt::cuda

#endif // MOEC_RUNTIME_BACKENDS_CUDA_CUDADEVICE_H
