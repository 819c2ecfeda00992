//===- KernelSets.cpp - Which kernels this machine runs --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/gemm/KernelSets.h"

#include "runtime/backends/cpu/gemm/SelfTest.h"

#include <cstdlib>
#include <cstring>

namespace moec::rt::cpu {

#if defined(__x86_64__)
static void addSetsOfX86(DType tokensType, DType weightsType,
                         std::vector<std::unique_ptr<KernelSet>> &sets) {
  __builtin_cpu_init(); // looks at what the system saves, too
  bool hasAvx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  bool isBF16 = tokensType == DType::BF16 && weightsType == DType::BF16;
  // The rarer ones prove themselves first: a hypervisor or an emulator may promise too much.
  auto addIfItWorks = [&](std::unique_ptr<KernelSet> set) {
    if (selfTest(*set, tokensType).empty())
      sets.push_back(std::move(set));
  };
  if (isBF16 && hasAvx512 && enableAmx())
    addIfItWorks(makeAmxKernels());
  if (isBF16 && hasAvx512 && __builtin_cpu_supports("avx512bf16"))
    addIfItWorks(makeAvx512Bf16Kernels());
  if (hasAvx512)
    sets.push_back(makeAvx512Kernels(weightsType));
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.push_back(makeAvx2Kernels(weightsType));
}
#endif

std::vector<std::unique_ptr<KernelSet>> allKernelSets(DType tokensType, DType weightsType) {
  std::vector<std::unique_ptr<KernelSet>> sets;
#if defined(__x86_64__)
  addSetsOfX86(tokensType, weightsType, sets);
#endif
  sets.push_back(makePortableKernels(weightsType));
  return sets;
}

std::unique_ptr<KernelSet> makeKernelSet(DType tokensType, DType weightsType) {
  std::vector<std::unique_ptr<KernelSet>> sets = allKernelSets(tokensType, weightsType);
  if (const char *wanted = std::getenv("MOEC_CPU_KERNELS"))
    for (std::unique_ptr<KernelSet> &set : sets)
      if (!std::strcmp(set->name(), wanted))
        return std::move(set);
  return std::move(sets.front());
}

} // namespace moec::rt::cpu
