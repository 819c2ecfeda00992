//===- InspectKernels.h - The kernels of a module, for people ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_INSPECTKERNELS_H
#define MOEC_FRONTEND_DRIVER_INSPECTKERNELS_H

#include "runtime/module/Module.h"

#include <string>

namespace moec::driver {

/// What to show of the kernels.
enum class KernelView : uint8_t { Table, Ptx, Sass };

/// `only`: the name of a kernel; empty: all of them. A table counts instructions
/// where machine code can be read here; Sass is unsupported where it cannot.
rt::Result<std::string> showKernels(const rt::Module &module, KernelView view,
                                    const std::string &only, bool json);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_INSPECTKERNELS_H
