//===- ModelMemory.cpp - Memory of a model run ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/ModelMemory.h"

#include <algorithm>

namespace moec::scheduling {

ModelMemory::ModelMemory(const TaskGraph &graph) : graph(graph) {
  uint32_t steps = graph.size() ? graph[graph.size() - 1].step : 0;
  size_t nodes = graph.size() + size_t(graph.getPlan().ranks) * steps;
  incoming.assign(nodes, Clock((graph.size() + 63) / 64));
}

static void merge(std::vector<uint64_t> &into, const std::vector<uint64_t> &from) {
  for (size_t i = 0; i < from.size(); ++i)
    into[i] |= from[i];
}

bool ModelMemory::knows(int64_t task) const {
  return task < 0 || task == int64_t(current) || clock[task / 64] >> (task % 64) & 1;
}

//===----------------------------------------------------------------------===//
// A task
//===----------------------------------------------------------------------===//

void ModelMemory::beginTask(TaskId id) {
  current = id;
  clock = incoming[id];
}

void ModelMemory::endNode(TaskId node, const std::vector<TaskId> &successors) {
  Clock done = incoming[node];
  if (node < graph.size()) {
    done = clock;
    done[node / 64] |= uint64_t(1) << (node % 64);
  }
  for (TaskId next : successors)
    merge(incoming[next], done);
}

static std::string recordText(const plan::Plan &plan, uint32_t rank,
                              const plan::ConcreteRegion &region, uint32_t record) {
  return "record " + std::to_string(record) + " of '" + plan.buffers[region.buffer].name +
         "' region " + std::to_string(region.region) + " of rank " + std::to_string(rank);
}

ModelValue ModelMemory::read(const plan::ConcreteRegion &region, uint32_t record, uint32_t rank) {
  Cell &cell = cells[{rank, region.buffer, region.region, record}];
  if (!knows(cell.writer) && fault.empty())
    fault = "reads " + recordText(graph.getPlan(), rank, region, record) + " while " +
            graph.describe(static_cast<TaskId>(cell.writer)) + " may write it";
  cell.readers.push_back(current);
  return cell.value;
}

void ModelMemory::write(const plan::ConcreteRegion &region, uint32_t record, ModelValue value) {
  const plan::Op &op = graph.op(current);
  if (op.kind != plan::OpKind::Put)
    return writeOn(graph[current].rank, region, record, value);
  for (uint32_t rank : plan::targetRanks(graph.getPlan(), op, graph[current].scope))
    writeOn(rank, region, record, value);
}

void ModelMemory::writeOn(uint32_t rank, const plan::ConcreteRegion &region, uint32_t record,
                          ModelValue value) {
  Key key{rank, region.buffer, region.region, record};
  Cell &cell = cells[key];
  std::optional<TaskId> other;
  if (!knows(cell.writer))
    other = static_cast<TaskId>(cell.writer);
  for (TaskId reader : cell.readers)
    if (!knows(reader))
      other = reader;
  if (other && fault.empty())
    fault = "writes " + recordText(graph.getPlan(), rank, region, record) + " while " +
            graph.describe(*other) + " may still use it";
  cell.writer = current;
  cell.readers.clear();
  if (rank == graph[current].rank) {
    cell.value = value;
    return;
  }
  Store store;
  store.key = key;
  store.value = value;
  put(std::move(store));
}

void ModelMemory::free(uint64_t number) {
  landable.insert(std::upper_bound(landable.begin(), landable.end(), number), number);
}

/// Stores to one cell keep their order; a flag comes after what it covers.
void ModelMemory::put(Store store) {
  store.number = stores++;
  store.by = current;
  auto [last, isFirst] = lastInto.try_emplace({store.isFlag, store.key}, store.number);
  if (!isFirst)
    store.after.push_back(std::exchange(last->second, store.number));
  store.waits = static_cast<uint32_t>(store.after.size());
  for (uint64_t number : store.after)
    pending.at(number).before.push_back(store.number);
  if (store.waits == 0)
    free(store.number);
  pending.emplace(store.number, std::move(store));
}

//===----------------------------------------------------------------------===//
// Flags
//===----------------------------------------------------------------------===//

ModelMemory::Key ModelMemory::flagKey(TaskId id, uint32_t rank) const {
  const plan::Op &op = graph.op(id);
  const plan::Scope &scope = graph[id].scope;
  return {rank, op.flag,
          plan::flatIndex(graph.getPlan().flags[op.flag].extents, op.flagIndex, scope), 0};
}

/// NVLink covers all that happened before, of other ranks too; another path what this rank
/// put to the same peer by it.
void ModelMemory::signal(uint32_t payload) {
  const plan::Op &op = graph.op(current);
  FlagWord word{graph[current].scope(op.value), payload, clock};
  word.clock[current / 64] |= uint64_t(1) << (current % 64);
  for (uint32_t rank : plan::targetRanks(graph.getPlan(), op, graph[current].scope))
    signalOn(rank, word);
}

void ModelMemory::signalOn(uint32_t rank, const FlagWord &word) {
  const plan::Op &op = graph.op(current);
  Store store;
  store.isFlag = true;
  store.key = flagKey(current, rank);
  store.word = word;
  plan::Path path = plan::flagPathOf(op.via);
  for (const auto &[number, other] : pending) {
    bool isAlike = plan::flagPathOf(graph.op(other.by).via) == path;
    bool covers = isAlike && (path == plan::Path::NVLink ||
                              (graph[other.by].rank == graph[current].rank &&
                               std::get<0>(other.key) == std::get<0>(store.key)));
    bool isTwin = other.by == current; // the same signal on another rank
    if (covers && !isTwin && knows(other.by))
      store.after.push_back(number);
  }
  if (rank == graph[current].rank) // nothing travels
    flags[store.key] = std::move(store.word);
  else
    put(std::move(store));
}

bool ModelMemory::hasCome(TaskId wait) const {
  auto word = flags.find(ownFlagKey(wait));
  return word != flags.end() && word->second.epoch >= graph[wait].scope(graph.op(wait).value);
}

uint32_t ModelMemory::acquire() {
  const FlagWord &word = flags.at(ownFlagKey(current));
  merge(clock, word.clock);
  return word.payload;
}

//===----------------------------------------------------------------------===//
// Stores on their way
//===----------------------------------------------------------------------===//

void ModelMemory::land(const std::function<size_t(size_t)> &pick) {
  auto chosen = landable.begin() + static_cast<ptrdiff_t>(pick(landable.size()));
  Store store = std::move(pending.extract(*chosen).mapped());
  landable.erase(chosen);
  auto last = lastInto.find({store.isFlag, store.key});
  if (last->second == store.number)
    lastInto.erase(last);
  for (uint64_t number : store.before)
    if (--pending.at(number).waits == 0)
      free(number);
  if (store.isFlag)
    flags[store.key] = std::move(store.word);
  else
    cells[store.key].value = store.value;
}

} // namespace moec::scheduling
