//===- CommRules.h - Constraints that comm ops share ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each reports what it refuses on `op`, with the names of the scope.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_COMM_COMMRULES_H
#define MOEC_DIALECTS_COMM_COMMRULES_H

#include "dialects/comm/CommOps.h"
#include "dialects/comm/ExprRange.h"

namespace moec::comm {

/// The variables that an expression may use, by dimension, and where they lie.
struct OpScope {
  llvm::SmallVector<llvm::StringRef> names;
  llvm::SmallVector<Range> ranges;
};
OpScope getOpScope(mlir::Operation *op, mlir::ArrayAttr domains,
                   llvm::ArrayRef<DomainAttr> each = {});

/// The plan that `op` is in; its parent is one by a trait.
PlanOp getPlan(mlir::Operation *op);

/// region-c2: the map is over the scope, and each result has a form in a plan.
mlir::LogicalResult verifyMap(mlir::Operation *op, llvm::StringRef what, mlir::AffineMap map,
                              const OpScope &scope);
/// Every result of the map is one of `count` ranks or nodes.
mlir::LogicalResult verifyBelow(mlir::Operation *op, llvm::StringRef what, llvm::StringRef noun,
                                int64_t count, mlir::AffineMap map, const OpScope &scope);
/// Every result of the map is a rank.
mlir::LogicalResult verifyRanks(mlir::Operation *op, llvm::StringRef what, mlir::AffineMap map,
                                const OpScope &scope);
/// region-c1, signal-c3, wait-c3: as many results as extents, each within its own.
mlir::LogicalResult verifyIndex(mlir::Operation *op, llvm::StringRef name,
                                llvm::ArrayRef<int64_t> extents, mlir::AffineMap index,
                                const OpScope &scope);
/// region-c4: the arguments of a set are ranks, the second of M a node.
mlir::LogicalResult verifyItems(mlir::Operation *op, ItemSetAttr items, const OpScope &scope);
/// signal-c2, wait-c2: the value is an expression in n, positive and growing.
mlir::LogicalResult verifyValue(mlir::Operation *op, mlir::AffineMap value, const OpScope &scope);

/// region-c0: the op that made an operand.
mlir::FailureOr<BufferOp> getBufferOp(mlir::Operation *op, mlir::Value value);
mlir::FailureOr<FlagOp> getFlagOp(mlir::Operation *op, mlir::Value value);

/// compute-c4, dispatch-c4: bytes of a record, and what they must be.
mlir::LogicalResult verifyRecordSize(mlir::Operation *op, llvm::StringRef what, mlir::Value buffer,
                                     uint64_t wanted);
uint64_t getRouteBytes(mlir::Operation *op);
uint64_t getRecordBytes(mlir::Operation *op);

/// Every constraint of every family: domains, regions, dependences.
mlir::LogicalResult verifyFamily(FamilyOp op);

} // namespace moec::comm

#endif // MOEC_DIALECTS_COMM_COMMRULES_H
