//===- Router.h - Which experts a token goes to -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_REFERENCE_ROUTER_H
#define MOEC_TEST_REFERENCE_ROUTER_H

#include "test/reference/Reference.h"

#include <vector>

namespace reference {

/// What is known of one token's logits: the value, and the ends between which a
/// computation in f32, rounded to `logitsType`, may put it.
struct Logits {
  std::vector<double> value, low, high; ///< [experts]
};

struct Choice {
  std::vector<size_t> experts; ///< [topK]
  std::vector<float> weights;  ///< [topK]
  std::vector<uint8_t> isSure; ///< [topK]
  double margin = 0, rounding = 0;
};

/// The router's rule for one token. `selectionBias` is empty where there is none.
Choice choose(const Layer &layer, const Logits &logits, const std::vector<float> &selectionBias);

} // namespace reference

#endif // MOEC_TEST_REFERENCE_ROUTER_H
