//===- FakeDevice.h - A device that a test can look into --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Device memory is host memory, so sanitizers see what leaves it; a tensor map is
// the request for it; a launch calls the test once a rank.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_BACKENDS_FAKEDEVICE_H
#define MOEC_TEST_RUNTIME_BACKENDS_FAKEDEVICE_H

#include "runtime/backends/kernels/Device.h"

#include <functional>
#include <map>
#include <vector>

namespace moec::test {

struct FakeAllocation {
  uint64_t bytes = 0;
  rt::MemoryKind kind = rt::MemoryKind::Local;
  uint32_t owner = 0;
  std::string name;
};

/// One rank's block of a launch, seen by the names of the arguments.
class FakeBlock {
public:
  FakeBlock(const Kernel &kernel, uint64_t table, uint32_t rank)
      : kernel(kernel), address(table + uint64_t(rank) * kernel.argBytes) {}

  uint64_t value(const std::string &name) const;
  template <typename T> T *pointer(const std::string &name) const {
    return reinterpret_cast<T *>(value(name));
  }
  rt::TensorMapRequest view(const std::string &name) const;

private:
  const KernelArg &arg(const std::string &name) const;
  const Kernel &kernel;
  uint64_t address;
};

/// What the device holds and does; shared with the test, which outlives the session.
struct FakeState {
  const KernelSet *kernels = nullptr;
  std::map<uint64_t, FakeAllocation> allocations; ///< by address
  uint32_t resident = 12;
  std::vector<rt::LaunchRequest> launches;
  std::function<void(const Kernel &, const FakeBlock &, uint32_t rank)> onLaunch;
  rt::Status nextFailure; ///< of synchronize

  /// The address of the allocation of that name and owner; 0: none.
  uint64_t find(const std::string &name, uint32_t owner) const;
};

class FakeDevice final : public rt::Device {
public:
  explicit FakeDevice(FakeState &state) : state(state) {}
  ~FakeDevice() override;

  rt::Status load(const KernelSet &kernels) override;
  rt::Result<uint32_t> residentCtas(uint32_t kernel) override;
  rt::Result<uint64_t> allocate(uint64_t bytes, rt::MemoryKind kind, uint32_t owner,
                                const std::string &name) override;
  void free(uint64_t address) override;
  rt::Status copyIn(uint64_t to, const void *from, uint64_t bytes) override;
  rt::Status copyOut(void *to, uint64_t from, uint64_t bytes) override;
  rt::Status encodeTensorMap(const rt::TensorMapRequest &request, void *map) override;
  rt::Status launch(const rt::LaunchRequest &request) override;
  rt::Status synchronize() override;
  std::vector<double> launchSeconds() override;

private:
  FakeState &state;
  size_t seen = 0; ///< launches before the last synchronize
};

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_BACKENDS_FAKEDEVICE_H
