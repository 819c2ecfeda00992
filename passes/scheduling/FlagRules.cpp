//===- FlagRules.cpp - The rules of a plan's flags ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/FlagRules.h"

#include "passes/scheduling/AbstractRun.h"
#include "passes/scheduling/Explain.h"

#include <algorithm>

namespace moec::scheduling {

std::vector<FlagRules::CellKey> FlagRules::getCells(TaskId id) const {
  const plan::Op &op = graph.op(id);
  const plan::Scope &scope = graph[id].scope;
  uint64_t cell = plan::flatIndex(plan.flags[op.flag].extents, op.flagIndex, scope);
  if (op.kind != plan::OpKind::Signal)
    return {{graph[id].rank, op.flag, cell}};
  std::vector<CellKey> keys;
  for (uint32_t rank : plan::targetRanks(plan, op, scope))
    keys.push_back({rank, op.flag, cell});
  return keys;
}

std::string FlagRules::describe(const CellKey &key) const {
  auto [rank, flag, cell] = key;
  return "cell " + std::to_string(cell) + " of flag '" + plan.flags[flag].name + "' on rank " +
         std::to_string(rank);
}

void FlagRules::add(Rule rule, TaskId task, std::optional<TaskId> other,
                    const std::string &message) {
  std::vector<TaskId> parties{task};
  if (other)
    parties.insert(parties.begin(), *other);
  faults.add(rule, graph[task].op, other ? std::optional(graph[*other].op) : std::nullopt, message,
             tellTasks(graph, parties));
}

void FlagRules::checkWriter(TaskId signal, const CellKey &key) {
  const plan::Op &op = graph.op(signal);
  const plan::Scope &scope = graph[signal].scope;
  plan::Scope cell(std::get<0>(key), graph[signal].step);
  for (const plan::Expr &index : op.flagIndex)
    cell.push(scope(index));
  int64_t writer = cell(plan.flags[op.flag].writer);
  if (writer != int64_t(graph[signal].rank))
    add(Rule::Writer, signal, {},
        graph.describe(signal) + " writes " + describe(key) + ", whose writer is rank " +
            std::to_string(writer));
}

void FlagRules::checkPayloads(TaskId signal, TaskId wait) {
  const plan::Op &from = graph.op(signal), &to = graph.op(wait);
  if (!to.hasPayload)
    return;
  plan::ConcreteItems carried = plan::concreteItems(from.payload, graph[signal].scope);
  plan::ConcreteItems taken = plan::concreteItems(to.payload, graph[wait].scope);
  if (carried != taken)
    add(Rule::Carry, wait, signal,
        graph.describe(wait) + " takes " + plan::textOf(taken) + ", " + graph.describe(signal) +
            " carries " + plan::textOf(carried));
}

void FlagRules::collect(TaskId id, const CellKey &key) {
  const plan::Op &op = graph.op(id);
  bool isSignal = op.kind == plan::OpKind::Signal;
  if (isSignal)
    checkWriter(id, key);
  Cell &cell = cells[key];
  int64_t value = graph[id].scope(op.value);
  auto [first, isNew] = (isSignal ? cell.signals : cell.waits).try_emplace(value, id);
  if (!isNew)
    add(isSignal ? Rule::SignalOnce : Rule::WaitOnce, id, first->second,
        graph.describe(id) + (isSignal ? " signals " : " waits for ") + std::to_string(value) +
            " in " + describe(key) + ", and so does " + graph.describe(first->second));
}

void FlagRules::collect() {
  for (TaskId id = 0; id < graph.size(); ++id) {
    plan::OpKind kind = graph.op(id).kind;
    if (kind == plan::OpKind::Signal || kind == plan::OpKind::Wait)
      for (const CellKey &key : getCells(id))
        collect(id, key);
  }
}

void FlagRules::match(const CellKey &key, const Cell &cell) {
  for (auto [value, signal] : cell.signals)
    if (!cell.waits.count(value))
      add(Rule::Pairing, signal, {},
          graph.describe(signal) + " signals " + std::to_string(value) + " in " + describe(key) +
              ", which nobody waits for");
  for (auto [value, wait] : cell.waits) {
    auto signal = cell.signals.find(value);
    if (signal == cell.signals.end()) {
      add(Rule::Pairing, wait, {},
          graph.describe(wait) + " waits for " + std::to_string(value) + " in " + describe(key) +
              ", which nobody signals");
      continue;
    }
    checkPayloads(signal->second, wait);
    graph.addEdge(signal->second, wait);
    waits.emplace_back(signal->second, wait);
  }
}

void FlagRules::pair() {
  collect();
  for (auto &[key, cell] : cells)
    match(key, cell);
  std::sort(waits.begin(), waits.end());
}

void FlagRules::checkOrder() {
  for (auto &[key, cell] : cells)
    for (auto next = cell.signals.begin(); next != cell.signals.end();) {
      auto earlier = next++;
      if (next == cell.signals.end())
        break;
      TaskId first = earlier->second, second = next->second;
      if (!graph.isBefore(first, second))
        faults.add(Rule::Monotone, graph[second].op, graph[first].op,
                   graph.describe(second) + " may overtake " + graph.describe(first) + " in " +
                       describe(key),
                   tellUnordered(graph, second, first));
      TaskId reader = cell.waits.at(earlier->first);
      if (graph.op(reader).hasPayload && !graph.isBefore(reader, second))
        faults.add(Rule::Payload, graph[second].op, graph[reader].op,
                   graph.describe(second) + " replaces the count in " + describe(key) + " that " +
                       graph.describe(reader) + " may still need",
                   tellUnordered(graph, second, reader));
    }
}

} // namespace moec::scheduling
