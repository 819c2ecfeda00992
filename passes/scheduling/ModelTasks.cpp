//===- ModelTasks.cpp - What tasks do in a model run ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ModelTasks.h"

#include "passes/scheduling/AbstractRun.h"

#include <algorithm>

namespace moec::scheduling {

using plan::ConcreteItems, plan::ConcreteRegion, plan::ItemSetKind, plan::OpKind, plan::TaskKind;

//===----------------------------------------------------------------------===//
// Names of values
//===----------------------------------------------------------------------===//

/// What a value is the name of.
enum What : uint32_t { token = 1, route, record, nodeRecord, expertRow, sharedRow, sum };

static ModelValue mix(ModelValue seed, uint64_t value) {
  seed = (seed ^ (value + 0x9e3779b97f4a7c15)) * 0xff51afd7ed558ccd;
  return (seed ^ seed >> 33) | 1; // never poison
}

ModelValue ModelTasks::name(uint32_t what, uint32_t a, uint32_t b, uint32_t c) const {
  return mix(mix(mix(mix(mix(1, what), step), a), b), c);
}

ModelValue ModelTasks::row(uint32_t source, uint32_t item) const {
  return name(expertRow, source, item);
}

/// Sums remember what was added, and in which order.
ModelValue ModelTasks::rankSum(uint32_t source, uint32_t p, uint32_t token) const {
  ModelValue value = name(sum, source, token);
  const std::vector<uint32_t> &slots = traffic().slotsOf(source, token);
  for (uint32_t slot = 0; slot < slots.size(); ++slot)
    if (slots[slot] == p)
      value = mix(value, row(source, token * traffic().slots() + slot));
  return value;
}

static bool goesTo(const std::vector<uint32_t> &slots, uint32_t rank) {
  return std::find(slots.begin(), slots.end(), rank) != slots.end();
}

ModelValue ModelTasks::nodeSum(uint32_t source, uint32_t node, uint32_t token) const {
  ModelValue value = name(sum, source, token);
  for (uint32_t p = node * plan.lanes(); p < (node + 1) * plan.lanes(); ++p)
    if (goesTo(traffic().slotsOf(source, token), p))
      value = mix(value, rankSum(source, p, token));
  return value;
}

/// Of all ranks, of those too that have no row of the token. The model adds in their
/// order, which no plan can count on.
ModelValue ModelTasks::switchSum(uint32_t source, uint32_t token) const {
  ModelValue value = name(sum, source, token);
  for (uint32_t p = 0; p < plan.ranks; ++p)
    value = mix(value, rankSum(source, p, token));
  return value;
}

ModelValue ModelTasks::result(uint32_t token) const {
  ModelValue value = name(sum, rank, token);
  const std::vector<uint32_t> &slots = traffic().slotsOf(rank, token);
  auto isOn = [&](uint32_t node) {
    return std::any_of(slots.begin(), slots.end(),
                       [&](uint32_t p) { return p / plan.lanes() == node; });
  };
  switch (plan.sumTree) {
  case plan::SumTree::Rows:
    for (uint32_t slot = 0; slot < slots.size(); ++slot)
      value = mix(value, row(rank, token * traffic().slots() + slot));
    break;
  case plan::SumTree::RankPartial:
    for (uint32_t p = 0; p < plan.ranks; ++p)
      if (goesTo(slots, p))
        value = mix(value, rankSum(rank, p, token));
    break;
  case plan::SumTree::NodePartial:
    for (uint32_t node = 0; node < plan.nodes; ++node)
      if (isOn(node))
        value = mix(value, nodeSum(rank, node, token));
    break;
  case plan::SumTree::Switch:
    value = mix(value, switchSum(rank, token));
    break;
  }
  return value;
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

std::vector<ConcreteRegion> ModelTasks::expand(const plan::Region &region) const {
  return plan::expandRegion(plan, region, graph[task].scope);
}

/// How M is cut follows from its size, where a part of D lies in M from the items of both.
bool ModelTasks::isKnown(const ConcreteItems &set) const {
  switch (set.kind) {
  case ItemSetKind::A:
    return set.first == rank || wasTold(set);
  case ItemSetKind::D:
  case ItemSetKind::Y:
  case ItemSetKind::M:
    return wasTold(set);
  case ItemSetKind::S:
    return staged.count({rank, step}) != 0;
  case ItemSetKind::P:
    return wasTold(*plan::wholeOf(set));
  case ItemSetKind::Q:
    return wasTold(set) || (set.first == rank && wasTold(*plan::wholeOf(set))) ||
           split.count({rank, step, *plan::wholeOf(set)});
  }
  return false;
}

std::vector<uint32_t> ModelTasks::know(const ConcreteItems &set) {
  if (!isKnown(set))
    fail("needs " + plan::textOf(set) + ", of which its rank does not know yet");
  return traffic().items(set);
}

/// Rows lie in slot layout at their own place, else behind one another; in a frame at
/// their place in the frame.
uint32_t ModelTasks::recordOf(const ConcreteRegion &region, uint32_t item,
                              uint32_t position) const {
  if (plan.buffers[region.buffer].layout == plan::BufferLayout::Slot)
    return item;
  if (!region.frame)
    return position;
  std::vector<uint32_t> all = traffic().items(*region.frame);
  return static_cast<uint32_t>(std::lower_bound(all.begin(), all.end(), item) - all.begin());
}

void ModelTasks::readAs(const ConcreteRegion &region, const Expected &expected) {
  std::vector<uint32_t> items = know(region.items);
  if (region.frame)
    know(*region.frame);
  for (uint32_t i = 0; i < items.size(); ++i) {
    ModelValue found = memory.read(region, recordOf(region, items[i], i));
    if (plan.buffers[region.buffer].space == plan::BufferSpace::Input)
      found = name(token, rank, items[i]);
    if (found != expected(items[i]))
      fail(std::string(found ? "finds something else" : "finds poison") + " in item " +
           std::to_string(i) + " of " + plan::textOf(region.items) + " in '" +
           plan.buffers[region.buffer].name + "'");
  }
}

void ModelTasks::writeAs(const ConcreteRegion &region, const Expected &value) {
  std::vector<uint32_t> items = know(region.items);
  if (region.frame)
    know(*region.frame);
  for (uint32_t i = 0; i < items.size(); ++i)
    memory.write(region, recordOf(region, items[i], i), value(items[i]));
}

//===----------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------===//

void ModelTasks::learnRoutes() {
  for (uint32_t p = 0; p < plan.ranks; ++p) {
    learn({ItemSetKind::D, rank, p});
    learn({ItemSetKind::Y, rank, p});
  }
  for (uint32_t node = 0; node < plan.nodes; ++node)
    learn({ItemSetKind::M, rank, node});
}

void ModelTasks::runLocal(TaskId id) {
  const plan::Op &op = graph.op(id);
  auto ownToken = [&](uint32_t item) { return name(token, rank, item); };
  auto ownRoute = [&](uint32_t item) { return name(route, rank, item); };
  switch (op.task) {
  case TaskKind::Route:
  case TaskKind::Shared:
    readAs(expand(op.reads[0])[0], ownToken);
    if (op.task == TaskKind::Route)
      learnRoutes();
    writeAs(expand(op.writes[0])[0], [&](uint32_t item) {
      return name(op.task == TaskKind::Route ? route : sharedRow, rank, item);
    });
    break;
  case TaskKind::Pack:
  case TaskKind::PackNodes:
    readAs(expand(op.reads[0])[0], ownRoute);
    for (const ConcreteRegion &to : expand(op.writes[0]))
      writeAs(to, [&](uint32_t item) {
        return name(op.task == TaskKind::Pack ? record : nodeRecord, to.items.first,
                    to.items.second, item);
      });
    break;
  case TaskKind::Split:
    for (const ConcreteRegion &from : expand(op.reads[0]))
      readAs(from, [&](uint32_t item) {
        return name(nodeRecord, from.items.first, from.items.second, item);
      });
    for (const ConcreteRegion &to : expand(op.writes[0])) {
      learn(to.items);
      split.insert({rank, step, to.items});
      learn({ItemSetKind::Y, to.items.first, to.items.second});
      writeAs(to,
              [&](uint32_t item) { return name(record, to.items.first, to.items.second, item); });
    }
    break;
  case TaskKind::Select:
    for (const ConcreteRegion &from : expand(op.reads[0]))
      readAs(from, [&](uint32_t item) { return name(route, from.items.first, item); });
    for (const ConcreteRegion &to : expand(op.writes[0])) {
      learn(to.items);
      learn({ItemSetKind::Y, to.items.first, to.items.second});
      writeAs(to,
              [&](uint32_t item) { return name(record, to.items.first, to.items.second, item); });
    }
    break;
  case TaskKind::Experts:
    for (const ConcreteRegion &from : expand(op.reads[0]))
      readAs(from, [&](uint32_t item) { return name(token, from.items.first, item); });
    for (const ConcreteRegion &from : expand(op.reads[1]))
      readAs(from, [&](uint32_t item) {
        return name(record, from.items.first, from.items.second, item);
      });
    for (const ConcreteRegion &to : expand(op.writes[0])) {
      learn(to.items);
      writeAs(to, [&](uint32_t item) { return row(to.items.first, item); });
    }
    break;
  case TaskKind::SlotSum:
  case TaskKind::RankSum:
  case TaskKind::NodeSum:
  case TaskKind::PartSum:
  case TaskKind::FullSum:
    runSum(id);
    break;
  case TaskKind::SwitchSum:
    readAs(expand(op.reads[0])[0], [&](uint32_t item) { return switchSum(rank, item); });
    readSummands(op, 1);
    writeResults(op);
    break;
  case TaskKind::Stages:
  case TaskKind::Lanes:
    for (uint32_t source = 0; source < plan.ranks; ++source)
      for (uint32_t node = 0; node < plan.nodes; ++node)
        know({ItemSetKind::M, source, node});
    staged.insert({rank, step});
    break;
  }
}

/// The shared expert's rows and the tokens themselves.
void ModelTasks::readSummands(const plan::Op &op, size_t first) {
  for (size_t i = first; i < op.reads.size(); ++i) {
    bool isInput = plan.buffers[op.reads[i].buffer].space == plan::BufferSpace::Input;
    readAs(expand(op.reads[i])[0],
           [&](uint32_t item) { return name(isInput ? token : sharedRow, rank, item); });
  }
}

void ModelTasks::writeResults(const plan::Op &op) {
  for (const ConcreteRegion &to : expand(op.writes[0])) {
    writeAs(to, [&](uint32_t item) { return result(item); });
    bool isOutput = plan.buffers[to.buffer].space == plan::BufferSpace::Output;
    if (isOutput && to.items == ConcreteItems{ItemSetKind::A, rank, 0})
      results.insert({rank, step});
  }
}

void ModelTasks::runSum(TaskId id) {
  const plan::Op &op = graph.op(id);
  bool isLast = op.task == TaskKind::SlotSum || op.task == TaskKind::PartSum;
  for (const ConcreteRegion &from : expand(op.reads[0]))
    readAs(from, [&](uint32_t item) {
      if (isLast)
        return name(route, rank, item);
      return name(op.task == TaskKind::NodeSum ? nodeRecord : record, from.items.first,
                  from.items.second, item);
    });
  for (const ConcreteRegion &from : expand(op.reads[1]))
    readAs(from, [&](uint32_t item) {
      if (from.items.kind == ItemSetKind::Y)
        return row(from.items.first, item);
      bool isOfNode = from.items.kind == ItemSetKind::M || from.items.kind == ItemSetKind::P;
      return isOfNode ? nodeSum(from.items.first, from.items.second, item)
                      : rankSum(from.items.first, from.items.second, item);
    });
  readSummands(op, 2);
  if (isLast)
    return writeResults(op);
  for (const ConcreteRegion &to : expand(op.writes[0]))
    writeAs(to, [&](uint32_t item) {
      return op.task == TaskKind::NodeSum ? nodeSum(to.items.first, to.items.second, item)
                                          : rankSum(to.items.first, rank, item);
    });
}

void ModelTasks::runPut(TaskId id) {
  const plan::Op &op = graph.op(id);
  ConcreteRegion from = expand(op.reads[0])[0], into = expand(op.writes[0])[0];
  for (const std::optional<ConcreteItems> &frame : {from.frame, into.frame})
    if (frame)
      know(*frame);
  std::vector<uint32_t> items = know(from.items);
  bool isInput = plan.buffers[from.buffer].space == plan::BufferSpace::Input;
  for (uint32_t i = 0; i < items.size(); ++i) {
    ModelValue value = memory.read(from, recordOf(from, items[i], i));
    if (isInput)
      value = name(token, rank, items[i]);
    memory.write(into, recordOf(into, items[i], i), value);
  }
}

void ModelTasks::runPull(TaskId id) {
  const plan::Op &op = graph.op(id);
  ConcreteRegion from = expand(op.reads[0])[0], into = expand(op.writes[0])[0];
  std::vector<uint32_t> items = know(from.items);
  for (uint32_t i = 0; i < items.size(); ++i) {
    for (uint32_t p = 0; p < plan.ranks; ++p)
      if (memory.read(from, recordOf(from, items[i], i), p) != rankSum(rank, p, items[i]))
        fail("finds no sum of rank " + std::to_string(p) + " for item " + std::to_string(i) +
             " of " + plan::textOf(from.items) + " in '" + plan.buffers[from.buffer].name + "'");
    memory.write(into, recordOf(into, items[i], i), switchSum(rank, items[i]));
  }
}

void ModelTasks::runSignal(TaskId id) {
  const plan::Op &op = graph.op(id);
  uint32_t payload = 0;
  if (op.hasPayload)
    payload = static_cast<uint32_t>(know(plan::concreteItems(op.payload, graph[id].scope)).size());
  memory.signal(payload);
}

void ModelTasks::runWait(TaskId id) {
  const plan::Op &op = graph.op(id);
  uint32_t payload = memory.acquire();
  if (!op.hasPayload)
    return;
  ConcreteItems set = plan::concreteItems(op.payload, graph[id].scope);
  learn(set);
  if (size_t count = traffic().items(set).size(); payload != count)
    fail("takes " + std::to_string(payload) + " for the size of " + plan::textOf(set) +
         ", which is " + std::to_string(count));
}

std::string ModelTasks::run(TaskId id) {
  task = id;
  rank = graph[id].rank;
  step = graph[id].step;
  wrong.clear();
  switch (graph.op(id).kind) {
  case OpKind::Compute:
  case OpKind::Reduce:
    runLocal(id);
    break;
  case OpKind::Put:
  case OpKind::Copy:
    runPut(id);
    break;
  case OpKind::Signal:
    runSignal(id);
    break;
  case OpKind::Wait:
    runWait(id);
    break;
  case OpKind::Pull:
    runPull(id);
    break;
  }
  return wrong;
}

std::string ModelTasks::findMissing() const {
  for (uint32_t number = 1; number <= steps.size(); ++number)
    for (uint32_t r = 0; r < plan.ranks; ++r)
      if (!results.count({r, number}))
        return "rank " + std::to_string(r) + " has no result in step " + std::to_string(number);
  return "";
}

} // namespace moec::scheduling
