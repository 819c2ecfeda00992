//===- KernelCode.h - A kernel as host code ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_KERNELCODE_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_KERNELCODE_H

#include "runtime/backends/emulator/Sites.h"

#include <cstdint>
#include <string>

namespace moec::rt::emulator {

/// What the engine runs in every thread.
struct KernelCode {
  std::string name;
  void (*entry)(uint64_t table) = nullptr;
  uint32_t threads = 384;
  uint64_t sharedBytes = 0; ///< static and dynamic
  const SiteTable *sites = nullptr;
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_KERNELCODE_H
