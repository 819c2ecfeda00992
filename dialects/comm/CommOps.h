//===- CommOps.h - The comm dialect -----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_COMM_COMMOPS_H
#define MOEC_DIALECTS_COMM_COMMOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <optional>

namespace mlir {
class PatternRewriter; // for canonicalize methods; PatternMatch.h only where they are defined
} // namespace mlir

#include "dialects/comm/CommDialect.h.inc"
#include "dialects/comm/CommEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/comm/CommAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/comm/CommTypes.h.inc"

namespace moec::comm {

/// Numbers of the variables that every expression can use.
inline constexpr unsigned rankDim = 0; ///< `r`
inline constexpr unsigned stepDim = 1; ///< `n`
inline constexpr unsigned firstDomainDim = 2;

/// A buffer and the region of it that a task touches.
struct RegionUse {
  mlir::Value buffer;
  RegionAttr region;
};

/// How many puts of a family a rank has in flight, 0 for all: of all, or of those to each peer.
struct Window {
  Window(int64_t puts = 0, bool eachPeer = false) : puts(puts), eachPeer(eachPeer) {}
  int64_t puts;
  bool eachPeer;
};

/// A dependence: on all instances of the family, or on those whose domain
/// variables have the given values (expressions in the scope of the user, Scope::any).
struct AfterUse {
  AfterUse(mlir::Value token) : token(token) {}
  AfterUse(mlir::Value token, llvm::ArrayRef<mlir::AffineExpr> args)
      : token(token), args(llvm::SmallVector<mlir::AffineExpr>(args)) {}
  mlir::Value token;
  std::optional<llvm::SmallVector<mlir::AffineExpr>> args;
};

/// The variables in scope where an op or a region of it is built, and makers of
/// what uses them.
///
///   Scope all(context, {{"p", DomainKind::Stagger}});
///   all.region({all.step() % 2, all.rank()}, all.set(ItemSetKind::D, {all.rank(), all.var(0)}))
class Scope {
public:
  explicit Scope(mlir::MLIRContext *context) : context(context) {}
  Scope(mlir::MLIRContext *context, llvm::ArrayRef<DomainAttr> domains)
      : context(context), domains(domains) {}
  Scope(mlir::MLIRContext *context, llvm::StringRef variable, DomainKind kind)
      : context(context), domains({DomainAttr::get(context, variable, kind)}) {}

  mlir::AffineExpr rank() const { return mlir::getAffineDimExpr(rankDim, context); }
  mlir::AffineExpr step() const { return mlir::getAffineDimExpr(stepDim, context); }
  mlir::AffineExpr var(unsigned i) const {
    return mlir::getAffineDimExpr(firstDomainDim + i, context);
  }
  /// Any value of a domain variable, in a dependence.
  mlir::AffineExpr any() const { return mlir::getAffineSymbolExpr(0, context); }
  mlir::AffineExpr constant(int64_t value) const {
    return mlir::getAffineConstantExpr(value, context);
  }

  /// One result an expression, over all variables in scope.
  mlir::AffineMap map(llvm::ArrayRef<mlir::AffineExpr> exprs) const;
  ItemSetAttr set(ItemSetKind kind, llvm::ArrayRef<mlir::AffineExpr> args) const;
  /// A region that does not repeat.
  RegionAttr region(llvm::ArrayRef<mlir::AffineExpr> index, ItemSetAttr items) const;
  /// The same, of a region that holds `frame`, of which `items` is a part.
  RegionAttr partOf(ItemSetAttr frame, llvm::ArrayRef<mlir::AffineExpr> index,
                    ItemSetAttr items) const;
  /// Such a region that repeats over the last `each` domains of this scope.
  RegionAttr eachPartOf(ItemSetAttr frame, llvm::ArrayRef<mlir::AffineExpr> index,
                        ItemSetAttr items, unsigned each = 1) const;
  /// A region that repeats over the last `each` domains of this scope, which the
  /// op itself does not have.
  RegionAttr eachRegion(llvm::ArrayRef<mlir::AffineExpr> index, ItemSetAttr items,
                        unsigned each = 1) const;
  /// This scope and one more variable.
  Scope with(llvm::StringRef variable, DomainKind kind) const;

  llvm::ArrayRef<DomainAttr> getDomains() const { return domains; }
  mlir::ArrayAttr getDomainsAttr() const;
  mlir::MLIRContext *getContext() const { return context; }

private:
  mlir::MLIRContext *context;
  llvm::SmallVector<DomainAttr> domains;
};

/// Number of variables in scope of an op with these domains, `r` and `n` included.
unsigned getScopeSize(mlir::ArrayAttr domains, llvm::ArrayRef<DomainAttr> each = {});

} // namespace moec::comm

#include "dialects/comm/CommInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/comm/CommOps.h.inc"

namespace moec::comm {
/// What all values of a domain are below: ranks, nodes or lanes of the plan.
int64_t getDomainLimit(PlanOp plan, DomainKind kind);
/// Whether the values come in ascending order on every rank.
bool isAscending(DomainKind kind);
} // namespace moec::comm

#endif // MOEC_DIALECTS_COMM_COMMOPS_H
