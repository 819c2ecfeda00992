//===- FakeCuda.h - A CUDA driver without a GPU -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A shared object with the functions of Driver.h. The test finds its state by the
// symbol `fakeCuda`, says what it should answer and sees what it was asked.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_BACKENDS_FAKECUDA_H
#define MOEC_TEST_RUNTIME_BACKENDS_FAKECUDA_H

#include "runtime/backends/cuda/Driver.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace moec::test {

struct FakeLaunch {
  std::string kernel;
  std::array<unsigned, 3> grid{}, block{};
  unsigned sharedBytes = 0;
  uint64_t parameter = 0;
};

struct FakeMap {
  rt::cuda::TensorType type{};
  uint32_t rank = 0;
  uint64_t base = 0;
  std::vector<uint64_t> dims, strides;
  std::vector<uint32_t> box;
  rt::cuda::TensorSwizzle swizzle{};
};

struct FakeCuda {
  // What it answers.
  int gpus = 1, major = 9, minor = 0, multiprocessors = 132, blocks = 1;
  bool isCooperative = true;
  rt::cuda::Error initError = 0, loadError = 0, launchError = 0, streamError = 0, mapError = 0;
  uint64_t freeBytes = 1 << 20;
  // What it was asked.
  std::vector<std::string> loaded; ///< first bytes of each library
  std::map<std::string, int> sharedBytes;
  std::vector<FakeLaunch> launches;
  std::vector<FakeMap> maps;
  int contexts = 0, current = 0, streams = 0, events = 0, libraries = 0;
  std::map<uint64_t, uint64_t> memory; ///< bytes of each allocation
};

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_BACKENDS_FAKECUDA_H
