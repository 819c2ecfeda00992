//===- KernelsReader.h - Decoding KRNL and the code of kernels -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_KERNELSREADER_H
#define MOEC_RUNTIME_MODULE_KERNELSREADER_H

#include "runtime/base/Status.h"
#include "runtime/module/Kernels.h"

#include <span>

namespace moec::rt {

/// Sections that are not there are empty.
struct KernelSections {
  std::span<const uint8_t> table; ///< KRNL; aligned to 8 bytes
  std::span<const uint8_t> ptx, cubin, ir;
};

/// Without a table: no kernels, and then no code either. Messages begin with the
/// name of a section. What is decoded is well-formed by itself; checkKernels() holds
/// it against the rest of the module.
Result<KernelSet> readKernels(const KernelSections &sections);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_KERNELSREADER_H
