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
#include "passes/scheduling/Overlap.h"

#include <algorithm>

namespace moec::scheduling {

namespace {
struct Access {
  RegionKey region;
  Placed placed;
  TaskId task;
  bool write;
};

class AccessRules {
public:
  AccessRules(const TaskGraph &graph, const SignalPairs &waits, Faults &faults)
      : plan(graph.getPlan()), graph(graph), waits(waits), faults(faults) {}
  void check();

private:
  std::vector<Access> getAccesses() const;
  void checkPair(const Access &a, const Access &b);
  void checkPath(const Access &put, const Access &reader);
  bool isCovered(const Access &write, TaskId reader) const;
  bool covers(const SignalPair &flag, TaskId write, TaskId reader) const;

  const plan::Plan &plan;
  const TaskGraph &graph;
  const SignalPairs &waits;
  Faults &faults;
  bool byLanes = plan::cutsByLanes(plan);
  /// Signals of a rank to a rank and their waits, in the order of their numbers.
  std::map<std::pair<uint32_t, uint32_t>, SignalPairs> signals;
};
} // namespace

std::vector<Access> AccessRules::getAccesses() const {
  std::vector<Access> accesses;
  auto add = [&](TaskId id, const std::vector<plan::Region> &regions,
                 const std::vector<uint32_t> &ranks, bool write) {
    for (const plan::Region &region : regions)
      for (const plan::ConcreteRegion &part : plan::expandRegion(plan, region, graph[id].scope))
        for (uint32_t rank : ranks)
          accesses.push_back(
              {{rank, part.buffer, part.region}, {part.items, part.frame}, id, write});
  };
  for (TaskId id = 0; id < graph.size(); ++id) {
    add(id, graph.op(id).reads, getSourceRanks(graph, id), /*write=*/false);
    add(id, graph.op(id).writes, getTargetRanks(graph, id), /*write=*/true);
  }
  std::sort(accesses.begin(), accesses.end(), [](const Access &a, const Access &b) {
    return std::tie(a.region, a.task) < std::tie(b.region, b.task);
  });
  return accesses;
}

/// A switch only copies: multicast and other stores by NVLink are one path.
static plan::Path pathOf(const plan::Op &op) { return plan::flagPathOf(op.via); }

static const char *tellPath(plan::Path path) {
  switch (path) {
  case plan::Path::NVLink:
  case plan::Path::Multicast:
    return "NVLink";
  case plan::Path::Rail:
    return "rail";
  case plan::Path::Host:
    return "host memory";
  }
  return "";
}

bool AccessRules::covers(const SignalPair &flag, TaskId write, TaskId reader) const {
  auto [signal, wait] = flag;
  return pathOf(graph.op(signal)) == pathOf(graph.op(write)) && graph.isBefore(write, signal) &&
         graph.isBefore(wait, reader);
}

bool AccessRules::isCovered(const Access &write, TaskId reader) const {
  auto isOne = [&](const SignalPair &flag) { return covers(flag, write.task, reader); };
  auto direct = signals.find({graph[write.task].rank, graph[reader].rank});
  if (direct != signals.end() && std::any_of(direct->second.begin(), direct->second.end(), isOne))
    return true;
  return pathOf(graph.op(write.task)) == plan::Path::NVLink &&
         std::any_of(waits.begin(), waits.end(), isOne);
}

/// A store travels if it is put to a peer, or if a peer reads it where it was made.
void AccessRules::checkPath(const Access &write, const Access &reader) {
  const plan::Op &op = graph.op(write.task);
  uint32_t home = std::get<0>(write.region);
  bool travels = home != graph[write.task].rank || home != graph[reader.task].rank;
  if (!travels || graph[write.task].step != graph[reader.task].step ||
      !graph.isBefore(write.task, reader.task) || isCovered(write, reader.task))
    return;
  faults.add(Rule::Path, graph[reader.task].op, graph[write.task].op,
             graph.describe(reader.task) + " reads " + describeRegion(plan, write.region) +
                 ", which " + graph.describe(write.task) +
                 (op.kind == plan::OpKind::Put ? " puts by " : " leaves there for ") +
                 tellPath(pathOf(op)) + ", and no flag on that path comes between",
             tellTasks(graph, graph.explain(write.task, reader.task)));
}

void AccessRules::checkPair(const Access &a, const Access &b) {
  if (a.task == b.task || !(a.write || b.write))
    return;
  auto [rank, buffer, region] = a.region;
  if (!overlaps(plan.buffers[buffer].layout, a.placed, b.placed, byLanes))
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
    signals[{graph[signal].rank, graph[wait].rank}].emplace_back(signal, wait);
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

void checkAccesses(const TaskGraph &graph, const SignalPairs &waits, Faults &faults) {
  AccessRules(graph, waits, faults).check();
}

} // namespace moec::scheduling
