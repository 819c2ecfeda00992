//===- KernelIr.h - The kernels of a module as IR ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_KERNELIR_H
#define MOEC_FRONTEND_DRIVER_KERNELIR_H

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>

namespace moec::driver {

/// The text of MLIR bytecode, with the places of the source.
rt::Result<std::string> printKernelIr(std::span<const uint8_t> bytecode);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_KERNELIR_H
