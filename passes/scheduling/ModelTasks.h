//===- ModelTasks.h - What tasks do in a model run --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_MODELTASKS_H
#define MOEC_PASSES_SCHEDULING_MODELTASKS_H

#include "passes/scheduling/ModelMemory.h"
#include "passes/scheduling/ModelTraffic.h"

#include <set>

namespace moec::scheduling {

/// Runs tasks on values that name what they are. A rank acts on the sizes that it was
/// told and on the records that it reads, and is wrong where these are.
class ModelTasks {
public:
  ModelTasks(const TaskGraph &graph, const std::vector<ModelTraffic> &steps, ModelMemory &memory)
      : graph(graph), plan(graph.getPlan()), steps(steps), memory(memory) {}

  /// What goes wrong; empty if nothing does.
  std::string run(TaskId id);
  /// A result that no task has made; empty if all are there.
  std::string findMissing() const;

private:
  /// What a row of this set is expected to be.
  using Expected = std::function<ModelValue(uint32_t item)>;

  void runLocal(TaskId id);
  void runPut(TaskId id);
  void runPull(TaskId id);
  void readSummands(const plan::Op &op, size_t first);
  void writeResults(const plan::Op &op);
  void runSum(TaskId id);
  void runWait(TaskId id);
  void runSignal(TaskId id);

  /// The items of a set, as far as the rank can know them by now.
  std::vector<uint32_t> know(const plan::ConcreteItems &set);
  bool isKnown(const plan::ConcreteItems &set) const;
  bool wasTold(const plan::ConcreteItems &set) const { return known.count({rank, step, set}); }
  void learn(const plan::ConcreteItems &set) { known.insert({rank, step, set}); }
  void learnRoutes();
  void readAs(const plan::ConcreteRegion &region, const Expected &expected);
  void writeAs(const plan::ConcreteRegion &region, const Expected &value);
  uint32_t recordOf(const plan::ConcreteRegion &region, uint32_t item, uint32_t position) const;
  std::vector<plan::ConcreteRegion> expand(const plan::Region &region) const;
  ModelValue row(uint32_t source, uint32_t item) const;
  ModelValue rankSum(uint32_t source, uint32_t p, uint32_t token) const;
  ModelValue nodeSum(uint32_t source, uint32_t node, uint32_t token) const;
  ModelValue switchSum(uint32_t source, uint32_t token) const;
  ModelValue result(uint32_t token) const;
  ModelValue name(uint32_t what, uint32_t a, uint32_t b = 0, uint32_t c = 0) const;
  const ModelTraffic &traffic() const { return steps[step - 1]; }
  void fail(std::string message) {
    if (wrong.empty())
      wrong = std::move(message);
  }

  const TaskGraph &graph;
  const plan::Plan &plan;
  const std::vector<ModelTraffic> &steps;
  ModelMemory &memory;
  TaskId task = 0;
  uint32_t rank = 0, step = 1; ///< of the current task
  std::string wrong;
  using Known = std::set<std::tuple<uint32_t, uint32_t, plan::ConcreteItems>>;
  Known known; ///< by rank and step
  Known split; ///< of it what a split has found among the items of M
  std::set<std::pair<uint32_t, uint32_t>> staged, results; ///< by rank and step
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_MODELTASKS_H
