//===- KernelsText.h - Generated kernels for people ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_KERNELSTEXT_H
#define MOEC_RUNTIME_MODULE_KERNELSTEXT_H

#include "runtime/module/Kernels.h"
#include "runtime/plan/Plan.h"

#include <string>
#include <vector>

namespace moec::rt {

/// A column behind those of every table of kernels.
struct KernelColumn {
  std::string title;
  std::vector<std::string> cells; ///< one a kernel
};

/// A row a kernel: stages, tile, slots of the ring, what ptxas said of it.
std::string kernelTable(const KernelSet &kernels, const std::vector<KernelColumn> &more = {});

/// A row a launch: which kernel for how many rows of an expert, and its ops.
std::string launchTable(const KernelSet &kernels, const plan::Plan &plan);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_KERNELSTEXT_H
