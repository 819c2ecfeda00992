//===- ExprRange.cpp - Values that an expression can take -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/ExprRange.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moec::comm;

using Bound = std::optional<int64_t>;

static Bound add(Bound a, Bound b) {
  int64_t sum;
  if (!a || !b || llvm::AddOverflow(*a, *b, sum))
    return std::nullopt;
  return sum;
}

static Bound scale(Bound a, int64_t factor) {
  int64_t product;
  if (factor == 0)
    return 0;
  if (!a || llvm::MulOverflow(*a, factor, product))
    return std::nullopt;
  return product;
}

static Bound floorDiv(Bound a, int64_t divisor) {
  return a ? Bound(llvm::divideFloorSigned(*a, divisor)) : std::nullopt;
}

static int64_t getConstant(AffineExpr expr) { return cast<AffineConstantExpr>(expr).getValue(); }

static Range getModRange(Range lhs, int64_t divisor) {
  Bound lowPeriod = floorDiv(lhs.low, divisor);
  Bound highPeriod = floorDiv(lhs.high, divisor);
  if (!lowPeriod || lowPeriod != highPeriod)
    return {0, divisor - 1};
  int64_t base = *lowPeriod * divisor;
  return {*lhs.low - base, *lhs.high - base};
}

Range moec::comm::getRange(AffineExpr expr, ArrayRef<Range> dims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return {constant.getValue(), constant.getValue()};
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Range lhs = getRange(binary.getLHS(), dims);
  switch (expr.getKind()) {
  case AffineExprKind::Add: {
    Range rhs = getRange(binary.getRHS(), dims);
    return {add(lhs.low, rhs.low), add(lhs.high, rhs.high)};
  }
  case AffineExprKind::Mul: {
    int64_t factor = getConstant(binary.getRHS());
    Range scaled{scale(lhs.low, factor), scale(lhs.high, factor)};
    return factor < 0 ? Range{scaled.high, scaled.low} : scaled;
  }
  case AffineExprKind::Mod:
    return getModRange(lhs, getConstant(binary.getRHS()));
  case AffineExprKind::FloorDiv:
    return {floorDiv(lhs.low, getConstant(binary.getRHS())),
            floorDiv(lhs.high, getConstant(binary.getRHS()))};
  case AffineExprKind::CeilDiv:
  case AffineExprKind::Constant:
  case AffineExprKind::DimId:
  case AffineExprKind::SymbolId:
    break;
  }
  llvm_unreachable("the verifier refuses every other expression");
}

int64_t moec::comm::evaluate(AffineExpr expr, ArrayRef<int64_t> values) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return values[dim.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t lhs = evaluate(binary.getLHS(), values);
  int64_t rhs = evaluate(binary.getRHS(), values);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return int64_t(uint64_t(lhs) + uint64_t(rhs)); // wraps: the text may hold any number
  case AffineExprKind::Mul:
    return int64_t(uint64_t(lhs) * uint64_t(rhs));
  case AffineExprKind::Mod:
    return lhs - llvm::divideFloorSigned(lhs, rhs) * rhs;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(lhs, rhs);
  case AffineExprKind::CeilDiv:
  case AffineExprKind::Constant:
  case AffineExprKind::DimId:
  case AffineExprKind::SymbolId:
    break;
  }
  llvm_unreachable("the verifier refuses every other expression");
}
