//===- SelfTest.h - Does a kernel set work on this machine? -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_GEMM_SELFTEST_H
#define MOEC_RUNTIME_BACKENDS_CPU_GEMM_SELFTEST_H

#include "runtime/backends/cpu/gemm/Kernels.h"

#include <string>

namespace moec::rt::cpu {

/// Multiplies small matrices with a plain and a gated product: results must be near
/// those of plain loops, and bitwise the same for a row alone and among others.
/// Empty, or what is wrong. Less than a millisecond.
std::string selfTest(const KernelSet &kernels, DType tokensType);

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_GEMM_SELFTEST_H
