//===- ModelMemory.h - Memory of a model run --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weakest memory that the comm dialect allows: a store to a peer lands at some
// later time, in any order against others, but before a flag that covers it. Each
// record remembers who wrote and who read it, so that accesses without order are
// seen even when the values come out right.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_MODELMEMORY_H
#define MOEC_PASSES_SCHEDULING_MODELMEMORY_H

#include "passes/scheduling/TaskGraph.h"

#include <functional>
#include <map>
#include <tuple>
#include <utility>

namespace moec::scheduling {

/// What a record holds, as a number that names it; 0 is poison.
using ModelValue = uint64_t;

class ModelMemory {
public:
  /// `graph` has the order of tokens and steps, not that of flags.
  explicit ModelMemory(const TaskGraph &graph);

  // --- A task -------------------------------------------------------------------
  void beginTask(TaskId id);
  /// From the task's own rank, or for a pull from one of all.
  ModelValue read(const plan::ConcreteRegion &region, uint32_t record) {
    return read(region, record, graph[current].rank);
  }
  ModelValue read(const plan::ConcreteRegion &region, uint32_t record, uint32_t rank);
  /// To the task's own rank, or for a put to the peer, or to all.
  void write(const plan::ConcreteRegion &region, uint32_t record, ModelValue value);
  void signal(uint32_t payload);
  /// Takes over what the flag brings; returns its payload.
  uint32_t acquire();
  bool hasCome(TaskId wait) const;
  /// The first conflict of this task; empty if there is none.
  std::string takeFault() { return std::exchange(fault, {}); }
  /// The task, or end of a step, has run; `successors` come after it.
  void endNode(TaskId node, const std::vector<TaskId> &successors);

  // --- Stores on their way ------------------------------------------------------
  bool hasPending() const { return !pending.empty(); }
  /// Lets one land; `pick(count)` chooses.
  void land(const std::function<size_t(size_t)> &pick);

private:
  using Clock = std::vector<uint64_t>; ///< a bit a task: what has happened before
  using Key = std::tuple<uint32_t, uint32_t, uint64_t, uint32_t>; ///< rank .. record, or flag
  struct Cell {
    ModelValue value = 0;
    int64_t writer = -1; ///< of the last store, landed or not
    std::vector<TaskId> readers;
  };
  struct FlagWord {
    int64_t epoch = 0;
    uint32_t payload = 0;
    Clock clock;
  };
  struct Store {
    uint64_t number = 0;
    TaskId by = 0;
    bool isFlag = false;
    Key key;
    ModelValue value = 0;
    FlagWord word;
    std::vector<uint64_t> after;  ///< stores that land first, pending when this was issued
    std::vector<uint64_t> before; ///< stores that wait for this one
    uint32_t waits = 0;           ///< for so many
  };

  bool knows(int64_t task) const;
  Key flagKey(TaskId id, uint32_t rank) const;
  Key ownFlagKey(TaskId wait) const { return flagKey(wait, graph[wait].rank); }
  void writeOn(uint32_t rank, const plan::ConcreteRegion &region, uint32_t record,
               ModelValue value);
  void signalOn(uint32_t rank, const FlagWord &word);
  void put(Store store);
  void free(uint64_t number);

  const TaskGraph &graph;
  TaskId current = 0;
  Clock clock;                 ///< of the current task
  std::vector<Clock> incoming; ///< by node
  std::map<Key, Cell> cells;
  std::map<Key, FlagWord> flags;
  std::map<uint64_t, Store> pending;                 ///< by number, in the order of issue
  std::vector<uint64_t> landable;                    ///< of them, those that wait for none
  std::map<std::pair<bool, Key>, uint64_t> lastInto; ///< of pending ones, by kind and place
  uint64_t stores = 0;
  std::string fault;
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_MODELMEMORY_H
