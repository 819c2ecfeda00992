//===- Messages.cpp - A step as sends and receives ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/formats/Messages.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace moec::formats {

using simulator::FamilyId;
using simulator::Task;
using simulator::TaskClass;
using simulator::TaskGraph;
using simulator::TaskId;

uint64_t bytesOf(const Task &transfer) {
  return static_cast<uint64_t>(std::llround(transfer.amount));
}

namespace {

constexpr uint64_t flagBytes = 8;
constexpr uint64_t mostNodes = 1ull << 26; // of all ranks: 2 GiB of them
constexpr TaskId none = UINT32_MAX;

class Builder {
public:
  Builder(const TaskGraph &graph, const std::vector<bool> &families, const PieceOptions &pieces)
      : graph(graph), tasks(graph.getTasks()), wanted(families), pieces(pieces) {}
  rt::Result<MessageGraph> build();

private:
  void findOrder();
  void choose();
  void findSignals();
  rt::Status count();
  uint32_t piecesOf(const Task &task) const;
  void addReceives();
  void addNodes(TaskId task);
  void addSends(TaskId task, RankProgram &program);
  void orderAfter(TaskId task, std::vector<Dependency> &list) const;
  void cover(TaskId signal);
  rt::Status joinArrivals(TaskId wait, std::vector<Dependency> &list);
  void addWindow(TaskId task, std::vector<Dependency> &list);

  bool isSent(const Task &task) const;
  std::span<const TaskId> before(TaskId task) const {
    return std::span(predecessors).subspan(begin[task], begin[task + 1] - begin[task]);
  }

  const TaskGraph &graph;
  const std::vector<Task> &tasks;
  const std::vector<bool> &wanted;
  const PieceOptions &pieces;

  std::vector<uint64_t> begin; ///< of each task's predecessors
  std::vector<TaskId> predecessors;
  std::vector<bool> chosen;                                 ///< by task
  std::map<std::pair<uint32_t, uint32_t>, TaskId> signals;  ///< by cell and value
  std::map<TaskId, std::vector<TaskId>> covered;            ///< puts by the signal that tells
  std::vector<TaskId> coveredBy, seenBy;                    ///< by task: a signal, or none
  std::vector<uint32_t> untold;                             ///< puts of no signal yet, by pair
  std::vector<uint32_t> firstNode, nodeCount, firstReceive; ///< by task
  /// By family, rank, and peer or the rank once more: puts of one window.
  std::map<std::tuple<FamilyId, uint32_t, uint32_t>, std::vector<TaskId>> inFlight;
  MessageGraph result;
};

/// True for what leaves the rank.
bool Builder::isSent(const Task &task) const {
  TaskClass kind = graph.getFamilies()[task.family].kind;
  if (task.rank == task.peer)
    return false;
  return kind == TaskClass::Signal || (kind == TaskClass::Transfer && bytesOf(task) > 0);
}

uint32_t Builder::piecesOf(const Task &task) const {
  if (!isSent(task))
    return 0;
  if (graph.getFamilies()[task.family].kind == TaskClass::Signal)
    return 1;
  uint64_t count = bytesOf(task) / pieces.smallestBytes;
  return static_cast<uint32_t>(std::clamp<uint64_t>(count, 1, pieces.most));
}

void Builder::findOrder() {
  TaskGraph::Order order = graph.makeOrder();
  begin.assign(tasks.size() + 1, 0);
  for (size_t task = 0; task < tasks.size(); ++task)
    begin[task + 1] = begin[task] + order.nodes[task].predecessors;
  std::vector<uint64_t> next(begin.begin(), begin.end() - 1);
  predecessors.resize(begin.back());
  for (TaskId task = 0; task < tasks.size(); ++task)
    for (TaskId follower : order.after(task))
      predecessors[next[follower]++] = task;
}

/// Gates are wanted between what is: something before them, something after. Edges
/// lead from lower to higher numbers, so one pass each way suffices.
void Builder::choose() {
  chosen.resize(tasks.size());
  for (TaskId task = 0; task < tasks.size(); ++task) {
    FamilyId family = tasks[task].family;
    bool isGate = graph.getFamilies()[family].kind == TaskClass::Gate;
    chosen[task] = !isGate && wanted[family];
    if (isGate)
      for (TaskId first : before(task))
        chosen[task] = chosen[task] || chosen[first];
  }
  std::vector<bool> isFollowed(tasks.size());
  for (TaskId task = static_cast<TaskId>(tasks.size()); task-- > 0;) {
    if (graph.familyOf(task).kind == TaskClass::Gate && !isFollowed[task])
      chosen[task] = false;
    if (chosen[task])
      for (TaskId first : before(task))
        isFollowed[first] = true;
  }
}

rt::Status Builder::count() {
  uint64_t nodes = 0;
  for (TaskId task = 0; task < tasks.size(); ++task)
    if (chosen[task])
      nodes += 2 * std::max(1u, piecesOf(tasks[task]));
  if (nodes > mostNodes)
    return rt::unsupportedError("wanted a step of at most ", mostNodes,
                                " sends, receives and computations, found ", nodes);
  return rt::Status();
}

/// Which puts a signal tells of: those to the same rank that are done before it and
/// of which no earlier signal tells. Where none is left there is nothing to look for: what
/// is before a signal of the way back is all that came to its rank.
void Builder::cover(TaskId signal) {
  uint32_t &left = untold[size_t(tasks[signal].rank) * graph.getRanks() + tasks[signal].peer];
  std::vector<TaskId> stack = {signal};
  while (!stack.empty() && left > 0) {
    TaskId task = stack.back();
    stack.pop_back();
    for (TaskId first : before(task)) {
      if (!chosen[first] || seenBy[first] == signal)
        continue;
      seenBy[first] = signal;
      stack.push_back(first);
      bool isPut = graph.familyOf(first).kind == TaskClass::Transfer;
      if (!isPut || coveredBy[first] != none || tasks[first].peer != tasks[signal].peer)
        continue;
      coveredBy[first] = signal;
      covered[signal].push_back(first);
      --left;
    }
  }
}

void Builder::findSignals() {
  coveredBy.assign(tasks.size(), none);
  seenBy.assign(tasks.size(), none);
  untold.assign(size_t(graph.getRanks()) * graph.getRanks(), 0);
  for (TaskId task = 0; task < tasks.size(); ++task) {
    if (!chosen[task])
      continue;
    TaskClass kind = graph.familyOf(task).kind;
    if (kind == TaskClass::Transfer)
      ++untold[size_t(tasks[task].rank) * graph.getRanks() + tasks[task].peer];
    if (kind != TaskClass::Signal)
      continue;
    signals[{tasks[task].cell, tasks[task].value}] = task;
    cover(task);
  }
}

/// Receives come first: nothing is before them. Tags count the messages of a pair.
void Builder::addReceives() {
  uint32_t ranks = graph.getRanks();
  std::vector<uint32_t> tags(size_t(ranks) * ranks);
  firstReceive.assign(tasks.size(), 0);
  for (TaskId id = 0; id < tasks.size(); ++id) {
    const Task &task = tasks[id];
    uint32_t count = chosen[id] ? piecesOf(task) : 0;
    if (count == 0)
      continue;
    RankProgram &program = result.ranks[task.peer];
    firstReceive[id] = static_cast<uint32_t>(program.nodes.size());
    bool isFlag = graph.familyOf(id).kind == TaskClass::Signal;
    uint64_t bytes = isFlag ? flagBytes : bytesOf(task);
    for (uint32_t piece = 0; piece < count; ++piece)
      program.nodes.push_back({.kind = NodeKind::Receive,
                               .family = task.family,
                               .peer = task.rank,
                               .tag = tags[size_t(task.rank) * ranks + task.peer]++,
                               .bytes = bytes * (piece + 1) / count - bytes * piece / count,
                               .isFlag = isFlag});
  }
  for (RankProgram &program : result.ranks)
    program.dependencyBegin.assign(program.nodes.size() + 1, 0);
}

/// One dependence on each node of what comes before on the rank.
void Builder::orderAfter(TaskId task, std::vector<Dependency> &list) const {
  for (TaskId first : before(task))
    if (chosen[first])
      for (uint32_t node = 0; node < nodeCount[first]; ++node)
        list.push_back({firstNode[first] + node, isSent(tasks[first])});
}

rt::Status Builder::joinArrivals(TaskId wait, std::vector<Dependency> &list) {
  auto found = signals.find({tasks[wait].cell, tasks[wait].value});
  if (found == signals.end())
    return rt::invalidError("op '", graph.familyOf(wait).name, "' on rank ", tasks[wait].rank,
                            ": wanted a signal that it waits for, found none");
  TaskId signal = found->second;
  if (!isSent(tasks[signal])) { // its own: order on the rank is enough
    if (signal > wait)
      return rt::unsupportedError("op '", graph.familyOf(wait).name, "' on rank ", tasks[wait].rank,
                                  ": wanted its own signal before it, found '",
                                  graph.familyOf(signal).name, "' after it");
    list.push_back({firstNode[signal], false});
    return rt::Status();
  }
  list.push_back({firstReceive[signal], false});
  for (TaskId put : covered[signal])
    for (uint32_t piece = 0; piece < piecesOf(tasks[put]); ++piece)
      list.push_back({firstReceive[put] + piece, false});
  return rt::Status();
}

/// A put of a family with a window follows the one whose place it takes.
void Builder::addWindow(TaskId id, std::vector<Dependency> &list) {
  const Task &task = tasks[id];
  const simulator::Family &family = graph.familyOf(id);
  uint32_t window = family.window;
  if (window == 0)
    return;
  uint32_t peer = family.eachPeer ? task.peer : task.rank;
  std::vector<TaskId> &earlier = inFlight[{task.family, task.rank, peer}];
  if (earlier.size() >= window) {
    TaskId first = earlier[earlier.size() - window];
    list.push_back({firstNode[first] + nodeCount[first] - 1, true});
  }
  earlier.push_back(id);
}

void Builder::addSends(TaskId id, RankProgram &program) {
  const std::vector<Node> &receives = result.ranks[tasks[id].peer].nodes;
  for (uint32_t piece = 0; piece < piecesOf(tasks[id]); ++piece) {
    Node node = receives[firstReceive[id] + piece];
    node.kind = NodeKind::Send;
    node.peer = tasks[id].peer;
    program.nodes.push_back(node);
  }
}

void Builder::addNodes(TaskId id) {
  const Task &task = tasks[id];
  RankProgram &program = result.ranks[task.rank];
  firstNode[id] = static_cast<uint32_t>(program.nodes.size());
  if (isSent(task)) {
    addSends(id, program);
  } else {
    bool isKernel = graph.familyOf(id).kind == TaskClass::Compute;
    program.nodes.push_back({.kind = isKernel ? NodeKind::Kernel : NodeKind::Join,
                             .family = task.family,
                             .seconds = isKernel ? task.amount : 0});
  }
  nodeCount[id] = static_cast<uint32_t>(program.nodes.size()) - firstNode[id];
}

rt::Result<MessageGraph> Builder::build() {
  findOrder();
  choose();
  MOEC_RETURN_IF_ERROR(count());
  findSignals();
  for (const simulator::Family &family : graph.getFamilies())
    result.families.push_back(family.name);
  result.ranks.resize(graph.getRanks());
  addReceives();
  firstNode.assign(tasks.size(), 0);
  nodeCount.assign(tasks.size(), 0);
  std::vector<Dependency> list;
  for (TaskId task = 0; task < tasks.size(); ++task) {
    if (!chosen[task])
      continue;
    list.clear();
    orderAfter(task, list);
    TaskClass kind = graph.familyOf(task).kind;
    if (kind == TaskClass::Wait) {
      MOEC_RETURN_IF_ERROR(joinArrivals(task, list));
    }
    addNodes(task);
    if (kind == TaskClass::Transfer && isSent(tasks[task]))
      addWindow(task, list);
    RankProgram &program = result.ranks[tasks[task].rank];
    for (uint32_t node = 0; node < nodeCount[task]; ++node) {
      program.dependencies.insert(program.dependencies.end(), list.begin(), list.end());
      program.dependencyBegin.push_back(static_cast<uint32_t>(program.dependencies.size()));
    }
  }
  return std::move(result);
}

} // namespace

rt::Result<MessageGraph> makeMessages(const TaskGraph &graph, const std::vector<bool> &families,
                                      const PieceOptions &pieces) {
  return Builder(graph, families, pieces).build();
}

} // namespace moec::formats
