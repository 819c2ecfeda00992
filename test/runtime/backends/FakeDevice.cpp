//===- FakeDevice.cpp - A device that a test can look into -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/FakeDevice.h"

#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>

namespace moec::test {

using rt::Result;
using rt::Status;

const KernelArg &FakeBlock::arg(const std::string &name) const {
  for (const KernelArg &arg : kernel.args)
    if (arg.name == name)
      return arg;
  ADD_FAILURE() << "no argument " << name;
  return kernel.args[0];
}

uint64_t FakeBlock::value(const std::string &name) const {
  uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const char *>(address) + arg(name).offset, sizeof(value));
  return value;
}

rt::TensorMapRequest FakeBlock::view(const std::string &name) const {
  rt::TensorMapRequest request;
  std::memcpy(&request, reinterpret_cast<const char *>(address) + arg(name).offset,
              sizeof(request));
  return request;
}

uint64_t FakeState::find(const std::string &name, uint32_t owner) const {
  for (const auto &[address, allocation] : allocations)
    if (allocation.name == name && allocation.owner == owner)
      return address;
  return 0;
}

FakeDevice::~FakeDevice() {
  EXPECT_TRUE(state.allocations.empty()) << state.allocations.size() << " allocations are left";
}

Status FakeDevice::load(const KernelSet &kernels) {
  state.kernels = &kernels;
  return {};
}

Result<uint32_t> FakeDevice::residentCtas(uint32_t kernel) { return state.resident + kernel; }

Result<uint64_t> FakeDevice::allocate(uint64_t bytes, rt::MemoryKind kind, uint32_t owner,
                                      const std::string &name) {
  if (bytes > uint64_t(1) << 30)
    return rt::unsupportedError("out of device memory");
  void *memory = std::aligned_alloc(1024, (bytes + 1023) / 1024 * 1024);
  std::memset(memory, 0, bytes);
  uint64_t address = reinterpret_cast<uint64_t>(memory);
  state.allocations[address] = {bytes, kind, owner, name};
  return address;
}

void FakeDevice::free(uint64_t address) {
  EXPECT_EQ(state.allocations.erase(address), 1u);
  std::free(reinterpret_cast<void *>(address));
}

Status FakeDevice::copyIn(uint64_t to, const void *from, uint64_t bytes) {
  if (bytes)
    std::memcpy(reinterpret_cast<void *>(to), from, bytes);
  return {};
}

Status FakeDevice::copyOut(void *to, uint64_t from, uint64_t bytes) {
  if (bytes)
    std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return {};
}

Status FakeDevice::encodeTensorMap(const rt::TensorMapRequest &request, void *map) {
  static_assert(sizeof(request) <= 128);
  EXPECT_EQ(reinterpret_cast<uint64_t>(map) % 64, 0u);
  std::memcpy(map, &request, sizeof(request));
  return {};
}

Status FakeDevice::launch(const rt::LaunchRequest &request) {
  state.launches.push_back(request);
  const Kernel &kernel = state.kernels->kernels[request.kernel];
  for (uint32_t rank = 0; state.onLaunch && rank < request.ranks; ++rank)
    state.onLaunch(kernel, FakeBlock(kernel, request.table, rank), rank);
  return {};
}

Status FakeDevice::synchronize() { return std::exchange(state.nextFailure, Status()); }

std::vector<double> FakeDevice::launchSeconds() {
  std::vector<double> seconds;
  for (; seen < state.launches.size(); ++seen)
    seconds.push_back(0.5 + state.launches[seen].kernel);
  return seconds;
}

} // namespace moec::test
