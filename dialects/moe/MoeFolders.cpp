//===- MoeFolders.cpp - Folds that change no bit of a result --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/moe/MoeOps.h"
#include "mlir/IR/Builders.h"
#include <cmath>

using namespace mlir;
using namespace moec::moe;

OpFoldResult RoundOp::fold(FoldAdaptor) {
  if (getValues().getType() == getResult().getType())
    return getValues();
  return {};
}

OpFoldResult ScoreOp::fold(FoldAdaptor) {
  if (getFunction() == ScoreFunction::Identity && getValues().getType() == getResult().getType())
    return getValues();
  return {};
}

OpFoldResult GroupLimitOp::fold(FoldAdaptor) {
  if (getKept() == getCount())
    return getScores();
  return {};
}

static bool isPowerOfTwo(double value) {
  int exponent;
  return std::fabs(std::frexp(value, &exponent)) == 0.5 && std::abs(exponent) < 32;
}

OpFoldResult ScaleOp::fold(FoldAdaptor) {
  double factor = getFactor().convertToDouble();
  if (factor == 1.0)
    return getShares();
  // (w * a) * b = w * (a * b) bit by bit only if a or b is a power of two.
  auto inner = getShares().getDefiningOp<ScaleOp>();
  if (!inner)
    return {};
  double innerFactor = inner.getFactor().convertToDouble();
  if (!isPowerOfTwo(factor) && !isPowerOfTwo(innerFactor))
    return {};
  getSharesMutable().assign(inner.getShares());
  setFactorAttr(FloatAttr::get(Float64Type::get(getContext()), factor * innerFactor));
  return getResult();
}
