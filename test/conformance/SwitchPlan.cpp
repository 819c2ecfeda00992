//===- SwitchPlan.cpp - Plans whose exchanges a switch makes ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/SwitchPlan.h"

#include "runtime/plan/Expr.h"

#include <algorithm>

namespace moec::test {

using namespace plan;

namespace {

/// Edits the sample's plan; its buffers and ops are found by their names.
class SwitchMaker {
public:
  explicit SwitchMaker(Plan direct) : plan(std::move(direct)) {}

  Plan make(bool adds) {
    multicast();
    select();
    if (adds)
      addBySwitch();
    return std::move(plan);
  }

private:
  template <typename Element> static uint32_t find(std::vector<Element> &all, const char *name) {
    auto found = std::find_if(all.begin(), all.end(), [&](auto &one) { return one.name == name; });
    return static_cast<uint32_t>(found - all.begin());
  }
  uint32_t number(const char *op) { return find(plan.ops, op); }
  Op &op(const char *name) { return plan.ops[number(name)]; }
  Buffer &buffer(const char *name) { return plan.buffers[find(plan.buffers, name)]; }

  static Expr s() { return domainVariable(0); }
  Expr copy() const { return plan.depth == 1 ? constant(0) : mod(step(), plan.depth); }
  static ItemSet own() { return {ItemSetKind::A, {plan::rank()}}; }
  static ItemSet all() { return {ItemSetKind::A, {s()}}; }
  static ItemSet mine() { return {ItemSetKind::D, {s(), plan::rank()}}; }

  void multicast();
  void select();
  void addBySwitch();

  Plan plan;
};

} // namespace

/// Tokens lie at their own place; routes go in place of the records packed from them.
void SwitchMaker::multicast() {
  buffer("recv").layout = BufferLayout::Slot;
  Buffer &routes = buffer("record");
  routes = {"routes", BufferSpace::Symmetric, BufferLayout::Slot, {plan.depth, plan.ranks},
            1,        12 * plan.topK};
  buffer("meta").space = BufferSpace::Local;
  buffer("meta").extents = {plan.ranks};
  for (const char *name : {"pd", "pm", "sd"}) {
    Op &sent = op(name);
    sent.domains.clear();
    sent.to = {};
    sent.via = Path::Multicast;
    sent.window = 0;
  }
  op("pd").reads[0].items = op("pd").writes[0].items = own();
  op("pd").after.clear();
  op("pm").reads = {{find(plan.buffers, "route"), {}, own(), {}}};
  op("pm").writes = {{find(plan.buffers, "routes"), {copy(), plan::rank()}, own(), {}}};
  op("pm").after = {{number("rt"), true, {}}};
  op("sd").payload = own();
  op("sd").after = {{number("pd"), true, {}}, {number("pm"), true, {}}};
  op("wd").payload = all();
}

/// Takes the place of the pack, behind the wait.
void SwitchMaker::select() {
  uint32_t from = number("pk"), to = number("wd");
  Op found = plan.ops[from];
  found.name = "se";
  found.task = TaskKind::Select;
  found.domains = {{"s", DomainKind::All}};
  found.reads = {{find(plan.buffers, "routes"), {copy(), s()}, all(), {}}};
  found.writes = {{find(plan.buffers, "meta"), {s()}, mine(), {}}};
  found.after = {{to - 1, false, {s()}}};
  plan.ops.erase(plan.ops.begin() + from);
  for (Op &other : plan.ops)
    for (After &after : other.after)
      after.op -= after.op > from && after.op <= to;
  plan.ops.insert(plan.ops.begin() + to, found);
  Op &experts = op("ex");
  experts.reads[1].index = {s()};
  experts.after = {{to, true, {}}};
}

void SwitchMaker::addBySwitch() {
  plan.sumTree = SumTree::Switch;
  uint32_t bytes = buffer("back").bytesPerRecord;
  buffer("back") = {"sums", BufferSpace::Symmetric, BufferLayout::Slot, {plan.depth, plan.ranks}, 1,
                    bytes};
  plan.buffers.push_back({"total", BufferSpace::Local, BufferLayout::Slot, {}, 1, bytes});
  uint32_t sums = find(plan.buffers, "sums"), total = find(plan.buffers, "total");
  Op &sum = op("pc");
  sum.kind = OpKind::Reduce;
  sum.task = TaskKind::FullSum;
  sum.domains = {{"s", DomainKind::All}};
  sum.to = {};
  sum.window = 0;
  sum.reads = {{find(plan.buffers, "meta"), {s()}, mine(), {}},
               {find(plan.buffers, "y"), {s()}, {ItemSetKind::Y, {s(), plan::rank()}}, {}}};
  sum.writes = {{sums, {copy(), s()}, all(), {}}};
  Op pull;
  pull.kind = OpKind::Pull;
  pull.name = "pl";
  pull.reads = {{sums, {copy(), plan::rank()}, own(), {}}};
  pull.writes = {{total, {}, own(), {}}};
  pull.after = {{number("wc"), true, {}}};
  pull.location = op("wc").location;
  Op last = plan.ops.back();
  last.task = TaskKind::SwitchSum;
  last.reads.erase(last.reads.begin());
  last.reads[0] = {total, {}, own(), {}};
  last.after[0].op = number("rd");
  plan.ops.back() = pull;
  plan.ops.push_back(last);
}

plan::Plan withSwitch(plan::Plan direct, bool adds) {
  return SwitchMaker(std::move(direct)).make(adds);
}

} // namespace moec::test
