//===- KernelSets.h - Makers of the kernel sets -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each may be called only on a machine that has what its name says.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_GEMM_KERNELSETS_H
#define MOEC_RUNTIME_BACKENDS_CPU_GEMM_KERNELSETS_H

#include "runtime/backends/cpu/gemm/Kernels.h"

namespace moec::rt::cpu {

/// How rows and weights meet.
enum class Scheme {
  F32,       ///< f32 rows, f32 weights
  WidenBF16, ///< f32 rows, bf16 weights made f32 on the way
  DotBF16,   ///< bf16 rows and weights, two depths an instruction
};
/// Of a pair of depths in a bf16 panel.
enum class Part { All, Even, Odd };

std::unique_ptr<KernelSet> makeAvx512Kernels(DType weightsType);
std::unique_ptr<KernelSet> makeAvx2Kernels(DType weightsType);
/// bf16 rows and weights.
std::unique_ptr<KernelSet> makeAvx512Bf16Kernels();
std::unique_ptr<KernelSet> makeAmxKernels();
/// Asks the system for the tile registers, once a process; false: not to be had.
bool enableAmx();
std::unique_ptr<KernelSet> makePortableKernels(DType weightsType);

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_GEMM_KERNELSETS_H
