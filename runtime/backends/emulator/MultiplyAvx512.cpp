//===- MultiplyAvx512.cpp - The sum of one wgmma ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Multiply.h"

#include <cstring>

#define MOEC_VECTOR_BYTES 64
#define MOEC_MULTIPLY multiplyAvx512
#include "runtime/backends/emulator/Multiply.inc"
