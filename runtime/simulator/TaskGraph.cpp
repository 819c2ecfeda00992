//===- TaskGraph.cpp - What is simulated, task by task --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/TaskGraph.h"

#include "runtime/simulator/LargeArray.h"

#include <algorithm>
#include <cassert>

namespace moec::simulator {

FamilyId TaskGraph::addFamily(Family family) {
  families.push_back(std::move(family));
  return static_cast<FamilyId>(families.size() - 1);
}

TaskId TaskGraph::add(Task task) {
  assert(task.family < families.size() && task.rank < ranks && task.peer < ranks);
  assert(task.amount >= 0 && tasks.size() < UINT32_MAX);
  task.step = step;
  tasks.push_back(task);
  return static_cast<TaskId>(tasks.size() - 1);
}

TaskId TaskGraph::addTransfer(FamilyId family, uint32_t from, uint32_t to, double bytes) {
  assert(families[family].kind == TaskClass::Transfer);
  return add({.family = family, .rank = from, .peer = to, .amount = bytes});
}

TaskId TaskGraph::addCompute(FamilyId family, uint32_t rank, double seconds) {
  assert(families[family].kind == TaskClass::Compute);
  return add({.family = family, .rank = rank, .peer = rank, .amount = seconds});
}

TaskId TaskGraph::addSignal(FamilyId family, uint32_t from, uint32_t to, uint32_t cell,
                            uint32_t value) {
  assert(families[family].kind == TaskClass::Signal);
  cells = std::max(cells, cell + 1);
  return add({.family = family, .rank = from, .peer = to, .cell = cell, .value = value});
}

TaskId TaskGraph::addWait(FamilyId family, uint32_t rank, uint32_t cell, uint32_t value) {
  assert(families[family].kind == TaskClass::Wait);
  cells = std::max(cells, cell + 1);
  return add({.family = family, .rank = rank, .peer = rank, .cell = cell, .value = value});
}

TaskId TaskGraph::addGate(uint32_t rank) {
  if (gates < 0)
    gates = addFamily({.name = "gate", .kind = TaskClass::Gate});
  return add({.family = static_cast<FamilyId>(gates), .rank = rank, .peer = rank});
}

void TaskGraph::addEdge(TaskId first, TaskId second) {
  assert(first < tasks.size() && second < tasks.size() && first != second);
  assert(edgeFrom.size() < UINT32_MAX);
  edgeFrom.push_back(first);
  edgeTo.push_back(second);
}

void TaskGraph::reserve(size_t taskCount, size_t edgeCount) {
  reserveLarge(tasks, taskCount);
  reserveLarge(edgeFrom, edgeCount);
  reserveLarge(edgeTo, edgeCount);
}

TaskGraph::Order TaskGraph::makeOrder() const {
  Order order;
  order.nodes = makeLarge<Order::Node>(tasks.size() + 1, {});
  for (TaskId from : edgeFrom)
    ++order.nodes[from + 1].followers;
  for (size_t task = 0; task < tasks.size(); ++task)
    order.nodes[task + 1].followers += order.nodes[task].followers;
  order.followers = makeLarge<TaskId>(edgeFrom.size(), 0);
  std::vector<uint32_t> next = makeLarge<uint32_t>(tasks.size(), 0);
  for (size_t edge = 0; edge < edgeFrom.size(); ++edge) {
    TaskId from = edgeFrom[edge], to = edgeTo[edge];
    order.followers[order.nodes[from].followers + next[from]++] = to;
    ++order.nodes[to].predecessors;
  }
  return order;
}

} // namespace moec::simulator
