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

std::unique_ptr<KernelSet> makeAvx512Kernels(DType weightsType);
std::unique_ptr<KernelSet> makeAvx2Kernels(DType weightsType);
std::unique_ptr<KernelSet> makePortableKernels(DType weightsType);

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_GEMM_KERNELSETS_H
