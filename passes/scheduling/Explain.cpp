//===- Explain.cpp - Why two tasks are not in order, as a story -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/Explain.h"

#include "runtime/plan/Names.h"

namespace moec::scheduling {

static std::string indexText(const std::vector<plan::Expr> &index, const plan::Scope &scope) {
  std::string text;
  for (size_t i = 0; i < index.size(); ++i)
    text += (i ? ", " : "[") + std::to_string(scope(index[i]));
  return index.empty() ? text : text + "]";
}

static std::string targetText(const plan::Op &op, const plan::Scope &scope) {
  switch (op.via) {
  case plan::Path::NVLink:
    return "rank " + std::to_string(scope(op.to));
  case plan::Path::Rail:
    return "rank " + std::to_string(scope(op.to)) + " by rail";
  case plan::Path::Multicast:
    return "all ranks";
  case plan::Path::Host:
    return "rank " + std::to_string(scope(op.to)) + " by host memory";
  }
  return "";
}

static std::string effectText(const TaskGraph &graph, TaskId id) {
  const plan::Plan &plan = graph.getPlan();
  const plan::Op &op = graph.op(id);
  const plan::Scope &scope = graph[id].scope;
  auto cell = [&] { return "%" + plan.flags[op.flag].name + indexText(op.flagIndex, scope); };
  switch (op.kind) {
  case plan::OpKind::Compute:
  case plan::OpKind::Reduce:
    return std::string("runs @") + plan::nameOf(op.task);
  case plan::OpKind::Put: {
    const plan::Region &target = op.writes[0];
    return "puts into %" + plan.buffers[target.buffer].name + indexText(target.index, scope) +
           " of " + targetText(op, scope);
  }
  case plan::OpKind::Signal:
    return "signals " + cell() + " = " + std::to_string(scope(op.value)) + " to " +
           targetText(op, scope);
  case plan::OpKind::Wait:
    return "sees " + cell() + " at " + std::to_string(scope(op.value));
  case plan::OpKind::Pull:
    return "pulls the sum of %" + plan.buffers[op.reads[0].buffer].name +
           indexText(op.reads[0].index, scope) + " of all ranks";
  case plan::OpKind::Copy:
    return "copies %" + plan.buffers[op.reads[0].buffer].name +
           indexText(op.reads[0].index, scope) + " into %" +
           plan.buffers[op.writes[0].buffer].name + indexText(op.writes[0].index, scope);
  }
  return "";
}

TraceLine tellTask(const TaskGraph &graph, TaskId id) {
  const Task &task = graph[id];
  return {"step " + std::to_string(task.step) + ", rank " + std::to_string(task.rank) + ": " +
              graph.name(id) + " " + effectText(graph, id),
          task.op};
}

std::vector<TraceLine> tellTasks(const TaskGraph &graph, const std::vector<TaskId> &tasks) {
  std::vector<TraceLine> lines;
  for (TaskId task : tasks)
    lines.push_back(tellTask(graph, task));
  return lines;
}

std::vector<TraceLine> tellKnown(const TaskGraph &graph, TaskId later, TaskId earlier) {
  std::string who = graph.name(later) + " of rank " + std::to_string(graph[later].rank) +
                    " in step " + std::to_string(graph[later].step);
  std::string of = graph[earlier].rank == graph[later].rank
                       ? "its own rank"
                       : "rank " + std::to_string(graph[earlier].rank);
  std::string seen = "what " + who + " must have seen of " + of + ":";
  std::vector<TaskId> way = graph.explain(earlier, later);
  if (way.empty())
    return {{seen + " nothing", std::nullopt}, tellTask(graph, later)};
  std::vector<TraceLine> lines = {{seen, std::nullopt}};
  for (TraceLine &line : tellTasks(graph, way))
    lines.push_back(std::move(line));
  return lines;
}

std::vector<TraceLine> tellUnordered(const TaskGraph &graph, TaskId a, TaskId b) {
  std::vector<TraceLine> lines = tellKnown(graph, a, b);
  for (TraceLine &line : tellKnown(graph, b, a))
    lines.push_back(std::move(line));
  return lines;
}

} // namespace moec::scheduling
