//===- RailHops.h - By other lanes' rails than the own one ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside of the expanders: the way of a piece S(s,b,k,m) by NVLink to the lane that carries
// it, by that lane's rail, and by NVLink to the rank that stands for its source there.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_RAILHOPS_H
#define MOEC_PASSES_SCHEDULING_RAILHOPS_H

#include "passes/scheduling/TwoTierExpander.h"

namespace moec {

/// Scopes of pieces have the variables k (stage), b (node) and m (lane).
class RailHops : public TwoTierExpander {
public:
  using TwoTierExpander::TwoTierExpander;

protected:
  /// A piece of what a rank has for a node, in the whole.
  struct Part {
    comm::ItemSetAttr whole, items;
  };
  /// Of the puts of one hop: where they go, what, and from where to where.
  struct Hop {
    mlir::AffineExpr to;
    Part part;
    llvm::SmallVector<mlir::AffineExpr> source, target;
  };

  comm::Scope pieces() const {
    return scope("k", comm::DomainKind::Stages)
        .with("b", comm::DomainKind::StaggerNodes)
        .with("m", comm::DomainKind::StaggerLanes);
  }
  mlir::AffineExpr laneMate(const comm::Scope &s) const {
    return rankAt(s.var(1), laneOf(s.rank()));
  }
  mlir::AffineExpr nodeMate(const comm::Scope &s) const {
    return rankAt(nodeOf(s.rank()), s.var(2));
  }
  Part part(const comm::Scope &s, mlir::AffineExpr source, mlir::AffineExpr node,
            mlir::AffineExpr lane) const {
    return {s.set(comm::ItemSetKind::M, {source, node}),
            s.set(comm::ItemSetKind::S, {source, node, s.var(0), lane})};
  }
  mlir::Value put(mlir::Location loc, llvm::StringRef label, const Hop &hop, mlir::Value target,
                  mlir::Value source, llvm::ArrayRef<comm::AfterUse> after,
                  comm::Path via = comm::Path::NVLink);
  std::pair<mlir::Value, mlir::Value> tellLanes(mlir::Location loc, llvm::StringRef name,
                                                llvm::ArrayRef<mlir::Value> puts);
  /// The same for each node by itself, where what is for one is there long before the rest.
  mlir::Value tellLanesByNode(mlir::Location loc, llvm::StringRef name, mlir::Value puts);
  mlir::Value tellNode(mlir::Location loc, llvm::StringRef name, llvm::ArrayRef<mlir::Value> puts);
  /// Makes `stagesKnown` by a task of that kind.
  void tellCounts(comm::DispatchOp op, llvm::StringRef name, comm::TaskKind kind);
  /// Sums of nodes, there after `made`, the same way turned round; ends the combine.
  void returnByHops(comm::CombineOp op, mlir::Value nodeSums, llvm::ArrayRef<comm::AfterUse> made);

  mlir::Value stagesKnown;
};

} // namespace moec

#endif // MOEC_PASSES_SCHEDULING_RAILHOPS_H
