//===- DirectReturn.h - Straight back to each token's rank ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_DIRECTRETURN_H
#define MOEC_PASSES_SCHEDULING_DIRECTRETURN_H

#include "passes/scheduling/ExchangeParts.h"

namespace moec {

/// The way back on one node from ranks that tokens reached otherwise than by puts to each:
/// rows to their slots, or a sum a rank and token, one flag an ordered pair.
class DirectReturn : protected ExchangeParts {
protected:
  using ExchangeParts::ExchangeParts;

  void expand(comm::CombineOp combine);
  /// The records of the tokens D(s,r) of source `scope.var(0)`.
  comm::RegionUse getRecords(const comm::Scope &scope, comm::ItemSetAttr tokens) const;
  /// The signal to each source and its wait; `after` is what it tells, a family over
  /// sources. Returns the wait.
  mlir::Value signalSources(comm::CombineOp combine, mlir::Value after);

  mlir::Value records; ///< by source, once a dispatch has been expanded

private:
  mlir::Value makeReturn(comm::CombineOp combine);
  mlir::Value makePartialReturn(comm::CombineOp combine);
};

} // namespace moec

#endif // MOEC_PASSES_SCHEDULING_DIRECTRETURN_H
