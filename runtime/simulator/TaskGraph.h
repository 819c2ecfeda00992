//===- TaskGraph.h - What is simulated, task by task ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transfers, computations, signals and waits of all ranks, with the order between
// them. A plan is one source of such a graph (PlanTasks.h), whoever has no plan
// builds one by hand. Bytes, seconds and flags are numbers here: nothing is known
// of item sets, buffers or kernels.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_TASKGRAPH_H
#define MOEC_RUNTIME_SIMULATOR_TASKGRAPH_H

#include "runtime/plan/Plan.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moec::simulator {

using TaskId = uint32_t;
using FamilyId = uint32_t;

enum class TaskClass : uint8_t {
  Transfer, ///< bytes to a peer, over its route, as fast as the others leave room
  Compute,  ///< seconds of a rank, which computes one task at a time
  Signal,   ///< raises a flag of a peer, the route's latency later
  Wait,     ///< ends when a flag of the rank has its value
  Gate,     ///< no time: joins edges
};

/// Where the bytes of a transfer go.
enum class Reach : uint8_t {
  Peer, ///< to the peer
  All,  ///< to all ranks at once, copied by a switch
  Sum,  ///< from all ranks to its own, added up by a switch
};

/// Tasks that belong together: those of one op of a plan.
struct Family {
  std::string name;
  TaskClass kind = TaskClass::Gate;
  plan::Path via = plan::Path::NVLink; ///< Transfer and Signal
  /// Transfer: how many of them a rank has in flight at once; 0: all.
  uint32_t window = 0;
  bool eachPeer = false; ///< Transfer: the window is of those to each peer
  /// Transfer. Signals to all are one message, whatever their number on a rank.
  Reach reach = Reach::Peer;
  /// Transfer: where they meet others, shares are in proportion to sizes.
  bool ratesBySize = false;
  /// Transfer: by the copy engine of its rank.
  bool copyEngine = false;
};

struct Task {
  FamilyId family = 0;
  uint32_t rank = 0;
  uint32_t peer = 0;  ///< Transfer and Signal: the destination; else the rank itself
  uint32_t step = 1;  ///< for whoever reads the result
  uint32_t cell = 0;  ///< Signal and Wait: the flag
  uint32_t value = 0; ///< Signal and Wait
  double amount = 0;  ///< Transfer: bytes; Compute: seconds
};

/// Tasks are numbered in the order in which they are added; where several could
/// begin (a window, a rank's next computation), the first of them does.
class TaskGraph {
public:
  explicit TaskGraph(uint32_t ranks) : ranks(ranks) {}

  FamilyId addFamily(Family family);
  TaskId addTransfer(FamilyId family, uint32_t from, uint32_t to, double bytes);
  TaskId addCompute(FamilyId family, uint32_t rank, double seconds);
  /// Cells are numbered by the caller, each on one rank; they begin at 0.
  TaskId addSignal(FamilyId family, uint32_t from, uint32_t to, uint32_t cell, uint32_t value);
  TaskId addWait(FamilyId family, uint32_t rank, uint32_t cell, uint32_t value);
  TaskId addGate(uint32_t rank);
  /// `second` begins when `first` has ended.
  void addEdge(TaskId first, TaskId second);
  /// Of the tasks that follow.
  void setStep(uint32_t number) { step = number; }
  void reserve(size_t taskCount, size_t edgeCount);

  uint32_t getRanks() const { return ranks; }
  const std::vector<Family> &getFamilies() const { return families; }
  const std::vector<Task> &getTasks() const { return tasks; }
  const Family &familyOf(TaskId task) const { return families[tasks[task].family]; }
  uint32_t getCells() const { return cells; } ///< one more than the highest cell

  /// Order between tasks by task: who comes after it, and after how many it comes.
  struct Order {
    struct Node {
      uint32_t followers = 0; ///< where its own begin
      uint32_t predecessors = 0;
    };
    std::vector<Node> nodes; ///< and one behind the last, for where followers end
    std::vector<TaskId> followers;
    std::span<const TaskId> after(TaskId task) const {
      uint32_t begin = nodes[task].followers;
      return std::span(followers).subspan(begin, nodes[task + 1].followers - begin);
    }
  };
  Order makeOrder() const;

private:
  TaskId add(Task task);

  uint32_t ranks;
  uint32_t step = 1;
  uint32_t cells = 0;
  int64_t gates = -1; ///< their family
  std::vector<Family> families;
  std::vector<Task> tasks;
  std::vector<TaskId> edgeFrom, edgeTo;
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_TASKGRAPH_H
