//===- Compare.cpp - A computed result beside the reference ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/reference/Compare.h"

#include <algorithm>
#include <cmath>

using namespace reference;

namespace {
/// Euclidean norm of a difference over that of the expected values.
class RelativeError {
public:
  void add(double expected, double actual) {
    difference += (actual - expected) * (actual - expected);
    size += expected * expected;
  }
  double get() const {
    if (difference == 0)
      return 0;
    return std::sqrt(difference / size); // infinite where only zeros were expected
  }

private:
  double difference = 0, size = 0;
};
} // namespace

/// Compares the choices of one token; returns whether its experts are the same,
/// in any order.
static bool compareChoice(const Result &expected, const int64_t *actual, size_t token,
                          Comparison &comparison) {
  size_t first = token * expected.topK;
  const int64_t *wanted = expected.indices.data() + first;
  for (size_t k = 0; k < expected.topK; ++k) {
    if (wanted[k] == actual[k] || !expected.slotIsSure[first + k])
      continue;
    if (comparison.mismatches++ == 0)
      comparison.firstToken = token, comparison.firstSlot = k;
  }
  bool same = std::is_permutation(wanted, wanted + expected.topK, actual);
  if (!same && expected.choiceIsSure(token) && comparison.mismatches == 0) {
    comparison.mismatches = 1;
    comparison.firstToken = token, comparison.firstSlot = 0;
  }
  return same;
}

Comparison reference::compare(const Result &expected, const Actual &actual) {
  Comparison comparison;
  comparison.tokens = expected.tokens;
  RelativeError output, weights;
  for (size_t t = 0; t < expected.tokens; ++t) {
    size_t slots = t * expected.topK;
    comparison.unsureTokens += !expected.choiceIsSure(t);
    if (actual.indices && !compareChoice(expected, actual.indices + slots, t, comparison)) {
      comparison.leftOut += !expected.choiceIsSure(t);
      continue;
    }
    for (size_t k = 0; actual.weights && k < expected.topK; ++k) {
      const int64_t *chosen = expected.indices.data() + slots;
      size_t place = k;
      if (actual.indices)
        place =
            size_t(std::find(chosen, chosen + expected.topK, actual.indices[slots + k]) - chosen);
      weights.add(expected.weights[slots + place], actual.weights[slots + k]);
    }
    for (size_t i = t * expected.hidden; i < (t + 1) * expected.hidden; ++i) {
      if (!std::isfinite(actual.output[i]) && std::isfinite(expected.output[i]))
        comparison.notFinite = true;
      output.add(expected.output[i], actual.output[i]);
    }
  }
  comparison.outputError = output.get();
  comparison.weightsError = weights.get();
  return comparison;
}
