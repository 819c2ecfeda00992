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

/// A signal and a wait for it.
using SignalPair = std::pair<TaskId, TaskId>;
using SignalPairs = std::vector<SignalPair>;

class FlagRules {
public:
  FlagRules(const plan::Plan &plan, TaskGraph &graph, Faults &faults)
      : plan(plan), graph(graph), faults(faults) {}
  /// Pairs signals with waits and adds the order that they give: rules writer,
  /// signal-once, wait-once, pairing, carry.
  void pair();
  /// Rules monotone and payload. Needs the graph sorted.
  void checkOrder();

  /// The waits for each signal. After pair().
  const SignalPairs &getWaits() const { return waits; }

private:
  /// One flag word: whose memory, which flag, which cell.
  using CellKey = std::tuple<uint32_t, uint32_t, uint64_t>;
  struct Cell {
    std::map<int64_t, TaskId> signals; ///< by value
    std::map<int64_t, TaskId> waits;
  };
  /// Of a wait, or those that a signal writes.
  std::vector<CellKey> getCells(TaskId id) const;
  void collect();
  void match(const CellKey &key, const Cell &cell);
  void collect(TaskId id, const CellKey &key);
  void checkWriter(TaskId signal, const CellKey &key);
  void checkPayloads(TaskId signal, TaskId wait);
  void add(Rule rule, TaskId task, std::optional<TaskId> other, const std::string &message);
  std::string describe(const CellKey &key) const;

  const plan::Plan &plan;
  TaskGraph &graph;
  Faults &faults;
  std::map<CellKey, Cell> cells;
  SignalPairs waits;
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_FLAGRULES_H
