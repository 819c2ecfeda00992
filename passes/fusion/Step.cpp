//===- Step.cpp - The parts of one step, by what they are for -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/Step.h"
#include "runtime/module/Kernels.h"

namespace moec::fusion {
using namespace plan;

uint64_t Step::tokenPitch() const { return paddedRowBytes(layer.hidden, 2); }
uint64_t Step::returnedPitch() const {
  return paddedRowBytes(layer.hidden, layer.combineType == DType::BF16 ? 2 : 4);
}
uint64_t Step::resultPitch() const { return paddedRowBytes(layer.hidden, 4); }

namespace {
/// The one op of a kind, for each kind; what is not there is reported at the end.
class PartFinder {
public:
  PartFinder(const Plan &plan, Step &step) : plan(plan), step(step) {}
  std::string run();

private:
  void assign(const Op &op, uint32_t number);
  void assignTask(const Op &op, uint32_t number);
  void assignExchange(const Op &op, uint32_t number);
  void take(std::optional<uint32_t> &part, const Op &op, uint32_t number);
  void refuse(std::string what);
  uint32_t need(const std::optional<uint32_t> &part, const char *what);

  const Plan &plan;
  Step &step;
  std::string reason;
  std::optional<uint32_t> route, pack, putRows, putRecords, signalRows, waitRows, experts,
      putReturned, signalReturned, waitReturned, slotSum, shared;
};
} // namespace

void PartFinder::take(std::optional<uint32_t> &part, const Op &op, uint32_t number) {
  if (part && reason.empty())
    reason = "'" + op.name + "' does the same as '" + plan.ops[*part].name + "'";
  part = number;
}

void PartFinder::refuse(std::string what) {
  if (reason.empty())
    reason = std::move(what);
}

uint32_t PartFinder::need(const std::optional<uint32_t> &part, const char *what) {
  if (!part && reason.empty())
    reason = std::string("a plan without ") + what;
  return part.value_or(0);
}

void PartFinder::assignTask(const Op &op, uint32_t number) {
  switch (op.task) {
  case TaskKind::Route:
    return take(route, op, number);
  case TaskKind::Pack:
    return take(pack, op, number);
  case TaskKind::Experts:
    return take(experts, op, number);
  case TaskKind::Shared:
    return take(shared, op, number);
  case TaskKind::SlotSum:
    return take(slotSum, op, number);
  case TaskKind::PackNodes:
  case TaskKind::Split:
  case TaskKind::Stages:
  case TaskKind::Lanes:
    return refuse("'" + op.name + "', which hands tokens on within a node");
  case TaskKind::RankSum:
  case TaskKind::NodeSum:
  case TaskKind::PartSum:
    return refuse("'" + op.name + "', which adds partial sums");
  case TaskKind::Select:
    return refuse("'" + op.name + "', which selects from what was multicast");
  case TaskKind::FullSum:
  case TaskKind::SwitchSum:
    return refuse("'" + op.name + "', which leaves sums to the switch");
  }
}

/// A put of rows Y is the way back; of two puts of tokens the one that reads the
/// caller's input carries the rows.
void PartFinder::assignExchange(const Op &op, uint32_t number) {
  if (op.via == Path::Rail && reason.empty())
    reason = "'" + op.name + "' leaves the node";
  if (op.via == Path::Multicast)
    return refuse("'" + op.name + "', which multicasts");
  if (op.rates != Rates::Equal && reason.empty())
    reason = "'" + op.name + "', whose rates go by size";
  if (op.via == Path::Host && reason.empty())
    reason = "'" + op.name + "' goes through memory of the host";
  if (op.engine != Engine::Sm && reason.empty())
    reason = "'" + op.name + "', which a copy engine moves";
  if (op.kind == OpKind::Put) {
    const Region &from = op.reads[0];
    if (from.items.kind == ItemSetKind::Y)
      take(putReturned, op, number);
    else if (plan.buffers[from.buffer].space == BufferSpace::Input)
      take(putRows, op, number);
    else
      take(putRecords, op, number);
    return;
  }
  bool counts = plan.flags[op.flag].carriesCount;
  if (op.kind == OpKind::Signal)
    take(counts ? signalRows : signalReturned, op, number);
  else
    take(counts ? waitRows : waitReturned, op, number);
}

void PartFinder::assign(const Op &op, uint32_t number) {
  switch (op.kind) {
  case OpKind::Compute:
  case OpKind::Reduce:
    return assignTask(op, number);
  case OpKind::Put:
  case OpKind::Signal:
  case OpKind::Wait:
    return assignExchange(op, number);
  case OpKind::Pull:
    return refuse("'" + op.name + "', which leaves sums to the switch");
  case OpKind::Copy:
    return refuse("'" + op.name + "', which packs for a copy engine");
  }
}

std::string PartFinder::run() {
  for (uint32_t i = 0; i < plan.ops.size(); ++i)
    assign(plan.ops[i], i);
  StepOps &ops = step.ops;
  ops.route = need(route, "a route task");
  ops.pack = need(pack, "a pack task");
  ops.putRows = need(putRows, "a put of token rows");
  ops.putRecords = need(putRecords, "a put of records");
  ops.signalRows = need(signalRows, "a signal that carries a count");
  ops.waitRows = need(waitRows, "a wait for a count");
  ops.experts = need(experts, "a task of experts");
  ops.putReturned = need(putReturned, "a put of experts' rows");
  ops.signalReturned = need(signalReturned, "a signal without a count");
  ops.waitReturned = need(waitReturned, "a wait without a count");
  ops.slotSum = need(slotSum, "a slot sum");
  ops.shared = shared;
  if (!reason.empty())
    return reason;
  auto written = [&](uint32_t op) { return plan.ops[op].writes[0].buffer; };
  StepBuffers &buffers = step.buffers;
  buffers.tokens = plan.ops[ops.putRows].reads[0].buffer;
  buffers.routes = written(ops.route);
  buffers.packed = written(ops.pack);
  buffers.received = written(ops.putRows);
  buffers.records = written(ops.putRecords);
  buffers.rows = written(ops.experts);
  buffers.returned = written(ops.putReturned);
  if (shared)
    buffers.shared = written(*shared);
  buffers.result = written(ops.slotSum);
  step.rowsFlag = plan.ops[ops.signalRows].flag;
  step.returnedFlag = plan.ops[ops.signalReturned].flag;
  step.ranks = plan.ranks;
  step.depth = plan.depth;
  if (!plan.ops[ops.experts].domains.empty())
    return "experts source by source";
  return "";
}

std::string findParts(const Plan &plan, Step &step) { return PartFinder(plan, step).run(); }

} // namespace moec::fusion
