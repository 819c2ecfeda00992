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
  auto plan = cast<PlanOp>(op->getParentOp());
  for (auto domain : op.getDomains().getAsRange<DomainAttr>())
    instances *= getDomainLimit(plan, domain.getKind());
  if (op.getWindow() == 0 || op.getWindow() < instances)
    return rewriter.notifyMatchFailure(op, "the window bounds the family");
  rewriter.modifyOpInPlace(op, [&] {
    op.setWindow(0);
    op.setEachPeer(false);
  });
  return success();
}

//===----------------------------------------------------------------------===//
// Dependences that others imply
//===----------------------------------------------------------------------===//

/// Whether every instance of `from` runs after every instance of `to`: some chain
/// of dependences ends in one that names all of `to`. Domains are never empty, so
/// each link of the chain has an instance.
static bool runsAfterAll(FamilyOp from, Value to, llvm::SmallPtrSetImpl<Operation *> &seen) {
  if (!seen.insert(from).second)
    return false;
  for (auto [token, instance] : llvm::zip(from.getAfter(), from.getAfterInstances())) {
    if (token == to && isa<UnitAttr>(instance))
      return true;
    if (auto link = token.getDefiningOp<FamilyOp>(); link && runsAfterAll(link, to, seen))
      return true;
  }
  return false;
}

/// Whether dependence `i` of `op` follows from another one.
static bool isImplied(FamilyOp op, unsigned i) {
  Value token = op.getAfter()[i];
  Attribute instance = op.getAfterInstances()[i];
  for (unsigned j = 0; j < op.getAfter().size(); ++j) {
    if (i == j)
      continue;
    Value other = op.getAfter()[j];
    Attribute otherInstance = op.getAfterInstances()[j];
    bool same = instance == otherInstance;
    if (other == token && (same ? j < i : isa<UnitAttr>(otherInstance)))
      return true;
    llvm::SmallPtrSet<Operation *, 8> seen;
    if (auto link = other.getDefiningOp<FamilyOp>();
        other != token && link && runsAfterAll(link, token, seen))
      return true;
  }
  return false;
}

namespace {
/// `after(%a, %b)` is `after(%b)` where %b itself runs after all of %a.
struct DropImpliedAfter : OpInterfaceRewritePattern<FamilyOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(FamilyOp op, PatternRewriter &rewriter) const override {
    for (unsigned i = 0; i < op.getAfter().size(); ++i) {
      if (!isImplied(op, i))
        continue;
      SmallVector<Attribute> instances(op.getAfterInstances().getValue());
      instances.erase(instances.begin() + i);
      rewriter.modifyOpInPlace(op, [&] {
        op.getAfterMutable().erase(i);
        op.setAfterInstancesAttr(rewriter.getArrayAttr(instances));
      });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no dependence is implied");
  }
};
} // namespace

void CommDialect::getCanonicalizationPatterns(RewritePatternSet &results) const {
  results.add<DropImpliedAfter>(getContext());
}
