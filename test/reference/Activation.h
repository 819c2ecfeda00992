//===- Activation.h - The function between two products -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_REFERENCE_ACTIVATION_H
#define MOEC_TEST_REFERENCE_ACTIVATION_H

#include <functional>
#include <string>
#include <vector>

namespace reference {

/// A function of gate and up, element by element in f64, written in postfix:
/// "gate silu up mul".
class Activation {
public:
  /// Throws std::invalid_argument where the words make no function.
  Activation(const std::string &postfix);
  bool readsGate() const { return gateIsRead; }
  double operator()(double gate, double up) const;

private:
  using Stack = std::vector<double>;
  std::vector<std::function<void(Stack &, double gate, double up)>> steps;
  bool gateIsRead = false;
};

} // namespace reference

#endif // MOEC_TEST_REFERENCE_ACTIVATION_H
