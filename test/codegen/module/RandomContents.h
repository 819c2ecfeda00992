//===- RandomContents.h - Right modules of every shape ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_CODEGEN_MODULE_RANDOMCONTENTS_H
#define MOEC_TEST_CODEGEN_MODULE_RANDOMCONTENTS_H

#include "runtime/module/Contents.h"

namespace moec::test {

/// Contents that pass every check; each field takes each kind of value for some seed.
ModuleContents randomContents(uint32_t seed);

} // namespace moec::test

#endif // MOEC_TEST_CODEGEN_MODULE_RANDOMCONTENTS_H
