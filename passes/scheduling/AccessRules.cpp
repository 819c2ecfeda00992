//===- AccessRules.cpp - Are conflicting accesses in order? ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Order in time travels over any flag, and is enough to overwrite what was read.
// To see data that a peer has put, a flag on the data's own path must have come: a
// rail flag covers only what the same rank put to the same peer by rail, an NVLink
// flag covers all that happened before it on NVLink.
//===----------------------------------------------------------------------===//

#include "passes/scheduling/AccessRules.h"

#include "passes/scheduling/AbstractRun.h"
#include "passes/scheduling/Explain.h"

#include <algorithm>

namespace moec::scheduling {

namespace {
struct Access {
  RegionKey region;
  plan::ConcreteItems items;
  TaskId task;
  bool write;
};

class AccessRules {
public:
  AccessRules(const TaskGraph &graph, const std::map<TaskId, TaskId> &waits, Faults &faults)
      : plan(graph.getPlan()), graph(graph), waits(waits), faults(faults) {}
  void check();

private:
  std::vector<Access> getAccesses() const;
  void checkPair(const Access &a, const Access &b);
  void checkPath(const Access &put, const Access &reader);
  bool isCovered(TaskId put, TaskId reader) const;
  bool covers(TaskId signal, TaskId put, TaskId reader) const;

  const plan::Plan &plan;
  const TaskGraph &graph;
  const std::map<TaskId, TaskId> &waits;
  Faults &faults;
  /// Signals of a rank to a rank, in the order of their numbers.
  std::map<std::pair<uint32_t, uint32_t>, std::vector<TaskId>> signals;
};
} // namespace

std::vector<Access> AccessRules::getAccesses() const {
  std::vector<Access> accesses;
  auto add = [&](TaskId id, const std::vector<plan::Region> &regions, uint32_t rank, bool write) {
    for (const plan::Region &region : regions)
      for (const plan::ConcreteRegion &part : plan::expandRegion(plan, region, graph[id].scope))
        accesses.push_back({{rank, part.buffer, part.region}, part.items, id, write});
  };
  for (TaskId id = 0; id < graph.size(); ++id) {
    add(id, graph.op(id).reads, graph[id].rank, /*write=*/false);
    add(id, graph.op(id).writes, getTargetRank(graph, id), /*write=*/true);
  }
  std::sort(accesses.begin(), accesses.end(), [](const Access &a, const Access &b) {
    return std::tie(a.region, a.task) < std::tie(b.region, b.task);
  });
  return accesses;
}

bool AccessRules::covers(TaskId signal, TaskId put, TaskId reader) const {
  auto wait = waits.find(signal);
  return wait != waits.end() && graph.op(signal).via == graph.op(put).via &&
         graph.isBefore(put, signal) && graph.isBefore(wait->second, reader);
}

bool AccessRules::isCovered(TaskId put, TaskId reader) const {
  uint32_t to = getTargetRank(graph, put);
  auto direct = signals.find({graph[put].rank, to});
  if (direct != signals.end() && std::any_of(direct->second.begin(), direct->second.end(),
                                             [&](TaskId id) { return covers(id, put, reader); }))
    return true;
  if (graph.op(put).via == plan::Path::Rail)
    return false;
  return std::any_of(waits.begin(), waits.end(),
                     [&](const auto &pair) { return covers(pair.first, put, reader); });
}

void AccessRules::checkPath(const Access &write, const Access &reader) {
  const plan::Op &op = graph.op(write.task);
  bool travels =
      op.kind == plan::OpKind::Put && getTargetRank(graph, write.task) != graph[write.task].rank;
  if (!travels || graph[write.task].step != graph[reader.task].step ||
      !graph.isBefore(write.task, reader.task) || isCovered(write.task, reader.task))
    return;
  faults.add(Rule::Path, graph[reader.task].op, graph[write.task].op,
             graph.describe(reader.task) + " reads " + describeRegion(plan, write.region) +
                 ", which " + graph.describe(write.task) + " puts by " +
                 (op.via == plan::Path::Rail ? "rail" : "NVLink") +
                 ", and no flag on that path comes between",
             tellTasks(graph, graph.explain(write.task, reader.task)));
}

void AccessRules::checkPair(const Access &a, const Access &b) {
  if (a.task == b.task || !(a.write || b.write))
    return;
  auto [rank, buffer, region] = a.region;
  if (!overlaps(plan.buffers[buffer].layout, a.items, b.items))
    return;
  const Access &writer = b.write ? b : a, &other = b.write ? a : b;
  if (graph.isOrdered(a.task, b.task)) {
    if (!other.write)
      checkPath(writer, other);
    return;
  }
  bool sameStep = graph[a.task].step == graph[b.task].step;
  Rule rule = sameStep ? Rule::Race : Rule::Reuse;
  uint32_t op = graph[writer.task].op, otherOp = graph[other.task].op;
  if (!faults.isNew(rule, op, otherOp))
    return;
  faults.addNew({rule,
                 graph.describe(writer.task) + " writes " + describeRegion(plan, a.region) +
                     " while " + graph.describe(other.task) +
                     (other.write ? " may write it" : " may read it"),
                 op, otherOp, tellUnordered(graph, writer.task, other.task)});
}

void AccessRules::check() {
  for (auto [signal, wait] : waits)
    signals[{graph[signal].rank, graph[wait].rank}].push_back(signal);
  std::vector<Access> accesses = getAccesses();
  for (size_t begin = 0, end = 0; begin < accesses.size(); begin = end) {
    while (end < accesses.size() && accesses[end].region == accesses[begin].region)
      ++end;
    bool isWritten = std::any_of(accesses.begin() + begin, accesses.begin() + end,
                                 [](const Access &access) { return access.write; });
    for (size_t i = begin; i < end && isWritten; ++i)
      for (size_t j = i + 1; j < end; ++j)
        checkPair(accesses[i], accesses[j]);
  }
}

void checkAccesses(const TaskGraph &graph, const std::map<TaskId, TaskId> &waits, Faults &faults) {
  AccessRules(graph, waits, faults).check();
}

} // namespace moec::scheduling
