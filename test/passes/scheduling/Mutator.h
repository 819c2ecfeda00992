//===- Mutator.h - A plan with one thing changed ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PASSES_SCHEDULING_MUTATOR_H
#define MOEC_TEST_PASSES_SCHEDULING_MUTATOR_H

#include "runtime/plan/Plan.h"

namespace moec::test {

struct Mutant {
  std::string name; ///< "pd: write index 1 plus 1"
  plan::Plan plan;
};

/// Every mutant that one edit of one op makes: the op is left out (its dependences go to
/// its users, or are lost), doubled, moved before what it follows, swapped with it; a
/// peer, index, set, frame, buffer, flag, value, count, path, domain or dependence is
/// another one. What leaves the meaning as it is (a window, a place, the order in which
/// puts are begun, a dependence on more than is needed) is not changed.
std::vector<Mutant> mutate(const plan::Plan &plan);

} // namespace moec::test

#endif // MOEC_TEST_PASSES_SCHEDULING_MUTATOR_H
