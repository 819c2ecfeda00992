//===- CudaDeviceTest.cpp - What the driver is asked -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cuda/CudaDevice.h"

#include "test/runtime/backends/FakeCuda.h"
#include "test/runtime/module/Sample.h"

#include <cstdlib>
#include <dlfcn.h>
#include <gtest/gtest.h>

namespace moec::test {
namespace {

using rt::Code;
using rt::MemoryKind;
using rt::Status;
using rt::cuda::CudaDevice;
using rt::cuda::Driver;

class CudaDeviceTest : public testing::Test {
protected:
  CudaDeviceTest()
      : fake(*static_cast<FakeCuda *>(
            dlsym(dlopen(MOEC_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL), "fakeCuda"))) {
    fake = FakeCuda();
    kernels = kernelContents().kernels;
  }
  ~CudaDeviceTest() override {
    device.reset();
    EXPECT_EQ(fake.current, 0) << "the thread's context is as it was";
    EXPECT_EQ(fake.contexts, leaked);
    EXPECT_EQ(fake.streams, leaked);
  }

  Status open(std::chrono::seconds patience = std::chrono::seconds(5)) {
    auto driver = Driver::open(MOEC_FAKE_CUDA);
    if (!driver)
      return driver.status();
    auto made = CudaDevice::create(*driver, 0, patience);
    if (!made)
      return made.status();
    device = *std::move(made);
    return device->load(kernels);
  }
  void openOk() {
    Status status = open();
    ASSERT_TRUE(status.ok()) << status.message();
  }

  FakeCuda &fake;
  KernelSet kernels;
  std::unique_ptr<CudaDevice> device;
  int leaked = 0;
};

TEST_F(CudaDeviceTest, LoadsMachineCodeOrPtx) {
  openOk();
  EXPECT_EQ(fake.loaded, (std::vector<std::string>{"// r", "uuuu", "uuuu"}));
  EXPECT_EQ(fake.sharedBytes["up128"], 200 << 10);
  device.reset();
  EXPECT_EQ(fake.libraries, 0);
}

TEST_F(CudaDeviceTest, ADriverThatIsNotThere) {
  Status status = Driver::open("libno-such-driver.so").status();
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_TRUE(status.message().starts_with(
      "wanted NVIDIA's driver on this machine, found none: libno-such-driver.so"))
      << status.message();
  status = Driver::open("libdl.so.2").status();
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_TRUE(status.message().starts_with("wanted a driver for CUDA 12.0 or newer, found one "))
      << status.message();
}

TEST_F(CudaDeviceTest, AGpuThatIsNotThere) {
  fake.initError = 100;
  EXPECT_EQ(open().message(),
            "wanted a GPU that is ready, found none: it was told to (CUDA_ERROR_FAKE)");
  fake.initError = 0;
  fake.gpus = 0;
  EXPECT_EQ(open().code(), Code::Unsupported);
}

TEST_F(CudaDeviceTest, AnotherArchitecture) {
  fake.major = 10;
  Status status = open();
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_EQ(status.message(),
            "wanted a GPU for kernels of sm_90a, found 'Fake GPU', which is sm_100");
  fake.major = 9;
  fake.minor = 1;
  EXPECT_FALSE(open().ok()) << "the letter wants exactly 9.0";
  kernels.arch = "sm_90";
  EXPECT_TRUE(open().ok());
  fake.minor = 0;
  kernels.arch = "sm_91";
  EXPECT_FALSE(open().ok());
}

TEST_F(CudaDeviceTest, WhatTheDriverSaysOfPtx) {
  fake.loadError = 218;
  EXPECT_EQ(open().message(), "kernel 'route': the driver cannot compile its PTX: it was told to "
                              "(CUDA_ERROR_FAKE): line 3: no such instruction");
}

TEST_F(CudaDeviceTest, MemoryIsZeroAndAligned) {
  openOk();
  auto memory = device->allocate(100, MemoryKind::Local, 0, "x");
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(*memory % 1024, 0u);
  std::vector<uint8_t> bytes(100, 1), wanted(100, 0);
  ASSERT_TRUE(device->copyOut(bytes.data(), *memory, 100).ok());
  EXPECT_EQ(bytes, wanted);
  wanted[7] = 9;
  ASSERT_TRUE(device->copyIn(*memory, wanted.data(), 100).ok());
  ASSERT_TRUE(device->copyOut(bytes.data(), *memory, 100).ok());
  EXPECT_EQ(bytes, wanted);
  device->free(*memory);
  EXPECT_TRUE(fake.memory.empty());
  Status status = device->allocate(1 << 21, MemoryKind::Weights, 3, "router").status();
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_EQ(status.message(), "'Fake GPU': wanted 2.0 MiB for 'router' of rank 3: memory: out of "
                              "memory (CUDA_ERROR_FAKE)");
}

TEST_F(CudaDeviceTest, TensorMapsArePassedOn) {
  openOk();
  rt::TensorMapRequest request;
  request.base = 4096;
  request.rank = 3;
  request.dims = {12, 128, 13};
  request.strides = {2, 32, 32};
  request.box = {8, 128, 1};
  alignas(64) uint8_t map[128] = {};
  ASSERT_TRUE(device->encodeTensorMap(request, map).ok());
  ASSERT_EQ(fake.maps.size(), 1u);
  EXPECT_EQ(fake.maps[0].type, rt::cuda::tensorBF16);
  EXPECT_EQ(fake.maps[0].dims, (std::vector<uint64_t>{12, 128, 13}));
  EXPECT_EQ(fake.maps[0].strides, (std::vector<uint64_t>{32, 32}));
  EXPECT_EQ(fake.maps[0].box, (std::vector<uint32_t>{8, 128, 1}));
  EXPECT_EQ(fake.maps[0].swizzle, rt::cuda::swizzle128);
  EXPECT_EQ(map[127], 0x7f);
  fake.mapError = 1;
  EXPECT_EQ(device->encodeTensorMap(request, map).message(),
            "12 x 2 B, box 8, 128 x 32 B, box 128, 13 x 32 B, box 1: the driver refuses the tensor "
            "map: it was told to (CUDA_ERROR_FAKE)");
}

TEST_F(CudaDeviceTest, LaunchesAreCooperativeAndTimed) {
  openOk();
  EXPECT_EQ(*device->residentCtas(2), 132u);
  for (int step = 0; step < 2; ++step) {
    ASSERT_TRUE(device->launch({2, 66, 2, 4096}).ok());
    ASSERT_TRUE(device->launch({0, 66, 2, 8192}).ok());
    ASSERT_TRUE(device->synchronize().ok());
    EXPECT_EQ(device->launchSeconds(), std::vector<double>(2, double(1.5f) * 1e-3));
  }
  EXPECT_EQ(fake.events, 3) << "events are used again";
  ASSERT_EQ(fake.launches.size(), 4u);
  const FakeLaunch &launch = fake.launches[0];
  EXPECT_EQ(launch.kernel, "up128");
  EXPECT_EQ(launch.grid, (std::array<unsigned, 3>{66, 1, 2}));
  EXPECT_EQ(launch.block, (std::array<unsigned, 3>{384, 1, 1}));
  EXPECT_EQ(launch.sharedBytes, 200u << 10);
  EXPECT_EQ(launch.parameter, 4096u);
  fake.launchError = rt::cuda::errorTooLarge;
  EXPECT_EQ(device->launch({2, 66, 2, 4096}).code(), Code::Unsupported);
}

TEST_F(CudaDeviceTest, AKernelThatFails) {
  openOk();
  ASSERT_TRUE(device->launch({2, 66, 2, 4096}).ok());
  fake.streamError = 700;
  EXPECT_EQ(device->synchronize().message(),
            "'Fake GPU': a kernel failed: it was told to (CUDA_ERROR_FAKE)");
}

TEST_F(CudaDeviceTest, AKernelThatDoesNotEnd) {
  ASSERT_TRUE(open(std::chrono::seconds(0)).ok());
  auto memory = device->allocate(100, MemoryKind::Local, 0, "x");
  ASSERT_TRUE(device->launch({2, 66, 2, 4096}).ok());
  fake.streamError = rt::cuda::errorNotReady;
  EXPECT_EQ(device->synchronize().message(), "'Fake GPU': a kernel has not ended after 0 s");
  device->free(*memory);
  EXPECT_EQ(fake.memory.size(), 1u) << "nothing is freed under a running kernel";
  rt::cuda::Address left = fake.memory.begin()->first;
  leaked = 1;
  std::free(reinterpret_cast<void *>(left - 256));
}

} // namespace
} // namespace moec::test
