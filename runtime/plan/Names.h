//===- Names.h - Names of the plan's enumerators ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// As the comm dialect spells them. Each function covers every enumerator and
// returns nullptr for a number that names none.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_NAMES_H
#define MOEC_RUNTIME_PLAN_NAMES_H

#include "runtime/plan/Plan.h"

namespace moec::plan {

const char *nameOf(BufferSpace space);
const char *nameOf(BufferLayout layout);
const char *nameOf(DomainKind kind);
const char *nameOf(ItemSetKind kind);
const char *nameOf(TaskKind kind);
const char *nameOf(OpKind kind);
const char *nameOf(Path path);
const char *nameOf(Rates rates);
const char *nameOf(Engine engine);
const char *nameOf(SumTree tree);

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_NAMES_H
