//===- ExchangeParts.h - What expanders of exchanges share ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_EXCHANGEPARTS_H
#define MOEC_PASSES_SCHEDULING_EXCHANGEPARTS_H

#include "dialects/comm/CommOps.h"
#include "mlir/IR/Builders.h"
#include "passes/scheduling/ExpandExchange.h"
#include "llvm/ADT/StringSet.h"

namespace moec {

/// Makes the buffers, flags, tasks and families of one plan's exchange. Whoever
/// expands derives from it.
class ExchangeParts {
protected:
  ExchangeParts(comm::PlanOp plan, const scheduling::ScheduleSolution &solution);

  // --- Names --------------------------------------------------------------------
  /// A label that no op of the plan has: `wanted`, or with a number behind.
  std::string getLabel(llvm::StringRef wanted);
  /// A task of that kind and name, or of that name with a number behind.
  std::string makeTask(mlir::Location loc, llvm::StringRef wanted, comm::TaskKind kind);

  // --- Memory and flags -----------------------------------------------------------
  /// Before the first family of tasks.
  comm::BufferOp makeBuffer(mlir::Location loc, llvm::StringRef label, comm::BufferSpace space,
                            comm::BufferLayout layout, llvm::ArrayRef<int64_t> extents,
                            int64_t recordsPerToken, int64_t bytesPerRecord);
  /// A symmetric one, with its copies in front.
  comm::BufferOp makeCopies(mlir::Location loc, llvm::StringRef label, comm::BufferLayout layout,
                            llvm::ArrayRef<int64_t> extents, int64_t recordsPerToken,
                            int64_t bytesPerRecord);
  /// A word for each copy and index; written by the rank that the last index names, or
  /// by `writer`.
  comm::FlagOp makeFlag(mlir::Location loc, llvm::StringRef label, llvm::ArrayRef<int64_t> extents,
                        bool carry, mlir::AffineExpr writer = {});
  /// Gives a buffer its copies and puts their number in front of every index into it.
  void makeSymmetric(mlir::Value buffer);
  mlir::AffineExpr copy(const comm::Scope &scope) const { return scope.step() % solution.depth; }

  // --- Order ----------------------------------------------------------------------
  /// The dependences of an exchange, for the families that take its place.
  static llvm::SmallVector<comm::AfterUse> getAfterUses(comm::FamilyOp op);
  static mlir::Operation *getFirstUser(mlir::Value value);
  /// Whoever ran after the exchange runs after all of `token`.
  void replaceToken(mlir::Value old, mlir::Value token);
  /// And after all of `token` too.
  void addToken(mlir::Value old, mlir::Value token);

  /// Puts a sum of partial sums, or of what the switch has added, in the place of the slot sum that
  /// reads the rows which `combine` returns: over `parts`, with `tree` as the plan's result.
  void replaceSlotSum(comm::CombineOp combine, comm::RegionUse parts, comm::SumTree tree);

  comm::PlanOp plan;
  const scheduling::ScheduleSolution &solution;
  mlir::OpBuilder builder;
  llvm::StringSet<> labels;
};

} // namespace moec

#endif // MOEC_PASSES_SCHEDULING_EXCHANGEPARTS_H
