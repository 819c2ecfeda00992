//===- CheckKernels.h - Do the kernels fit the rest of the module? -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_CHECKKERNELS_H
#define MOEC_RUNTIME_MODULE_CHECKKERNELS_H

#include "runtime/base/Where.h"
#include "runtime/module/Contents.h"

namespace moec::rt {

/// The first breach of the rules of kernels.fbs, or nothing where the module has no
/// kernels. Manifest and plan have passed their own checks.
Status checkKernels(const ModuleContents &contents);

/// The arguments of one kernel: what they refer to, and that they lie in the block
/// without overlap.
Status checkKernelArgs(const ModuleContents &contents, const Kernel &kernel, const Where &where);

/// A size of that form can be evaluated for any capacity without surprises.
Status checkExtent(const Extent &extent, const Where &where);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_CHECKKERNELS_H
