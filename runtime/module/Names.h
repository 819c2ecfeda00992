//===- Names.h - Names of a module's enumerators ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For JSON and messages; where the .moe language has a word for it, that word. Each
// function covers every enumerator and returns nullptr for a number that names none.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_NAMES_H
#define MOEC_RUNTIME_MODULE_NAMES_H

#include "runtime/module/Kernels.h"

namespace moec {

const char *nameOf(DType type);
const char *nameOf(ScoreFunction function);
const char *nameOf(GroupScore score);
const char *nameOf(RejectedValue value);
const char *nameOf(WeightRole role);
const char *nameOf(KernelObject object);
const char *nameOf(KernelArgKind kind);

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_NAMES_H
