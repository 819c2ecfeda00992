//===- Mutator.cpp - A plan with one thing changed ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/passes/scheduling/Mutator.h"

#include "runtime/plan/Expand.h"
#include "runtime/plan/Expr.h"
#include "runtime/plan/Names.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace moec::test {

using plan::After, plan::DomainKind, plan::Expr, plan::ItemSetKind, plan::Op, plan::Plan;

namespace {

class Mutator {
public:
  explicit Mutator(const Plan &plan) : plan(plan) {}
  std::vector<Mutant> run();

private:
  /// One mutant: a copy of the plan with op `i` changed.
  void add(size_t i, const std::string &what, const std::function<void(Op &)> &change);
  void leaveOut(size_t i, bool inherit);
  void moveBefore(size_t i, size_t j);
  void swapWith(size_t i, size_t j);
  void changeAfter(size_t i);
  void changeDomains(size_t i);
  void doubleIt(size_t i);
  void changeExpr(size_t i, const std::string &what, const std::function<Expr &(Op &)> &get);
  void changeItems(size_t i, const std::string &what,
                   const std::function<plan::ItemSet &(Op &)> &get);
  void changeRegion(size_t i, const std::string &what,
                    const std::function<plan::Region &(Op &)> &get);
  void changeFlag(size_t i);

  const Plan &plan;
  std::vector<Mutant> mutants;
};

} // namespace

void Mutator::add(size_t i, const std::string &what, const std::function<void(Op &)> &change) {
  Plan mutant = plan;
  change(mutant.ops[i]);
  if (mutant != plan)
    mutants.push_back({plan.ops[i].name + ": " + what, std::move(mutant)});
}

/// The dependences of an op, for others to take over: on all tasks, since the others'
/// variables are not its own.
static std::vector<After> onAll(std::vector<After> after) {
  for (After &each : after)
    each = {each.op, true, {}};
  return after;
}

void Mutator::leaveOut(size_t i, bool inherit) {
  Plan mutant = plan;
  std::vector<After> taken = inherit ? onAll(plan.ops[i].after) : std::vector<After>();
  for (Op &op : mutant.ops)
    if (std::erase_if(op.after, [&](const After &after) { return after.op == i; }))
      op.after.insert(op.after.end(), taken.begin(), taken.end());
  mutant.ops.erase(mutant.ops.begin() + i);
  for (Op &op : mutant.ops)
    for (After &after : op.after)
      after.op -= after.op > i;
  mutants.push_back({plan.ops[i].name + (inherit ? ": left out" : ": left out with its order"),
                     std::move(mutant)});
}

/// No longer after the j-th op that it names, but after what that one follows.
void Mutator::moveBefore(size_t i, size_t j) {
  uint32_t before = plan.ops[i].after[j].op;
  std::vector<After> taken = onAll(plan.ops[before].after);
  add(i, "before " + plan.ops[before].name, [&](Op &op) {
    op.after.erase(op.after.begin() + j);
    op.after.insert(op.after.end(), taken.begin(), taken.end());
  });
}

/// The j-th op that it names comes after it.
void Mutator::swapWith(size_t i, size_t j) {
  Plan mutant = plan;
  uint32_t other = plan.ops[i].after[j].op;
  Op first = plan.ops[i], second = plan.ops[other];
  first.after.erase(first.after.begin() + j);
  for (const After &after : onAll(second.after))
    first.after.push_back(after);
  if (std::any_of(first.after.begin(), first.after.end(),
                  [&](const After &after) { return after.op >= other; }))
    return; // follows something in between
  second.after = {{other, true, {}}};
  mutant.ops[other] = std::move(first);
  mutant.ops[i] = std::move(second);
  for (Op &op : mutant.ops)
    for (After &after : op.after)
      if (&op != &mutant.ops[i] && after.op == other)
        after = {static_cast<uint32_t>(i), true, {}};
  for (uint32_t k = 0; k < mutant.ops.size(); ++k)
    std::erase_if(mutant.ops[k].after, [&](const After &after) { return after.op >= k; });
  mutants.push_back(
      {plan.ops[i].name + ": swapped with " + plan.ops[other].name, std::move(mutant)});
}

void Mutator::changeAfter(size_t i) {
  for (size_t j = 0; j < plan.ops[i].after.size(); ++j) {
    const After &after = plan.ops[i].after[j];
    const std::string &name = plan.ops[after.op].name;
    add(i, "not after " + name, [&](Op &op) { op.after.erase(op.after.begin() + j); });
    moveBefore(i, j);
    swapWith(i, j);
    for (size_t k = 0; k < after.args.size(); ++k)
      if (after.args[k].nodes.empty())
        add(i, "after one of " + name, [&](Op &op) { op.after[j].args[k] = plan::constant(0); });
      else
        changeExpr(i, "after " + name + " argument " + std::to_string(k),
                   [j, k](Op &op) -> Expr & { return op.after[j].args[k]; });
    size_t variables = plan.ops[after.op].domains.size();
    if (after.all && variables)
      add(i, "after one of " + name, [&](Op &op) {
        op.after[j] = {after.op, false, std::vector<Expr>(variables, plan::constant(0))};
      });
  }
}

/// Whether a domain has other values; for waits, whose order is written plainly, in
/// another order too. Nodes and lanes are the same where there are as many of both.
static bool isOther(const Plan &plan, DomainKind a, DomainKind b, bool inOrder) {
  if (plan::domainSize(plan, a) != plan::domainSize(plan, b))
    return true;
  for (uint32_t rank = 0; inOrder && rank < plan.ranks; ++rank)
    for (uint32_t i = 0; i < plan::domainSize(plan, a); ++i)
      if (plan::domainValue(plan, a, rank, i) != plan::domainValue(plan, b, rank, i))
        return true;
  return false;
}

void Mutator::changeDomains(size_t i) {
  const Op &op = plan.ops[i];
  if (!op.domains.empty())
    add(i, "without its domain", [](Op &changed) { changed.domains.clear(); });
  for (size_t j = 0; j < op.domains.size(); ++j)
    for (DomainKind kind :
         {DomainKind::All, DomainKind::Stagger, DomainKind::Nodes, DomainKind::StaggerNodes,
          DomainKind::Lanes, DomainKind::StaggerLanes, DomainKind::OtherNodes, DomainKind::Stages})
      if (isOther(plan, kind, op.domains[j].kind, op.kind == plan::OpKind::Wait))
        add(i, std::string("domain ") + plan::nameOf(kind),
            [&](Op &changed) { changed.domains[j].kind = kind; });
}

void Mutator::doubleIt(size_t i) {
  Plan mutant = plan;
  Op twin = plan.ops[i];
  twin.name += "_twin";
  mutant.ops.push_back(twin);
  mutants.push_back({plan.ops[i].name + ": doubled", std::move(mutant)});
}

/// Another rank, another constant, one more.
void Mutator::changeExpr(size_t i, const std::string &what,
                         const std::function<Expr &(Op &)> &get) {
  const std::pair<const char *, Expr> others[] = {
      {"r", plan::rank()},
      {"n", plan::step()},
      {"0", plan::constant(0)},
      {"1", plan::constant(1)},
      {"first variable", plan::domainVariable(0)},
  };
  for (const auto &[name, expr] : others)
    add(i, what + " is " + name, [&](Op &op) { get(op) = expr; });
  add(i, what + " plus 1", [&](Op &op) { get(op) = get(op) + plan::constant(1); });
  add(i, what + " plus 1 mod ranks",
      [&](Op &op) { get(op) = plan::mod(get(op) + plan::constant(1), plan.ranks); });
}

void Mutator::changeItems(size_t i, const std::string &what,
                          const std::function<plan::ItemSet &(Op &)> &get) {
  add(i, what + " swapped",
      [&](Op &op) { std::reverse(get(op).args.begin(), get(op).args.end()); });
  for (auto kind : {ItemSetKind::A, ItemSetKind::D, ItemSetKind::Y, ItemSetKind::M, ItemSetKind::S,
                    ItemSetKind::P, ItemSetKind::Q})
    add(i, what + " of another kind", [&](Op &op) {
      get(op).kind = kind;
      size_t count = plan::argumentsOf(kind).size();
      get(op).args.resize(std::min<size_t>(count, 2), plan::rank());
      get(op).args.resize(count, plan::constant(0)); // a stage, a lane
    });
  Op copy = plan.ops[i];
  for (size_t j = 0; j < get(copy).args.size(); ++j)
    changeExpr(i, what + " argument " + std::to_string(j),
               [&, j](Op &op) -> Expr & { return get(op).args[j]; });
}

void Mutator::changeRegion(size_t i, const std::string &what,
                           const std::function<plan::Region &(Op &)> &get) {
  Op copy = plan.ops[i];
  const plan::Region &region = get(copy);
  for (uint32_t other = 0; other < plan.buffers.size(); ++other)
    add(i, what + " in " + plan.buffers[other].name, [&](Op &op) { get(op).buffer = other; });
  for (size_t j = 0; j < region.index.size(); ++j)
    changeExpr(i, what + " index " + std::to_string(j),
               [&, j](Op &op) -> Expr & { return get(op).index[j]; });
  changeItems(i, what + " set", [&](Op &op) -> plan::ItemSet & { return get(op).items; });
  add(i, what + " once", [&](Op &op) { get(op).each.clear(); });
  if (!region.each.empty())
    add(i, what + " from the rank on", [&](Op &op) {
      get(op).each[0].kind = DomainKind(int(get(op).each[0].kind) + 1); // staggered
    });
  if (region.frame) {
    add(i, what + " without frame", [&](Op &op) { get(op).frame.reset(); });
    changeItems(i, what + " frame", [&](Op &op) -> plan::ItemSet & { return *get(op).frame; });
  }
}

void Mutator::changeFlag(size_t i) {
  if (plan.ops[i].kind != plan::OpKind::Signal && plan.ops[i].kind != plan::OpKind::Wait)
    return;
  for (uint32_t flag = 0; flag < plan.flags.size(); ++flag)
    add(i, "flag " + plan.flags[flag].name, [&](Op &op) { op.flag = flag; });
  changeExpr(i, "value", [](Op &op) -> Expr & { return op.value; });
  for (size_t j = 0; j < plan.ops[i].flagIndex.size(); ++j)
    changeExpr(i, "cell index " + std::to_string(j),
               [j](Op &op) -> Expr & { return op.flagIndex[j]; });
  add(i, "without count", [](Op &op) {
    op.hasPayload = false;
    op.payload = {};
  });
  if (plan.ops[i].hasPayload)
    changeItems(i, "count", [](Op &op) -> plan::ItemSet & { return op.payload; });
}

std::vector<Mutant> Mutator::run() {
  for (size_t i = 0; i < plan.ops.size(); ++i) {
    const Op &op = plan.ops[i];
    leaveOut(i, /*inherit=*/true);
    leaveOut(i, /*inherit=*/false);
    doubleIt(i);
    changeAfter(i);
    for (size_t j = 0; j < op.reads.size(); ++j) {
      changeRegion(i, "read " + std::to_string(j),
                   [j](Op &changed) -> plan::Region & { return changed.reads[j]; });
      add(i, "read " + std::to_string(j) + " left out",
          [&](Op &changed) { changed.reads.erase(changed.reads.begin() + j); });
    }
    for (size_t j = 0; j < op.writes.size(); ++j)
      changeRegion(i, "write", [j](Op &changed) -> plan::Region & { return changed.writes[j]; });
    if (!op.to.nodes.empty()) {
      changeExpr(i, "to", [](Op &changed) -> Expr & { return changed.to; });
      add(i, "by the other path", [](Op &changed) {
        using enum plan::Path;
        changed.via = changed.via == NVLink ? Rail : NVLink;
      });
      if (op.via != plan::Path::Host)
        add(i, "by host", [](Op &changed) { changed.via = plan::Path::Host; });
      add(i, "to all", [](Op &changed) {
        changed.via = plan::Path::Multicast;
        changed.to = {};
      });
    }
    if (op.via == plan::Path::Multicast) {
      for (uint32_t rank = 0; rank < 2; ++rank)
        add(i, "to one rank", [&](Op &changed) {
          changed.via = plan::Path::NVLink;
          changed.to = rank ? plan::rank() : plan::constant(0);
        });
      add(i, "to all by one path", [](Op &changed) { changed.via = plan::Path::NVLink; });
    }
    if (op.kind == plan::OpKind::Pull)
      add(i, "of one rank", [](Op &changed) {
        changed.kind = plan::OpKind::Put;
        changed.to = plan::rank();
      });
    changeDomains(i);
    changeFlag(i);
  }
  return std::move(mutants);
}

std::vector<Mutant> mutate(const Plan &plan) { return Mutator(plan).run(); }

} // namespace moec::test
