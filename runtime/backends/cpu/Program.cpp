//===- Program.cpp - One rank's tasks of one step --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Program.h"

#include "runtime/base/Text.h"

#include <algorithm>

namespace moec::rt::cpu {
namespace {

using namespace plan;

/// True if the value of `expr` may change from step to step. `n mod 1` does not.
bool varies(const Expr &expr) {
  const std::vector<ExprNode> &nodes = expr.nodes;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kind != ExprNode::Kind::Variable || nodes[i].value != stepVariable)
      continue;
    bool isZero = i + 2 < nodes.size() && nodes[i + 2].kind == ExprNode::Kind::Mod &&
                  nodes[i + 1].kind == ExprNode::Kind::Constant && nodes[i + 1].value == 1;
    if (!isZero)
      return true;
  }
  return false;
}

bool varies(const std::vector<Expr> &exprs) {
  return std::any_of(exprs.begin(), exprs.end(), [](const Expr &expr) { return varies(expr); });
}

bool varies(const std::vector<Region> &regions) {
  return std::any_of(regions.begin(), regions.end(), [](const Region &region) {
    return varies(region.index) || varies(region.items.args);
  });
}

/// Does more than the epoch of this op depend on the step?
bool varies(const Op &op) {
  return varies(op.reads) || varies(op.writes) || varies(op.to) || varies(op.flagIndex) ||
         varies(op.payload.args);
}

/// The values of a flag's index, from its row-major position.
std::vector<int64_t> indexOfCell(const Flag &flag, uint64_t cell) {
  std::vector<int64_t> index(flag.extents.size());
  for (size_t i = index.size(); i-- > 0; cell /= flag.extents[i])
    index[i] = static_cast<int64_t>(cell % flag.extents[i]);
  return index;
}

} // namespace

Program::Program(const Plan &plan, uint32_t rank) : plan(plan), rank(rank) {
  Scope scope(rank, 1);
  for (uint32_t number = 0; number < plan.ops.size(); ++number) {
    const Op &op = plan.ops[number];
    firstTask.push_back(static_cast<uint32_t>(all.size()));
    changes.push_back(cpu::varies(op));
    forEachPoint(op.domains, plan, scope, [&](const Scope &point) {
      Task &task = all.emplace_back();
      task.op = &op;
      task.opNumber = number;
      task.point.assign(point.domainValues().begin(), point.domainValues().end());
      resolve(task, 1);
    });
  }
  link();
}

void Program::resolve(Task &task, uint64_t step) const {
  const Op &op = *task.op;
  Scope scope(rank, static_cast<int64_t>(step));
  for (int64_t value : task.point)
    scope.push(value);
  auto expand = [&](const std::vector<Region> &regions) {
    std::vector<ConcreteRegion> expanded;
    for (const Region &region : regions)
      for (const ConcreteRegion &one : expandRegion(plan, region, scope))
        expanded.push_back(one);
    return expanded;
  };
  task.reads = expand(op.reads);
  task.writes = expand(op.writes);
  if (op.via == Path::Multicast)
    task.peers = plan.ranks;
  else if (op.kind == OpKind::Put || op.kind == OpKind::Signal)
    task.peer = static_cast<uint32_t>(scope(op.to));
  else if (op.kind == OpKind::Copy)
    task.peer = rank;
  if (op.kind != OpKind::Signal && op.kind != OpKind::Wait)
    return;
  const Flag &flag = plan.flags[op.flag];
  task.flagCell = flatIndex(flag.extents, op.flagIndex, scope);
  task.epoch = static_cast<uint32_t>(scope(op.value));
  if (op.hasPayload)
    task.payload = concreteItems(op.payload, scope);
  if (op.kind == OpKind::Wait) {
    Scope cell(rank, static_cast<int64_t>(step));
    for (int64_t value : indexOfCell(flag, task.flagCell))
      cell.push(value);
    task.peer = static_cast<uint32_t>(cell(flag.writer));
  }
}

/// Turns `after` into counts and successor lists. Instances lie in the order of
/// forEachPoint.
void Program::link() {
  for (uint32_t number = 0; number < all.size(); ++number) {
    Scope scope(rank, 1);
    for (int64_t value : all[number].point)
      scope.push(value);
    for (const After &after : all[number].op->after)
      forEachNamed(plan, after, scope, [&](uint64_t position) {
        all[firstTask[after.op] + position].successors.push_back(number);
        ++all[number].predecessors;
      });
  }
}

void Program::beginStep(uint64_t step) {
  for (Task &task : all) {
    if (changes[task.opNumber]) {
      resolve(task, step);
    } else if (task.op->kind == OpKind::Signal || task.op->kind == OpKind::Wait) {
      Scope scope(rank, static_cast<int64_t>(step));
      for (int64_t value : task.point)
        scope.push(value);
      task.epoch = static_cast<uint32_t>(scope(task.op->value));
    }
  }
}

std::string taskName(const Task &task) {
  std::string name = task.op->name;
  for (size_t i = 0; i < task.point.size(); ++i)
    name += concat(i ? ", " : "(", task.point[i]);
  return task.point.empty() ? name : name + ")";
}

std::string taskPlace(const Task &task, uint32_t rank, uint64_t step) {
  const Location &location = task.op->location;
  std::string place = "%" + taskName(task);
  if (!location.file.empty())
    place +=
        rt::concat(" at ", rt::printable(location.file), ":", location.line, ":", location.column);
  return rt::concat(place, ", rank ", rank, ", step ", step);
}

std::string flagName(const Flag &flag, uint64_t cell) {
  std::string name = flag.name;
  std::vector<int64_t> index = indexOfCell(flag, cell);
  for (size_t i = 0; i < index.size(); ++i)
    name += concat(i ? ", " : "[", index[i]);
  return index.empty() ? name : name + "]";
}

} // namespace moec::rt::cpu
