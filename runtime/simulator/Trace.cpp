//===- Trace.cpp - A simulation as a Perfetto trace -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Trace.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace moec::simulator {
namespace {

using Json = nlohmann::ordered_json;

/// Writes events one a line: a trace of a large run is not held as a tree.
class Tracer {
public:
  Tracer(const TaskGraph &graph, const topology::Network &network, const Simulation &simulation)
      : graph(graph), network(network), simulation(simulation), channels(graph.getTasks().size()) {}

  std::string run();

private:
  void chooseChannels();
  void nameChannels();
  void addTasks();
  void addFlags();
  void addCounters();
  void add(const Json &event) {
    text += text.empty() ? "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n" : ",\n";
    text += event.dump();
  }
  static double microseconds(double seconds) { return seconds * 1e6; }
  bool hasLength(TaskId task) const { return simulation.end[task] > simulation.begin[task]; }

  const TaskGraph &graph;
  const topology::Network &network;
  const Simulation &simulation;
  std::vector<uint32_t> channels; ///< by task: number within its family and rank
  std::string text;
  /// Channels of a family have neighbouring numbers.
  static constexpr uint32_t channelsOfFamily = 1 << 12;
  uint32_t tidOf(TaskId task) const {
    return graph.getTasks()[task].family * channelsOfFamily + channels[task];
  }
};

const char *categoryOf(TaskClass kind) {
  switch (kind) {
  case TaskClass::Transfer:
    return "transfer";
  case TaskClass::Compute:
    return "compute";
  case TaskClass::Wait:
    return "wait";
  case TaskClass::Signal:
  case TaskClass::Gate:
    break;
  }
  return "";
}

/// Tasks that overlap need channels of their own: the first that is free.
void Tracer::chooseChannels() {
  std::vector<TaskId> order;
  for (TaskId task = 0; task < graph.getTasks().size(); ++task)
    if (hasLength(task))
      order.push_back(task);
  std::sort(order.begin(), order.end(), [&](TaskId left, TaskId right) {
    return simulation.begin[left] != simulation.begin[right]
               ? simulation.begin[left] < simulation.begin[right]
               : left < right;
  });
  std::unordered_map<uint64_t, std::vector<double>> free; // until when channels are taken
  for (TaskId id : order) {
    const Task &task = graph.getTasks()[id];
    std::vector<double> &taken = free[uint64_t(task.family) << 32 | task.rank];
    auto channel = std::find_if(taken.begin(), taken.end(),
                                [&](double until) { return until <= simulation.begin[id]; });
    if (channel == taken.end())
      channel = taken.insert(taken.end(), 0);
    *channel = simulation.end[id];
    channels[id] = static_cast<uint32_t>(channel - taken.begin());
  }
}

void Tracer::nameChannels() {
  for (uint32_t rank = 0; rank < graph.getRanks(); ++rank)
    add({{"name", "process_name"},
         {"ph", "M"},
         {"pid", rank},
         {"args", {{"name", "rank " + std::to_string(rank)}}}});
  add({{"name", "process_name"},
       {"ph", "M"},
       {"pid", graph.getRanks()},
       {"args", {{"name", "resources"}}}});
  std::unordered_map<uint64_t, bool> isNamed;
  for (TaskId id = 0; id < graph.getTasks().size(); ++id) {
    bool isFlag = graph.familyOf(id).kind == TaskClass::Signal;
    const Task &task = graph.getTasks()[id];
    if ((!hasLength(id) && !isFlag) ||
        !isNamed.try_emplace(uint64_t(tidOf(id)) << 32 | task.rank, true).second)
      continue;
    add({{"name", "thread_name"},
         {"ph", "M"},
         {"pid", task.rank},
         {"tid", tidOf(id)},
         {"args", {{"name", "%" + graph.familyOf(id).name}}}});
  }
}

void Tracer::addTasks() {
  for (TaskId id = 0; id < graph.getTasks().size(); ++id) {
    const Task &task = graph.getTasks()[id];
    const Family &family = graph.familyOf(id);
    if (!hasLength(id) || family.kind == TaskClass::Gate || family.kind == TaskClass::Signal)
      continue;
    Json args = {{"step", task.step}, {"task", id}};
    if (family.kind == TaskClass::Transfer) {
      args["peer"] = family.reach == Reach::Peer ? Json(task.peer) : Json("all");
      args["bytes"] = task.amount;
    }
    add({{"name", family.name},
         {"cat", categoryOf(family.kind)},
         {"ph", "X"},
         {"ts", microseconds(simulation.begin[id])},
         {"dur", microseconds(simulation.end[id] - simulation.begin[id])},
         {"pid", task.rank},
         {"tid", tidOf(id)},
         {"args", std::move(args)}});
  }
}

/// An arrow from each signal to the wait for its cell and value.
void Tracer::addFlags() {
  std::unordered_map<uint64_t, TaskId> waits;
  auto key = [](const Task &task) { return uint64_t(task.cell) << 32 | task.value; };
  for (TaskId id = 0; id < graph.getTasks().size(); ++id)
    if (graph.familyOf(id).kind == TaskClass::Wait && hasLength(id))
      waits[key(graph.getTasks()[id])] = id;
  for (TaskId id = 0; id < graph.getTasks().size(); ++id) {
    if (graph.familyOf(id).kind != TaskClass::Signal)
      continue;
    const Task &task = graph.getTasks()[id];
    auto wait = waits.find(key(task));
    if (wait == waits.end())
      continue;
    Json event = {{"name", graph.familyOf(id).name},
                  {"cat", "flag"},
                  {"ph", "s"},
                  {"id", id},
                  {"ts", microseconds(simulation.begin[id])},
                  {"pid", task.rank},
                  {"tid", tidOf(id)}};
    add(event);
    event["ph"] = "f";
    event["bp"] = "e";
    event["ts"] = microseconds(simulation.end[wait->second]);
    event["pid"] = graph.getTasks()[wait->second].rank;
    event["tid"] = tidOf(wait->second);
    add(event);
  }
}

void Tracer::addCounters() {
  const Usage &usage = simulation.usage;
  for (uint32_t number = 0; number < network.getResources().size(); ++number) {
    const topology::Resource &resource = network.getResources()[number];
    if (usage.bytes(number) <= 0)
      continue;
    double before = -1;
    for (uint32_t stretch = 0; stretch <= usage.size(); ++stretch) {
      double bytes = stretch < usage.size() ? usage.bytes(number, stretch) : 0;
      double percent = 100 * bytes / (resource.bytesPerSecond * usage.stretchSeconds());
      percent = std::clamp(percent, 0.0, 100.0);
      if (percent == before)
        continue;
      before = percent;
      add({{"name", resource.name},
           {"ph", "C"},
           {"ts", microseconds(stretch * usage.stretchSeconds())},
           {"pid", graph.getRanks()},
           {"args", {{"percent", percent}}}});
    }
  }
}

std::string Tracer::run() {
  chooseChannels();
  nameChannels();
  addTasks();
  addFlags();
  addCounters();
  return std::move(text) + "\n]}\n";
}

} // namespace

std::string perfettoTrace(const TaskGraph &graph, const topology::Network &network,
                          const Simulation &simulation) {
  return Tracer(graph, network, simulation).run();
}

} // namespace moec::simulator
