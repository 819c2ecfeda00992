//===- ApproximateMath.cpp - Functions as instructions --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/ApproximateMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "passes/lowering/Emitter.h"
#include <numbers>

using namespace mlir;
using arith::FastMathFlags;

namespace moec::lowering {
namespace {

/// Arithmetic on f32 that LLVM may contract.
class FloatEmitter {
public:
  FloatEmitter(Operation *at) : builder(at), loc(at->getLoc()), emit(builder, loc) {}

  Value number(double value) { return emit.f32(value); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b, contract()); }
  Value mul(Value a, double b) { return mul(a, number(b)); }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b, contract()); }
  Value add(Value a, double b) { return add(a, number(b)); }
  Value reciprocal(Value x) { return emit.reciprocal(x); }
  Value exp2(Value x) { return math::Exp2Op::create(builder, loc, x, approximate()); }
  Value log2(Value x) { return math::Log2Op::create(builder, loc, x, approximate()); }
  Value exp(Value x) {
    double factor = std::numbers::log2e;
    return exp2(mul(takeFactor(x, factor), factor));
  }

  /// What is left of `x` without signs and constants that it is multiplied by; they go into
  /// `factor`: one multiplication, and rounded once.
  static Value takeFactor(Value x, double &factor) {
    while (Operation *op = x.getDefiningOp()) {
      FloatAttr constant;
      if (auto negation = dyn_cast<arith::NegFOp>(op)) {
        factor = -factor;
        x = negation.getOperand();
      } else if (auto product = dyn_cast<arith::MulFOp>(op);
                 product && matchPattern(product.getRhs(), m_Constant(&constant))) {
        factor *= constant.getValueAsDouble();
        x = product.getLhs();
      } else if (product && matchPattern(product.getLhs(), m_Constant(&constant))) {
        factor *= constant.getValueAsDouble();
        x = product.getRhs();
      } else {
        break;
      }
    }
    return x;
  }
  Value log(Value x) { return mul(log2(x), std::numbers::ln2); }

  /// 1 - 2 / (1 + e^2x): right at both ends, absolute error of a few ulp of 1.
  Value tanh(Value x) {
    Value e = exp2(mul(x, 2 * std::numbers::log2e));
    return add(mul(reciprocal(add(e, 1)), -2), 1);
  }

  /// Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7.
  Value erf(Value x) {
    static constexpr double coefficients[] = {1.061405429, -1.453152027, 1.421413741, -0.284496736,
                                              0.254829592};
    Value magnitude = math::AbsFOp::create(builder, loc, x);
    Value t = reciprocal(add(mul(magnitude, 0.3275911), 1));
    Value sum = number(0);
    for (double coefficient : coefficients)
      sum = mul(add(sum, coefficient), t);
    Value tail = mul(sum, exp(mul(mul(magnitude, magnitude), -1)));
    return math::CopySignOp::create(builder, loc, add(mul(tail, -1), 1), x);
  }

private:
  arith::FastMathFlagsAttr flags(arith::FastMathFlags value) {
    return arith::FastMathFlagsAttr::get(builder.getContext(), value);
  }
  arith::FastMathFlagsAttr contract() { return flags(arith::FastMathFlags::contract); }
  arith::FastMathFlagsAttr approximate() { return flags(arith::FastMathFlags::afn); }

  OpBuilder builder;
  Location loc;
  Emitter emit;
};
} // namespace

/// The cheap form, or null where the op is cheap as it is.
static Value approximate(Operation *op, bool divisions) {
  FloatEmitter f(op);
  auto x = [&] { return op->getOperand(0); };
  if (isa<math::ExpOp>(op))
    return f.exp(x());
  if (auto exp2 = dyn_cast<math::Exp2Op>(op))
    return exp2.getFastmath() == arith::FastMathFlags::afn ? Value() : f.exp2(x());
  if (auto log2 = dyn_cast<math::Log2Op>(op))
    return log2.getFastmath() == arith::FastMathFlags::afn ? Value() : f.log2(x());
  if (isa<math::LogOp>(op))
    return f.log(x());
  if (isa<math::Log1pOp>(op))
    return f.log(f.add(x(), 1));
  if (isa<math::ExpM1Op>(op))
    return f.add(f.exp(x()), -1);
  if (isa<math::TanhOp>(op))
    return f.tanh(x());
  if (isa<math::ErfOp>(op))
    return f.erf(x());
  if (isa<math::PowFOp>(op))
    return f.exp2(f.mul(f.log2(x()), op->getOperand(1)));
  if (auto division = dyn_cast<arith::DivFOp>(op);
      division && (divisions || bitEnumContainsAll(division.getFastmath(), FastMathFlags::arcp))) {
    Value reciprocal = f.reciprocal(op->getOperand(1));
    return matchPattern(x(), m_OneFloat()) ? reciprocal : f.mul(x(), reciprocal);
  }
  return Value();
}

void approximateMath(Operation *root, bool divisions) {
  SmallVector<Operation *> ops;
  root->walk([&](Operation *op) {
    if (op->getNumResults() == 1 && op->getResult(0).getType().isF32())
      ops.push_back(op);
  });
  for (Operation *op : ops)
    if (Value value = approximate(op, divisions)) {
      op->getResult(0).replaceAllUsesWith(value);
      op->erase();
    }
}

} // namespace moec::lowering
