//===- FlagRules.h - The rules of a plan's flags ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_FLAGRULES_H
#define MOEC_PASSES_SCHEDULING_FLAGRULES_H

#include "passes/scheduling/Faults.h"

#include <map>

namespace moec::scheduling {

class FlagRules {
public:
  FlagRules(const plan::Plan &plan, TaskGraph &graph, Faults &faults)
      : plan(plan), graph(graph), faults(faults) {}
  /// Pairs signals with waits and adds the order that they give: rules writer,
  /// signal-once, wait-once, pairing, carry.
  void pair();
  /// Rules monotone and payload. Needs the graph sorted.
  void checkOrder();

  /// The wait for each signal. After pair().
  const std::map<TaskId, TaskId> &getWaits() const { return waits; }

private:
  /// One flag word: whose memory, which flag, which cell.
  using CellKey = std::tuple<uint32_t, uint32_t, uint64_t>;
  struct Cell {
    std::map<int64_t, TaskId> signals; ///< by value
    std::map<int64_t, TaskId> waits;
  };
  CellKey getCell(TaskId id) const;
  void collect();
  void match(const CellKey &key, const Cell &cell);
  void checkWriter(TaskId signal);
  void checkPayloads(TaskId signal, TaskId wait);
  void add(Rule rule, TaskId task, std::optional<TaskId> other, const std::string &message);
  std::string describe(const CellKey &key) const;

  const plan::Plan &plan;
  TaskGraph &graph;
  Faults &faults;
  std::map<CellKey, Cell> cells;
  std::map<TaskId, TaskId> waits;
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_FLAGRULES_H
