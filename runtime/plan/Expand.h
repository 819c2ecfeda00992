//===- Expand.h - From families of tasks to single ones --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An op of a plan stands for one task per rank, per step and per value of its
// domains; a region with `each` stands for several. These functions list them in
// the plan's order. All of them want a plan that has passed its checks.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_EXPAND_H
#define MOEC_RUNTIME_PLAN_EXPAND_H

#include "runtime/plan/Expr.h"

#include <vector>

namespace moec::plan {

/// Values of the variables in scope: r, n, then domain variables.
class Scope {
public:
  Scope(uint32_t rank, int64_t step) : values{rank, step} {}
  void push(int64_t value) { values.push_back(value); }
  void pop() { values.pop_back(); }
  uint32_t rank() const { return static_cast<uint32_t>(values[rankVariable]); }
  std::span<const int64_t> variables() const { return values; }
  /// The domain variables alone.
  std::span<const int64_t> domainValues() const {
    return std::span(values).subspan(firstDomainVariable);
  }
  int64_t operator()(const Expr &expr) const { return evaluate(expr, values); }

private:
  std::vector<int64_t> values;
};

/// The value at `position` (0 .. ranks-1) of a domain on `rank`.
uint32_t domainValue(DomainKind kind, uint32_t rank, uint32_t ranks, uint32_t position);

/// Calls `body(scope)` with `domains` pushed onto `scope`, for every combination
/// of their values, in order, the last domain fastest. Once when there are none.
template <typename Body>
void forEachPoint(std::span<const Domain> domains, uint32_t ranks, Scope &scope, const Body &body) {
  if (domains.empty())
    return body(static_cast<const Scope &>(scope));
  for (uint32_t position = 0; position < ranks; ++position) {
    scope.push(domainValue(domains[0].kind, scope.rank(), ranks, position));
    forEachPoint(domains.subspan(1), ranks, scope, body);
    scope.pop();
  }
}

/// Number of tasks of `op` on one rank in one step.
uint64_t instanceCount(const Op &op, uint32_t ranks);

/// Cells of a flag, or regions of a buffer: the product of the extents.
uint64_t cellCount(std::span<const uint32_t> extents);

/// Row-major position of an index; each value lies in its extent.
uint64_t flatIndex(std::span<const uint32_t> extents, std::span<const Expr> index,
                   const Scope &scope);

/// An item set with its ranks filled in: A(first), D(first, second), Y(first, second).
struct ConcreteItems {
  ItemSetKind kind = ItemSetKind::A;
  uint32_t first = 0;
  uint32_t second = 0; ///< 0 for A
  bool operator==(const ConcreteItems &) const = default;
};
ConcreteItems concreteItems(const ItemSet &items, const Scope &scope);

/// One region of one task.
struct ConcreteRegion {
  uint32_t buffer = 0;
  uint64_t region = 0; ///< row-major position in the buffer's extents
  ConcreteItems items;
  bool operator==(const ConcreteRegion &) const = default;
};
/// `scope` holds the op's own domain variables; `each` is spelt out, in order.
std::vector<ConcreteRegion> expandRegion(const Plan &plan, const Region &region,
                                         const Scope &scope);

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_EXPAND_H
