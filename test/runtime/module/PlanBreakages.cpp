//===- PlanBreakages.cpp - Broken plans ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Layout.h"
#include "runtime/plan/Expr.h"
#include "test/runtime/module/Breakages.h"
#include "test/runtime/module/Sample.h"

namespace moec::test {

using namespace plan;

namespace {

/// The sample on two ranks with one thing changed in its plan, encoded unchecked.
std::function<Bytes()> plan(std::function<void(Plan &)> change) {
  return [change = std::move(change)] {
    ModuleContents contents = sampleContents(sampleLayer(), 2);
    contents.sources.clear();
    contents.provenance = {};
    change(contents.plan);
    return codegen::layOut(codegen::encodeSections(contents));
  };
}

// Positions in the sample's plan.
enum BufferPosition { x, route, record, recv, meta, y, back, out };
enum FlagPosition { fd, fc };
enum OpPosition { rt, pk, pd, pm, sd, wd, ex, pc, sc, wc, rd };

std::function<Bytes()> buffer(BufferPosition position, std::function<void(Buffer &)> change) {
  return plan([=](Plan &p) { change(p.buffers[position]); });
}
std::function<Bytes()> flag(FlagPosition position, std::function<void(Flag &)> change) {
  return plan([=](Plan &p) { change(p.flags[position]); });
}
std::function<Bytes()> op(OpPosition position, std::function<void(Op &)> change) {
  return plan([=](Plan &p) { change(p.ops[position]); });
}
/// The destination of `pd`, an expression that must be a rank.
std::function<Bytes()> to(const Expr &expr) {
  return op(pd, [=](Op &o) { o.to = expr; });
}

Expr p() { return domainVariable(0); }
Expr nodes(std::vector<ExprNode> list) { return {std::move(list)}; }

/// ((r + r) + r) + .. : `count` operands, two on the stack at once.
Expr longSum(uint32_t count) {
  Expr sum = plan::rank();
  for (uint32_t i = 1; i < count; ++i)
    sum = sum + plan::rank();
  return sum;
}

/// r + (r + (r + ..)): `count` operands, all on the stack at once.
Expr deepSum(uint32_t count) {
  Expr sum = plan::rank();
  for (uint32_t i = 1; i < count; ++i)
    sum = plan::rank() + sum;
  return sum;
}

} // namespace

static std::vector<Breakage> storageBreakages() {
  return {
      {"plan-name-empty", plan([](Plan &p) { p.name.clear(); })},
      {"plan-depth-zero", plan([](Plan &p) { p.depth = 0; })},
      {"plan-nodes-no-divisor", plan([](Plan &p) { p.nodes = 3; })},
      {"plan-sum-tree", plan([](Plan &p) { p.sumTree = SumTree(99); })},
      {"plan-too-many-ops", plan([](Plan &p) { p.ops.resize(4097); })},
      {"plan-name-not-an-identifier", op(pk, [](Op &o) { o.name = "1st"; })},
      {"plan-name-twice", op(pk, [](Op &o) { o.name = "fd"; })},
      {"buffer-space", buffer(recv, [](Buffer &b) { b.space = BufferSpace(4); })},
      {"buffer-extent-zero", buffer(recv, [](Buffer &b) { b.extents[1] = 0; })},
      {"buffer-too-many-extents", buffer(recv, [](Buffer &b) { b.extents = {1, 1, 1, 1, 2}; })},
      {"buffer-too-many-cells", buffer(recv, [](Buffer &b) { b.extents = {65536, 65536, 2}; })},
      {"buffer-records", buffer(y, [](Buffer &b) { b.recordsPerToken = 3; })},
      {"buffer-bytes-zero", buffer(x, [](Buffer &b) { b.bytesPerRecord = 0; })},
      {"buffer-too-large", buffer(recv,
                                  [](Buffer &b) {
                                    b.extents = {65536, 65536};
                                    b.bytesPerRecord = 1 << 28;
                                  })},
      {"buffer-input-with-extents", buffer(x, [](Buffer &b) { b.extents = {2}; })},
      {"buffer-two-inputs", buffer(route, [](Buffer &b) { b.space = BufferSpace::Input; })},
      {"buffer-no-output", buffer(out, [](Buffer &b) { b.space = BufferSpace::Local; })},
      {"flag-extent-zero", flag(fd, [](Flag &f) { f.extents[0] = 0; })},
      {"flag-writer-missing", flag(fd, [](Flag &f) { f.writer = {}; })},
      {"flag-writer-no-rank", flag(fd, [](Flag &f) { f.writer = p() + constant(2); })},
      {"flag-writer-uses-step", flag(fd, [](Flag &f) { f.writer = mod(step(), 2); })},
  };
}

static std::vector<Breakage> exprBreakages() {
  using Kind = ExprNode::Kind;
  return {
      {"expr-missing", to({})},
      {"expr-unknown-kind", to(nodes({{Kind(6), 0}}))},
      {"expr-unknown-variable", to(variable(3))},
      {"expr-negative-variable", to(variable(-1))},
      {"expr-no-operands", to(nodes({{Kind::Add, 0}}))},
      {"expr-one-operand", to(nodes({{Kind::Constant, 1}, {Kind::Add, 0}}))},
      {"expr-two-values", to(nodes({{Kind::Constant, 0}, {Kind::Constant, 0}}))},
      {"expr-operator-with-value",
       to(nodes({{Kind::Constant, 0}, {Kind::Constant, 0}, {Kind::Add, 1}}))},
      {"expr-divisor-zero", to(mod(p(), 0))},
      {"expr-divisor-negative", to(floorDiv(p(), -2))},
      {"expr-divisor-variable",
       to(nodes({{Kind::Constant, 0}, {Kind::Variable, 0}, {Kind::Mod, 0}}))},
      {"expr-too-long", to(longSum(40))},
      {"expr-too-deep", to(deepSum(17))},
      {"expr-overflow", to(mod(step() * step() * constant(INT64_MAX), 2))},
      {"expr-no-rank", to(plan::rank() + p())},
  };
}

static std::vector<Breakage> regionBreakages() {
  return {
      {"region-buffer-unknown", op(pd, [](Op &o) { o.writes[0].buffer = 8; })},
      {"region-index-missing", op(pd, [](Op &o) { o.writes[0].index.pop_back(); })},
      {"region-index-outside", op(pd, [](Op &o) { o.writes[0].index[1] = p() + constant(1); })},
      {"region-parity-outside", op(pd, [](Op &o) { o.writes[0].index[0] = mod(step(), 2); })},
      {"region-items-kind", op(pd, [](Op &o) { o.reads[0].items.kind = ItemSetKind(5); })},
      {"region-items-arity", op(pd, [](Op &o) { o.reads[0].items.args.pop_back(); })},
      {"region-items-no-rank", op(pd, [](Op &o) { o.reads[0].items.args[1] = constant(2); })},
      {"region-records", op(pc, [](Op &o) { o.reads[0].items.kind = ItemSetKind::D; })},
      {"region-writes-input", op(rt, [](Op &o) { o.writes[0].buffer = x; })},
      {"region-reads-output", op(rt, [](Op &o) { o.reads[0].buffer = out; })},
      {"region-node-outside",
       op(pd, [](Op &o) { o.reads[0].items = {ItemSetKind::M, {plan::rank(), constant(1)}}; })},
      {"region-frame-of-items", op(pd, [](Op &o) { o.reads[0].frame = o.reads[0].items; })},
      {"region-frame-in-a-target",
       op(pd, [](Op &o) { o.writes[0].frame = {ItemSetKind::M, {plan::rank(), constant(0)}}; })},
      {"region-frame-in-slots",
       op(pd, [](Op &o) { o.reads[0].frame = {ItemSetKind::M, {plan::rank(), constant(0)}}; })},
      {"region-frame-of-another",
       op(pm, [](Op &o) { o.reads[0].frame = {ItemSetKind::M, {p(), constant(0)}}; })},
      {"region-frame-in-a-task",
       op(ex, [](Op &o) { o.reads[0].frame = {ItemSetKind::M, {p(), constant(0)}}; })},
      {"region-too-many", op(rt, [](Op &o) { o.reads.resize(17); })},
      {"domain-variable-reserved", op(pk, [](Op &o) { o.domains[0].variable = "n"; })},
      {"domain-variable-twice",
       op(ex, [](Op &o) { o.reads[0].each.push_back({"s", DomainKind::All}); })},
      {"domain-kind", op(pk, [](Op &o) { o.domains[0].kind = DomainKind(99); })},
      {"domain-other-nodes-of-one",
       op(pk, [](Op &o) { o.domains[0].kind = DomainKind::OtherNodes; })},
      {"after-own-node-of-other-nodes", plan([](Plan &p) {
         p.nodes = 2;
         p.ops[pd].domains[0].kind = DomainKind::OtherNodes;
       })},
      {"domain-too-many", op(pk, [](Op &o) { o.domains.assign(5, {"p", DomainKind::All}); })},
      {"domain-too-many-tasks", plan([](Plan &p) {
         p.ranks = 5000;
         p.ops[pk].domains.push_back({"q", DomainKind::All});
       })},
  };
}

static std::vector<Breakage> taskBreakages() {
  return {
      {"task-kind", op(rt, [](Op &o) { o.task = TaskKind(99); })},
      {"task-sum-in-compute", op(rd, [](Op &o) { o.kind = OpKind::Compute; })},
      {"task-route-in-reduce", op(rt, [](Op &o) { o.kind = OpKind::Reduce; })},
      {"task-reads-missing", op(ex, [](Op &o) { o.reads.pop_back(); })},
      {"task-reads-too-many", op(rd, [](Op &o) { o.reads.resize(5, o.reads[0]); })},
      {"task-writes-missing", op(rt, [](Op &o) { o.writes.clear(); })},
      {"task-items", op(pk, [](Op &o) { o.writes[0].items = {ItemSetKind::A, {plan::rank()}}; })},
      {"task-items-of-another", op(rt, [](Op &o) { o.reads[0].items.args[0] = constant(0); })},
      {"task-route-bytes", buffer(route, [](Buffer &b) { b.bytesPerRecord = 12; })},
      {"task-record-bytes", plan([](Plan &p) {
         p.buffers[record].bytesPerRecord = p.buffers[meta].bytesPerRecord = 12;
       })},
      {"task-of-two-tiers", op(pk, [](Op &o) { o.task = TaskKind::PackNodes; })},
      {"task-parts-without-partial-result", op(rd, [](Op &o) { o.task = TaskKind::PartSum; })},
      {"task-rows-with-partial-result", plan([](Plan &p) { p.sumTree = SumTree::RankPartial; })},
      {"task-experts-sources",
       op(ex, [](Op &o) { o.reads[1].each[0].kind = DomainKind::Stagger; })},
  };
}

/// The put as a pull of such a set.
static std::function<void(Op &)> pullOf(ItemSetKind kind) {
  return [kind](Op &o) {
    o.kind = OpKind::Pull;
    o.to = {};
    o.window = 0;
    o.reads[0] = o.writes[0] = {x, {}, {kind, {plan::rank()}}, {}};
    if (kind != ItemSetKind::A)
      o.reads[0].items.args.push_back(plan::rank());
    o.writes[0].items = o.reads[0].items;
    o.writes[0].buffer = recv;
    o.writes[0].index = {constant(0), plan::rank()};
  };
}

static std::vector<Breakage> opBreakages() {
  return {
      {"op-kind", op(pk, [](Op &o) { o.kind = OpKind(99); })},
      {"op-path", op(pd, [](Op &o) { o.via = Path(99); })},
      {"op-engine", op(pm, [](Op &o) { o.engine = Engine(99); })},
      {"op-compute-with-engine", op(pk, [](Op &o) { o.engine = Engine::Copy; })},
      {"op-engine-of-slots", op(pd, [](Op &o) { o.engine = Engine::Copy; })},
      {"op-engine-by-host", op(pm,
                               [](Op &o) {
                                 o.engine = Engine::Copy;
                                 o.via = Path::Host;
                               })},
      {"copy-with-destination", op(pm, [](Op &o) { o.kind = OpKind::Copy; })},
      {"copy-within-a-buffer", op(pm,
                                  [](Op &o) {
                                    o.kind = OpKind::Copy;
                                    o.to = {};
                                    o.window = 0;
                                    o.writes = o.reads;
                                  })},
      {"op-rates", op(pd, [](Op &o) { o.rates = Rates(99); })},
      {"op-compute-with-rates", op(pk, [](Op &o) { o.rates = Rates::Sizes; })},
      {"op-rates-of-one-at-a-time", op(pd,
                                       [](Op &o) {
                                         o.window = 1;
                                         o.rates = Rates::Sizes;
                                       })},
      {"op-compute-with-window", op(pk, [](Op &o) { o.window = 1; })},
      {"op-compute-with-each-peer", op(pk, [](Op &o) { o.eachPeer = true; })},
      {"op-each-peer-without-window", op(pd,
                                         [](Op &o) {
                                           o.window = 0;
                                           o.eachPeer = true;
                                         })},
      {"op-put-with-payload", op(pd,
                                 [](Op &o) {
                                   o.hasPayload = true;
                                   o.payload = o.reads[0].items;
                                 })},
      {"op-wait-with-destination", op(wd, [](Op &o) { o.to = p(); })},
      {"put-two-sources", op(pd, [](Op &o) { o.reads.push_back(o.reads[0]); })},
      {"put-into-local", op(pm, [](Op &o) { o.writes[0] = o.reads[0]; })},
      {"put-each", op(pd, [](Op &o) { o.reads[0].each = {{"q", DomainKind::All}}; })},
      {"put-other-items",
       op(pd, [](Op &o) { std::swap(o.reads[0].items.args[0], o.reads[0].items.args[1]); })},
      {"put-other-bytes", op(pm, [](Op &o) { o.writes[0].buffer = recv; })},
      {"put-to-nobody", op(pd, [](Op &o) { o.to = {}; })},
      {"put-to-all-of-each-peer", op(pd,
                                     [](Op &o) {
                                       o.via = Path::Multicast;
                                       o.to = {};
                                       o.window = 1;
                                       o.eachPeer = true;
                                     })},
      {"put-to-all-and-one", op(pd, [](Op &o) { o.via = Path::Multicast; })},
      {"put-to-all-of-two-nodes", plan([](Plan &p) {
         p.nodes = 2;
         p.ops[pd].via = Path::Multicast;
         p.ops[pd].to = {};
       })},
      {"signal-to-all-and-one", op(sd, [](Op &o) { o.via = Path::Multicast; })},
      {"pull-of-parts", op(pc, pullOf(ItemSetKind::D))},
      {"pull-from-local", op(pc, pullOf(ItemSetKind::A))},
      {"signal-flag-unknown", op(sd, [](Op &o) { o.flag = 2; })},
      {"signal-index-missing", op(sd, [](Op &o) { o.flagIndex.clear(); })},
      {"signal-index-outside", op(sd, [](Op &o) { o.flagIndex[0] = constant(1); })},
      {"signal-value-zero", op(sd, [](Op &o) { o.value = step() + constant(-1); })},
      {"signal-value-repeats", op(sd, [](Op &o) { o.value = mod(step(), 4) + constant(1); })},
      {"signal-payload-missing", op(sd, [](Op &o) { o.hasPayload = false; })},
      {"wait-payload-not-carried", op(wc,
                                      [](Op &o) {
                                        o.hasPayload = true;
                                        o.payload = {ItemSetKind::D, {p(), plan::rank()}};
                                      })},
      {"after-itself", op(pd, [](Op &o) { o.after[0].op = pd; })},
      {"after-argument-missing", op(pm, [](Op &o) { o.after[0].args.clear(); })},
      {"after-any-for-all", op(pm, [](Op &o) { o.after[0].args[0] = {}; })},
      {"after-all-with-arguments", op(pm, [](Op &o) { o.after[0].all = true; })},
      {"after-no-rank", op(pm, [](Op &o) { o.after[0].args[0] = constant(-1); })},
      {"location-without-line", op(pd, [](Op &o) { o.location.line = 0; })},
  };
}

std::vector<Breakage> planBreakages() {
  std::vector<Breakage> all = storageBreakages();
  for (const auto &more : {exprBreakages(), regionBreakages(), taskBreakages(), opBreakages()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

} // namespace moec::test
