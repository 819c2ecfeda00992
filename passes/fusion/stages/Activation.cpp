//===- Activation.cpp - The activation of an expert, as code --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/Activation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <numbers>

namespace moec::fusion {
using namespace mlir;
using Op = ActivationOp;

namespace {
/// Walks the steps with a stack of values.
class ActivationEmitter {
public:
  ActivationEmitter(ScalarCode &code, Value gate, Value up) : code(code), gate(gate), up(up) {}
  Value run(const ActivationExpr &expression);

private:
  Value step(const ActivationStep &step, ArrayRef<Value> x);
  Value function(Op op, Value x);
  Value logistic(Value x);
  Value gelu(Value x);
  Value geluTanh(Value x);

  template <typename F> Value make(Value a, Value b) {
    auto contract =
        arith::FastMathFlagsAttr::get(code.builder.getContext(), arith::FastMathFlags::contract);
    return F::create(code.builder, code.loc, a, b, contract);
  }
  Value add(Value a, Value b) { return make<arith::AddFOp>(a, b); }
  Value sub(Value a, Value b) { return make<arith::SubFOp>(a, b); }
  Value mul(Value a, Value b) { return make<arith::MulFOp>(a, b); }
  Value mul(Value a, double b) { return mul(a, code.f32(b)); }
  Value div(Value a, Value b) { return make<arith::DivFOp>(a, b); }
  Value min(Value a, Value b) { return make<arith::MinNumFOp>(a, b); }
  Value max(Value a, Value b) { return make<arith::MaxNumFOp>(a, b); }
  template <typename F> Value call(Value x) { return F::create(code.builder, code.loc, x); }

  ScalarCode &code;
  Value gate, up;
};
} // namespace

/// 1 / (1 + exp(-x)); where exp overflows this is 0.
Value ActivationEmitter::logistic(Value x) {
  return div(code.f32(1), add(call<math::ExpOp>(mul(x, -1)), code.f32(1)));
}

Value ActivationEmitter::gelu(Value x) {
  Value half = mul(x, 0.5);
  return add(half, mul(half, call<math::ErfOp>(mul(x, 1 / std::numbers::sqrt2))));
}

/// (1 + tanh(t)) / 2 is the logistic of 2 t, with t = sqrt(2 / pi) (x + 0.044715 x^3).
Value ActivationEmitter::geluTanh(Value x) {
  constexpr double slope = 2 * 0.7978845608028654, cubic = 0.044715 * slope;
  Value factor = add(mul(mul(x, x), cubic), code.f32(slope));
  return mul(x, logistic(mul(x, factor)));
}

Value ActivationEmitter::function(Op op, Value x) {
  switch (op) {
  case Op::Neg:
    return mul(x, -1);
  case Op::Exp:
    return call<math::ExpOp>(x);
  case Op::Tanh:
    return call<math::TanhOp>(x);
  case Op::Sigmoid:
    return logistic(x);
  case Op::Silu:
    return mul(x, logistic(x));
  case Op::Gelu:
    return gelu(x);
  case Op::GeluTanh:
    return geluTanh(x);
  case Op::Relu:
    return max(x, code.f32(0));
  case Op::Square:
    return mul(x, x);
  case Op::Sqrt:
    return call<math::SqrtOp>(x);
  case Op::Softplus: { // without overflow: max(x, 0) + log(1 + e^-|x|)
    Value tail = call<math::Log1pOp>(call<math::ExpOp>(mul(call<math::AbsFOp>(x), -1)));
    return add(max(x, code.f32(0)), tail);
  }
  case Op::Gate:
  case Op::Up:
  case Op::Constant:
  case Op::Add:
  case Op::Sub:
  case Op::Mul:
  case Op::Div:
  case Op::Min:
  case Op::Max:
  case Op::Clamp:
    break;
  }
  llvm_unreachable("a function of one value");
}

Value ActivationEmitter::step(const ActivationStep &step, ArrayRef<Value> x) {
  switch (step.op) {
  case Op::Gate:
    return gate;
  case Op::Up:
    return up;
  case Op::Constant:
    return code.f32(step.value);
  case Op::Add:
    return add(x[0], x[1]);
  case Op::Sub:
    return sub(x[0], x[1]);
  case Op::Mul:
    return mul(x[0], x[1]);
  case Op::Div:
    return div(x[0], x[1]);
  case Op::Min:
    return min(x[0], x[1]);
  case Op::Max:
    return max(x[0], x[1]);
  case Op::Clamp:
    return min(max(x[0], x[1]), x[2]);
  case Op::Neg:
  case Op::Exp:
  case Op::Tanh:
  case Op::Sigmoid:
  case Op::Silu:
  case Op::Gelu:
  case Op::GeluTanh:
  case Op::Relu:
  case Op::Square:
  case Op::Sqrt:
  case Op::Softplus:
    return function(step.op, x[0]);
  }
  llvm_unreachable("all steps are handled");
}

Value ActivationEmitter::run(const ActivationExpr &expression) {
  SmallVector<Value> stack;
  for (const ActivationStep &next : expression.steps) {
    size_t left = stack.size() - operandCount(next.op);
    Value value = step(next, ArrayRef(stack).drop_front(left));
    stack.truncate(left);
    stack.push_back(value);
  }
  return stack.back();
}

Value emitActivation(ScalarCode &code, const ActivationExpr &expression, Value gate, Value up) {
  return ActivationEmitter(code, gate, up).run(expression);
}

} // namespace moec::fusion
