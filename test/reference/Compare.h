//===- Compare.h - A computed result beside the reference ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_REFERENCE_COMPARE_H
#define MOEC_TEST_REFERENCE_COMPARE_H

#include "test/reference/Reference.h"

namespace reference {

/// A result to be checked; arrays as in `Result`.
struct Actual {
  const float *output = nullptr;
  const int64_t *indices = nullptr; ///< may be null, then no choice is compared
  const float *weights = nullptr;   ///< may be null
};

struct Comparison {
  /// |actual - reference| / |reference|, Euclidean over all tokens that count. A
  /// token whose experts differ does not count for the two errors; if its choice
  /// was sure it is a mismatch.
  double outputError = 0;
  double weightsError = 0; ///< the same over the weights, matched by expert
  size_t mismatches = 0;   ///< slots that are sure in the reference and hold another expert
  size_t tokens = 0;
  size_t unsureTokens = 0; ///< tokens whose margin is within the rounding
  size_t leftOut = 0;      ///< of these, tokens that did choose other experts
  /// The first slot that mismatches, where `mismatches` > 0.
  size_t firstToken = 0, firstSlot = 0;
  bool notFinite = false; ///< a NaN or an infinity that the reference does not have

  bool agrees(double tolerance) const {
    return !notFinite && mismatches == 0 && outputError <= tolerance && weightsError <= tolerance;
  }
};

Comparison compare(const Result &expected, const Actual &actual);

} // namespace reference

#endif // MOEC_TEST_REFERENCE_COMPARE_H
