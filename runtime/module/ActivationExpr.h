//===- ActivationExpr.h - What lies between two products --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The elementwise function of an expert's gate and up values, as a small postfix
// expression. Every step is in f32; only the result is rounded. Whoever computes
// it walks the steps with a stack, or asks which of the usual functions it is.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_ACTIVATIONEXPR_H
#define MOEC_RUNTIME_MODULE_ACTIVATIONEXPR_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moec {

/// What one step does: pushes a value, or replaces its operands, which are the
/// last values in the order in which they were pushed.
enum class ActivationOp : uint8_t {
  Gate = 0,     ///< pushes the element of x Wg^T (+ bias)
  Up = 1,       ///< pushes the element of x Wu^T (+ bias)
  Constant = 2, ///< pushes `value`
  Add = 3,
  Sub = 4,
  Mul = 5,
  Div = 6,
  Neg = 7,
  Min = 8,
  Max = 9,
  Clamp = 10, ///< (x, low, high): min(max(x, low), high)
  Exp = 11,
  Tanh = 12,
  Sigmoid = 13,
  Silu = 14,     ///< x sigmoid(x)
  Gelu = 15,     ///< x (1 + erf(x / sqrt(2))) / 2
  GeluTanh = 16, ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  Relu = 17,
  Square = 18,
  Sqrt = 19,
  Softplus = 20, ///< log(1 + e^x)
};

struct ActivationStep {
  ActivationOp op = ActivationOp::Constant;
  double value = 0; ///< of a Constant, else 0; computed with as f32
  bool operator==(const ActivationStep &) const = default;
};

/// The functions that have code of their own.
enum class Activation : uint8_t {
  Silu = 0,          ///< silu(gate) * up
  GeluTanh = 1,      ///< gelu_tanh(gate) * up
  ClampedSwiglu = 2, ///< g sigmoid(alpha g) (clamp(up, -limit, limit) + 1), g = min(gate, limit)
};

struct ActivationExpr {
  std::vector<ActivationStep> steps;

  ActivationExpr() = default;
  /// The limit and alpha of ClampedSwiglu are those of gpt-oss.
  ActivationExpr(Activation activation); // NOLINT: an expression, spelt out
  explicit ActivationExpr(std::vector<ActivationStep> steps) : steps(std::move(steps)) {}
  static ActivationExpr clampedSwiglu(double limit, double alpha);

  /// An expression without the gate is of an expert that has no gate matrix.
  bool usesGate() const;
  bool operator==(const ActivationExpr &) const = default;
};

/// One of the usual functions, and its parameters.
struct KnownActivation {
  Activation function = Activation::Silu;
  double limit = 0, alpha = 0; ///< of ClampedSwiglu
};
std::optional<KnownActivation> recognize(const ActivationExpr &expression);

inline constexpr size_t maxActivationSteps = 64, maxActivationStack = 16;

/// "" if it is well-formed: each step finds its operands, one value is left, the
/// limits above are kept, constants are finite, and `up` is read.
std::string checkActivation(const ActivationExpr &expression);

/// How many operands the step takes.
size_t operandCount(ActivationOp op);
/// "silu", also the function's name in the language.
const char *nameOf(ActivationOp op);

/// "silu(gate) * up". Of a well-formed one.
std::string toText(const ActivationExpr &expression);
/// "gate silu up mul": the steps, for the forms that machines read.
std::string toPostfix(const ActivationExpr &expression);
/// Nothing where a word is no step. What comes back need not be well-formed.
std::optional<ActivationExpr> fromPostfix(std::string_view text);

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_ACTIVATIONEXPR_H
