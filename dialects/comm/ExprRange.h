//===- ExprRange.h - Values that an expression can take ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_COMM_EXPRRANGE_H
#define MOEC_DIALECTS_COMM_EXPRRANGE_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/Support/LLVM.h"

namespace moec::comm {

/// An interval; a missing end has no bound.
struct Range {
  std::optional<int64_t> low;
  std::optional<int64_t> high;
  bool isWithin(int64_t from, int64_t to) const {
    return low && high && *low >= from && *high <= to;
  }
};

/// Bounds of `expr` when dimension i is anywhere in dims[i]. Exact for a single
/// variable, and never too narrow. Divisors must be positive constants.
Range getRange(mlir::AffineExpr expr, llvm::ArrayRef<Range> dims);

/// The value of `expr` when dimension i is values[i]. Division and remainder
/// round towards minus infinity; divisors must be positive constants.
int64_t evaluate(mlir::AffineExpr expr, llvm::ArrayRef<int64_t> values);

} // namespace moec::comm

#endif // MOEC_DIALECTS_COMM_EXPRRANGE_H
