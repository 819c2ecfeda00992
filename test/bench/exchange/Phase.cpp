//===- Phase.cpp - What one phase of a step has to move -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/bench/exchange/Phase.h"

#include "runtime/birkhoff/StageTable.h"

#include <cmath>

namespace moec::bench {

using simulator::FamilyId, simulator::TaskClass, simulator::TaskGraph, simulator::TaskId;

Phase makePhase(const traffic::ItemCounts &counts, double bytesPerCopy) {
  Phase phase;
  phase.groups = counts.nodes;
  phase.lanes = counts.ranks / counts.nodes;
  phase.bytes = traffic::Matrix(counts.ranks);
  for (uint32_t from = 0; from < counts.ranks; ++from)
    for (uint32_t to = 0; to < counts.ranks; ++to)
      phase.bytes.at(from, to) = counts.copies.at(from, to) * bytesPerCopy;
  for (double copies : counts.nodeCopies)
    phase.intoGroup.push_back(copies * bytesPerCopy);
  if (phase.intoGroup.empty()) // one group: every token goes to it
    for (double tokens : counts.tokens)
      phase.intoGroup.push_back(tokens * bytesPerCopy);
  return phase;
}

double boundOf(const traffic::ItemCounts &counts, const topology::Network &network,
               double bytesPerCopy) {
  bounds::Demand demand = dispatchDemand(counts, bytesPerCopy, bounds::Copies::Nodes);
  return bounds::boundOf(network, demand).seconds;
}

namespace {

/// Makes tasks, and after each transfer the flag that tells of it.
class Builder {
public:
  Builder(const Phase &phase, plan::Path between)
      : phase(phase), between(between), graph(phase.ranks()) {}

  TaskGraph direct(uint32_t window);
  TaskGraph twoTier(uint32_t pieces, uint32_t window, bool spray);
  TaskGraph inStages(uint32_t stages, uint32_t window);

private:
  struct Families {
    FamilyId transfer, signal, wait;
  };
  Families addFamilies(const std::string &name, plan::Path via, uint32_t window);
  /// Bytes and their flag, after `after`; returns the wait of who receives them.
  TaskId send(const Families &families, uint32_t from, uint32_t to, double bytes,
              const std::vector<TaskId> &after);
  void sendWithin(const Families &last);
  void handOn(const Families &last, uint32_t source, uint32_t at, double part, TaskId after);

  const Phase &phase;
  plan::Path between;
  TaskGraph graph;
  uint32_t cells = 0;
};

} // namespace

Builder::Families Builder::addFamilies(const std::string &name, plan::Path via, uint32_t window) {
  return {graph.addFamily({name, TaskClass::Transfer, via, window}),
          graph.addFamily({name + " flag", TaskClass::Signal, via}),
          graph.addFamily({name + " wait", TaskClass::Wait, via})};
}

TaskId Builder::send(const Families &families, uint32_t from, uint32_t to, double bytes,
                     const std::vector<TaskId> &after) {
  TaskId transfer = graph.addTransfer(families.transfer, from, to, bytes);
  for (TaskId before : after)
    graph.addEdge(before, transfer);
  TaskId signal = graph.addSignal(families.signal, from, to, cells, 1);
  graph.addEdge(transfer, signal);
  return graph.addWait(families.wait, to, cells++, 1);
}

TaskGraph Builder::direct(uint32_t window) {
  Families all = addFamilies("put", plan::Path::NVLink, window); // falls back on rails
  for (uint32_t rank = 0; rank < phase.ranks(); ++rank)
    for (uint32_t i = 1; i < phase.ranks(); ++i) {
      uint32_t to = (rank + i) % phase.ranks();
      send(all, rank, to, phase.bytes.at(rank, to), {});
    }
  return std::move(graph);
}

/// What stays in the group goes straight to its ranks.
void Builder::sendWithin(const Families &last) {
  for (uint32_t rank = 0; rank < phase.ranks(); ++rank)
    for (uint32_t i = 1; i < phase.lanes; ++i) {
      uint32_t to = phase.rankAt(phase.groupOf(rank), (rank + i) % phase.lanes);
      send(last, rank, to, phase.bytes.at(rank, to), {});
    }
}

/// A part of what `source` sent to the group of `at`, to the ranks that it is for.
void Builder::handOn(const Families &last, uint32_t source, uint32_t at, double part,
                     TaskId after) {
  for (uint32_t i = 1; i < phase.lanes; ++i) {
    uint32_t to = phase.rankAt(phase.groupOf(at), (at + i) % phase.lanes);
    send(last, at, to, phase.bytes.at(source, to) * part, {after});
  }
}

TaskGraph Builder::twoTier(uint32_t pieces, uint32_t window, bool spray) {
  Families spread = addFamilies("spread", plan::Path::NVLink, phase.lanes);
  Families rail = addFamilies("rail", between, window);
  Families last = addFamilies("hand on", plan::Path::NVLink, 0);
  sendWithin(last);
  for (uint32_t source = 0; source < phase.ranks(); ++source) {
    uint32_t group = phase.groupOf(source);
    for (uint32_t piece = 0; piece < pieces; ++piece)
      for (uint32_t i = 1; i < phase.groups; ++i) {
        uint32_t to = (group + i) % phase.groups;
        uint32_t lane = spray ? (source + piece) % phase.lanes : source % phase.lanes;
        double bytes = phase.toGroup(source, to) / pieces;
        uint32_t carrier = phase.rankAt(group, lane), entry = phase.rankAt(to, lane);
        std::vector<TaskId> ready;
        if (carrier != source)
          ready.push_back(send(spread, source, carrier, bytes, {}));
        TaskId there = send(rail, carrier, entry, bytes, ready);
        handOn(last, source, entry, 1.0 / pieces, there);
      }
  }
  return std::move(graph);
}

/// Every lane carries an equal share of a stage by its own rail, a few stages at a time; by
/// NVLink the share is brought there, and what came is handed on.
TaskGraph Builder::inStages(uint32_t stages, uint32_t window) {
  constexpr double unit = 16; // bytes: the table counts in whole numbers
  std::vector<uint64_t> counts;
  for (double bytes : phase.intoGroup)
    counts.push_back(static_cast<uint64_t>(std::llround(bytes / unit)));
  birkhoff::StageTable table(counts, phase.groups, phase.lanes, stages);
  Families spread = addFamilies("spread", plan::Path::NVLink, phase.lanes);
  Families rail = addFamilies("rail", between, window);
  Families last = addFamilies("hand on", plan::Path::NVLink, 0);
  sendWithin(last);
  for (uint32_t stage = 0; stage < stages; ++stage)
    for (uint32_t from = 0; from < phase.groups; ++from)
      for (uint32_t i = 1; i < phase.groups; ++i) {
        uint32_t to = (from + i) % phase.groups;
        double whole = double(table.before(from, to, stages));
        double sent = double(table.before(from, to, stage + 1) - table.before(from, to, stage));
        if (sent == 0)
          continue;
        for (uint32_t lane = 0; lane < phase.lanes; ++lane) {
          uint32_t carrier = phase.rankAt(from, lane), entry = phase.rankAt(to, lane);
          std::vector<TaskId> ready;
          double bytes = 0, part = sent / whole / phase.lanes;
          for (uint32_t other = 0; other < phase.lanes; ++other) {
            uint32_t source = phase.rankAt(from, other);
            bytes += phase.toGroup(source, to) * part;
            if (source != carrier)
              ready.push_back(send(spread, source, carrier, phase.toGroup(source, to) * part, {}));
          }
          TaskId there = send(rail, carrier, entry, bytes, ready);
          for (uint32_t other = 0; other < phase.lanes; ++other) {
            double forRank = 0;
            uint32_t target = phase.rankAt(to, other);
            for (uint32_t giver = 0; giver < phase.lanes; ++giver)
              forRank += phase.bytes.at(phase.rankAt(from, giver), target) * part;
            if (target != entry)
              send(last, entry, target, forRank, {there});
          }
        }
      }
  return std::move(graph);
}

TaskGraph makeGraph(const Schedule &schedule, const Phase &phase, plan::Path between) {
  Builder builder(phase, between);
  switch (schedule.kind) {
  case Schedule::Kind::Direct:
    return builder.direct(schedule.window);
  case Schedule::Kind::TwoTier:
    return builder.twoTier(schedule.pieces, schedule.window, schedule.spray);
  case Schedule::Kind::Stages:
    return builder.inStages(schedule.stages, schedule.window);
  }
  return TaskGraph(0);
}

} // namespace moec::bench
