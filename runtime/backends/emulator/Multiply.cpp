//===- Multiply.cpp - The sum of one wgmma ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Multiply.h"

namespace moec::rt::emulator {

using Multiply = void(const Operands &, float *const *, uint32_t, bool);
Multiply multiplyPortable, multiplyAvx2, multiplyAvx512;

static Multiply *pick() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return multiplyAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return multiplyAvx2;
#endif
  return multiplyPortable;
}

void multiply(const Operands &operands, float *const *accumulators, uint32_t n, bool isAdding) {
  static Multiply *const best = pick();
  best(operands, accumulators, n, isAdding);
}

} // namespace moec::rt::emulator
