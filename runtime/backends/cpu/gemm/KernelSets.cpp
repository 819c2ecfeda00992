//===- KernelSets.cpp - Which kernels this machine runs --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/gemm/KernelSets.h"

#include <cstdlib>
#include <cstring>

namespace moec::rt::cpu {

std::vector<std::unique_ptr<KernelSet>> allKernelSets(DType weightsType) {
  std::vector<std::unique_ptr<KernelSet>> sets;
#if defined(__x86_64__)
  __builtin_cpu_init(); // checks that the system saves the registers, too
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    sets.push_back(makeAvx512Kernels(weightsType));
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.push_back(makeAvx2Kernels(weightsType));
#endif
  sets.push_back(makePortableKernels(weightsType));
  return sets;
}

std::unique_ptr<KernelSet> makeKernelSet(DType weightsType) {
  std::vector<std::unique_ptr<KernelSet>> sets = allKernelSets(weightsType);
  if (const char *wanted = std::getenv("MOEC_CPU_KERNELS"))
    for (std::unique_ptr<KernelSet> &set : sets)
      if (!std::strcmp(set->name(), wanted))
        return std::move(set);
  return std::move(sets.front());
}

} // namespace moec::rt::cpu
