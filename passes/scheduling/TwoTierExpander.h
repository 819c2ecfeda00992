//===- TwoTierExpander.h - By way of one rank of each node ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside of the expanders: ExpandTwoTier.cpp says how tokens go.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_TWOTIEREXPANDER_H
#define MOEC_PASSES_SCHEDULING_TWOTIEREXPANDER_H

#include "passes/scheduling/ExchangeParts.h"

namespace moec {

/// Birkhoff's stages replace what crosses the rails, chunks the puts of rows and sums; both
/// share the rest.
class TwoTierExpander : protected ExchangeParts {
public:
  TwoTierExpander(comm::PlanOp plan, const scheduling::ScheduleSolution &solution)
      : ExchangeParts(plan, solution), nodes(plan.getNodes()),
        lanes(plan.getRanks() / plan.getNodes()),
        inner(solution.crossByHost ? comm::Path::Host : comm::Path::NVLink),
        outer(solution.algorithm == scheduling::Algorithm::Staged ? inner : comm::Path::Rail),
        innerWindow(solution.window, solution.eachPeer),
        outerWindow(solution.chunks > 1 || outer == comm::Path::Rail ? innerWindow
                    : solution.ratesBySize                           ? 0
                                                                     : 1) {}
  virtual ~TwoTierExpander() = default;
  void expand(comm::DispatchOp dispatch);
  void expand(comm::CombineOp combine);

protected:
  // Expressions and sets, for a scope whose variable 0 is a node b and 1 a lane m.
  mlir::AffineExpr nodeOf(mlir::AffineExpr rank) const { return rank.floorDiv(lanes); }
  mlir::AffineExpr laneOf(mlir::AffineExpr rank) const { return rank % lanes; }
  mlir::AffineExpr rankAt(mlir::AffineExpr node, mlir::AffineExpr lane) const {
    return node * lanes + lane;
  }
  /// The rank of node b on the own lane, whose tokens this rank hands on.
  mlir::AffineExpr partner(const comm::Scope &scope) const {
    return rankAt(scope.var(0), laneOf(scope.rank()));
  }
  /// The rank of the own node on lane m.
  mlir::AffineExpr neighbour(const comm::Scope &scope) const {
    return rankAt(nodeOf(scope.rank()), scope.var(1));
  }
  comm::ItemSetAttr sentToNode(const comm::Scope &s) const {
    return s.set(comm::ItemSetKind::M, {s.rank(), s.var(0)});
  }
  comm::ItemSetAttr ofPartner(const comm::Scope &s) const {
    return s.set(comm::ItemSetKind::M, {partner(s), nodeOf(s.rank())});
  }
  comm::ItemSetAttr passedOn(const comm::Scope &s, comm::ItemSetKind kind) const {
    return s.set(kind, {partner(s), neighbour(s)});
  }
  comm::Scope scope(llvm::StringRef variable, comm::DomainKind kind) const {
    return comm::Scope(builder.getContext(), variable, kind);
  }
  comm::Scope eachNode(comm::DomainKind kind) const { return scope("b", kind); }
  /// Who waits on node `r` for a word that the rank of node `index` on its lane writes.
  mlir::AffineExpr writerOnLane(unsigned index) const;
  /// Who waits for a word that the rank of its node on lane `index` writes.
  mlir::AffineExpr writerOnNode(mlir::AffineExpr lane) const;

  /// One copy of a token and its record for each node, to the rank there on the own lane:
  /// makes `stage`, `nodeRecords` and `nodeWait`.
  virtual void sendToNodes(comm::DispatchOp op);
  /// What nodes have added up in `nodeSums`, by `sum`, to the sources; ends the combine.
  virtual void returnSums(comm::CombineOp op, mlir::Value nodeSums, mlir::Value sum);
  virtual void handOn(comm::DispatchOp op);
  /// Splits the records that `nodeWait` brings and puts each rank its own.
  struct Records {
    mlir::Value split, put; ///< tokens of sp and pr
  };
  Records handOnRecords(comm::DispatchOp op);
  void collectRows(comm::CombineOp op);
  virtual void collectSums(comm::CombineOp op);
  void finish(comm::CombineOp op, comm::FlagOp flag, comm::AfterUse puts);
  std::pair<mlir::Value, mlir::Value> waitForNode(comm::CombineOp op, mlir::Value puts);

  int64_t nodes, lanes;
  comm::Path inner, outer;               ///< within a node, between nodes
  comm::Window innerWindow, outerWindow; ///< of puts there
  // Made by the dispatch, used on the way back.
  mlir::Value stage, nodeRecords, received, records;
  mlir::Value nodeWait; ///< token of wn
  /// What of it brings the tokens of node 0 of the scope.
  virtual llvm::SmallVector<mlir::AffineExpr> arrivalOf(const comm::Scope &scope) const {
    return {scope.var(0)};
  }
};

} // namespace moec

#endif // MOEC_PASSES_SCHEDULING_TWOTIEREXPANDER_H
