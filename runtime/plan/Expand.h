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

/// How many values a domain has: ranks, nodes or lanes of the plan, or all nodes but one.
uint32_t domainSize(const Plan &plan, DomainKind kind);
/// What all of its values are below: ranks, nodes or lanes of the plan.
uint32_t domainLimit(const Plan &plan, DomainKind kind);
/// The value at `position`, below the domain's size, of a domain on `rank`.
uint32_t domainValue(const Plan &plan, DomainKind kind, uint32_t rank, uint32_t position);
/// Where a domain on `rank` has this value, which is one of its own.
uint32_t domainPosition(const Plan &plan, DomainKind kind, uint32_t rank, uint32_t value);

/// Calls `body(scope)` with `domains` pushed onto `scope`, for every combination
/// of their values, in order, the last domain fastest. Once when there are none.
template <typename Body>
void forEachPoint(std::span<const Domain> domains, const Plan &plan, Scope &scope,
                  const Body &body) {
  if (domains.empty())
    return body(static_cast<const Scope &>(scope));
  uint32_t size = domainSize(plan, domains[0].kind);
  for (uint32_t position = 0; position < size; ++position) {
    scope.push(domainValue(plan, domains[0].kind, scope.rank(), position));
    forEachPoint(domains.subspan(1), plan, scope, body);
    scope.pop();
  }
}

/// Combinations of the values of `domains`; 1 for none.
uint64_t pointCount(const Plan &plan, std::span<const Domain> domains);
/// Machines of a plan: its nodes, or one where tokens go to nodes and nothing goes by rail:
/// then nodes are groups of one machine's ranks.
uint32_t machineCount(const Plan &plan);
/// Whether S(s,b,k,m) are parts of P(s,b,k): what the task that makes them known says.
bool cutsByLanes(const Plan &plan);
/// Whether copy engines move a part of what is put.
bool usesCopyEngines(const Plan &plan);
/// Number of tasks of `op` on one rank in one step.
uint64_t instanceCount(const Plan &plan, const Op &op);

/// Calls `body(position)` for every instance of the op that `after` names, in order;
/// `scope` is that of the task which names them.
template <typename Body>
void forEachNamed(const Plan &plan, const After &after, const Scope &scope, const Body &body);

/// Ranks whose memory a put or signal writes: `to`, or all of them by multicast.
std::vector<uint32_t> targetRanks(const Plan &plan, const Op &op, const Scope &scope);

/// Cells of a flag, or regions of a buffer: the product of the extents.
uint64_t cellCount(std::span<const uint32_t> extents);

/// Row-major position of an index; each value lies in its extent.
uint64_t flatIndex(std::span<const uint32_t> extents, std::span<const Expr> index,
                   const Scope &scope);

/// An item set with its arguments filled in, in the order of argumentsOf(): A(first),
/// (first, second), for P and Q with the stage, for S with both.
struct ConcreteItems {
  ItemSetKind kind = ItemSetKind::A;
  uint32_t first = 0;
  uint32_t second = 0;          ///< 0 for A
  uint32_t stage = 0, lane = 0; ///< of pieces
  auto operator<=>(const ConcreteItems &) const = default;
};
ConcreteItems concreteItems(const ItemSet &items, const Scope &scope);
/// "D(0,1)"
std::string textOf(const ConcreteItems &items);
/// What a piece is cut from; nothing for sets that are whole.
std::optional<ConcreteItems> wholeOf(const ConcreteItems &items);

/// One region of one task.
struct ConcreteRegion {
  uint32_t buffer = 0;
  uint64_t region = 0; ///< row-major position in the buffer's extents
  ConcreteItems items;
  std::optional<ConcreteItems> frame = std::nullopt; ///< what it holds where that is more
  bool operator==(const ConcreteRegion &) const = default;
};
/// `scope` holds the op's own domain variables; `each` is spelt out, in order.
std::vector<ConcreteRegion> expandRegion(const Plan &plan, const Region &region,
                                         const Scope &scope);

namespace detail {
/// Positions of an op's instances whose first domain variables have led to `position`.
template <typename Body>
void forEachNamed(const Plan &plan, const After &after, const Scope &scope, size_t variable,
                  uint64_t position, const Body &body) {
  const std::vector<Domain> &domains = plan.ops[after.op].domains;
  if (variable == domains.size())
    return body(position);
  DomainKind kind = domains[variable].kind;
  uint32_t size = domainSize(plan, kind);
  bool any = after.all || after.args[variable].nodes.empty();
  uint32_t first = 0, last = size;
  if (!any) {
    first = domainPosition(plan, kind, scope.rank(),
                           static_cast<uint32_t>(scope(after.args[variable])));
    last = first + 1;
  }
  for (uint32_t at = first; at < last; ++at)
    forEachNamed(plan, after, scope, variable + 1, position * size + at, body);
}
} // namespace detail

template <typename Body>
void forEachNamed(const Plan &plan, const After &after, const Scope &scope, const Body &body) {
  detail::forEachNamed(plan, after, scope, 0, 0, body);
}

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_EXPAND_H
