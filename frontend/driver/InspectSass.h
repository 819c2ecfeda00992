//===- InspectSass.h - What kernels spend instructions on -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_INSPECTSASS_H
#define MOEC_FRONTEND_DRIVER_INSPECTSASS_H

#include "codegen/nvptx/sass/Mix.h"
#include "runtime/module/KernelsText.h"
#include "runtime/module/ModuleJson.h"

#include <span>
#include <string>

namespace moec::driver {

/// Machine code of one kernel, read back.
struct KernelSass {
  std::string listing;
  codegen::SassMix mix;
};

/// One entry a kernel. Unsupported where a kernel has no machine code, or where there
/// is no program that reads it.
rt::Result<std::vector<KernelSass>> readSass(std::span<const Kernel *const> kernels);

/// Instructions a block of the rings, and a tile outside of them.
std::vector<rt::KernelColumn> sassColumns(std::span<const KernelSass> sass);

/// Whether any of them has a ring of tensor core instructions.
bool hasRing(std::span<const KernelSass> sass);

/// Hand-written kernels as rows of the same table, and what ours are to reach; their
/// names begin with a star.
void addAnchors(KernelSet &shown, std::vector<rt::KernelColumn> &columns);

/// A row a ring of tensor core instructions: its instructions by kind, a column a kind.
std::string ringTable(std::span<const KernelSass> sass);

/// {"code_bytes", "math_per_block", .., "ring": {kind: count}, "loops": [..]}
rt::Json sassJson(const codegen::SassMix &mix);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_INSPECTSASS_H
