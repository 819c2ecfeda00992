//===- Uniformity.h - Which threads agree on a value ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_UNIFORMITY_H
#define MOEC_PASSES_LOWERING_UNIFORMITY_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseMap.h"

namespace moec::lowering {

/// Who is sure to have the same value.
enum class Agreement : uint8_t { Role, Warp, Nobody };

/// Follows the numbers of threads and lanes through the values of a role. A shuffle
/// or vote makes a value equal in a warp.
class Uniformity {
public:
  explicit Uniformity(mlir::Operation *root);

  Agreement of(mlir::Value value) const;
  /// Of what decides whether, and how often, the regions of an op are run.
  Agreement decision(mlir::Operation *op) const;
  /// Who is sure to come to an op: the least agreement on what decides it, between
  /// the op and the root.
  Agreement control(mlir::Operation *op) const;

private:
  bool raise(mlir::Value value, Agreement to);
  bool visit(mlir::Operation *op);
  bool visitFor(mlir::scf::ForOp loop);
  bool visitWhile(mlir::scf::WhileOp loop);

  mlir::Operation *root;
  llvm::DenseMap<mlir::Value, Agreement> levels; ///< absent: Role
};

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_UNIFORMITY_H
