//===- Floor.cpp - What no run of a task graph can beat -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Floor.h"

#include "runtime/base/Text.h"
#include "runtime/simulator/Routes.h"

#include <algorithm>
#include <unordered_map>

namespace moec::simulator {
namespace {

/// Of a task that has everything for itself, without the way of a flag.
double alone(const TaskGraph &graph, const topology::Network &network, const Task &task) {
  const Family &family = graph.getFamilies()[task.family];
  if (family.kind == TaskClass::Compute)
    return task.amount;
  if (family.kind != TaskClass::Transfer)
    return 0;
  double seconds = 0;
  if (const topology::Route *route = findRoute(network, family, task))
    for (const topology::Route::Use &use : route->uses)
      seconds = std::max(seconds, task.amount * use.bytesPerByte /
                                      network.getResources()[use.resource].bytesPerSecond);
  return seconds;
}

uint64_t flagKey(const Task &task) { return uint64_t(task.cell) << 32 | task.value; }

/// End of the last task when nothing is shared.
double longestChain(const TaskGraph &graph, const topology::Network &network) {
  const std::vector<Task> &tasks = graph.getTasks();
  TaskGraph::Order order = graph.makeOrder();
  std::unordered_map<uint64_t, TaskId> waits;
  for (TaskId id = 0; id < tasks.size(); ++id)
    if (graph.familyOf(id).kind == TaskClass::Wait)
      waits[flagKey(tasks[id])] = id;
  for (TaskId id = 0; id < tasks.size(); ++id)
    if (graph.familyOf(id).kind == TaskClass::Signal)
      if (auto wait = waits.find(flagKey(tasks[id])); wait != waits.end())
        ++order.nodes[wait->second].predecessors;
  std::vector<double> begins(tasks.size());
  std::vector<TaskId> ready;
  for (TaskId id = 0; id < tasks.size(); ++id)
    if (order.nodes[id].predecessors == 0)
      ready.push_back(id);
  double last = 0;
  auto reach = [&](TaskId id, double time) {
    begins[id] = std::max(begins[id], time);
    if (--order.nodes[id].predecessors == 0)
      ready.push_back(id);
  };
  for (size_t next = 0; next < ready.size(); ++next) {
    TaskId id = ready[next];
    double end = begins[id] + alone(graph, network, tasks[id]);
    last = std::max(last, end);
    for (TaskId after : order.after(id))
      reach(after, end);
    const Family &family = graph.familyOf(id);
    if (family.kind != TaskClass::Signal)
      continue;
    const topology::Route *route = findRoute(network, family, tasks[id]);
    if (auto wait = waits.find(flagKey(tasks[id])); wait != waits.end())
      reach(wait->second, end + (route ? route->latencySeconds : 0));
  }
  return last;
}

} // namespace

Floor floorOf(const TaskGraph &graph, const topology::Network &network) {
  std::vector<double> load(network.getResources().size()), computing(graph.getRanks());
  for (const Task &task : graph.getTasks()) {
    const Family &family = graph.getFamilies()[task.family];
    if (family.kind == TaskClass::Compute)
      computing[task.rank] += task.amount;
    if (family.kind != TaskClass::Transfer)
      continue;
    if (const topology::Route *route = findRoute(network, family, task))
      for (const topology::Route::Use &use : route->uses)
        load[use.resource] += task.amount * use.bytesPerByte;
  }
  Floor floor{longestChain(graph, network), "the longest chain of tasks"};
  for (size_t i = 0; i < load.size(); ++i) {
    const topology::Resource &resource = network.getResources()[i];
    if (load[i] / resource.bytesPerSecond > floor.seconds)
      floor = {load[i] / resource.bytesPerSecond, resource.name};
  }
  for (uint32_t rank = 0; rank < graph.getRanks(); ++rank)
    if (computing[rank] > floor.seconds)
      floor = {computing[rank], rt::concat("rank ", rank, " computing")};
  return floor;
}

} // namespace moec::simulator
