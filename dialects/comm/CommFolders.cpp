//===- CommFolders.cpp - Canonical forms of comm ops ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommOps.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace moec::comm;

LogicalResult PutOp::canonicalize(PutOp op, PatternRewriter &rewriter) {
  // A window that holds every instance of the family bounds nothing.
  uint64_t instances = 1;
  uint64_t ranks = cast<PlanOp>(op->getParentOp()).getRanks();
  for (size_t i = 0; i < op.getDomains().size(); ++i)
    instances *= ranks;
  if (op.getWindow() == 0 || op.getWindow() < instances)
    return rewriter.notifyMatchFailure(op, "the window bounds the family");
  rewriter.modifyOpInPlace(op, [&] { op.setWindow(0); });
  return success();
}
