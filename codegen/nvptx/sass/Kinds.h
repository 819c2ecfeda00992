//===- Kinds.h - Kinds of machine instructions -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_SASS_KINDS_H
#define MOEC_CODEGEN_NVPTX_SASS_KINDS_H

#include "codegen/nvptx/sass/Mix.h"

namespace moec::codegen {

SassKind kindOf(const sass::Instruction &instruction);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_SASS_KINDS_H
