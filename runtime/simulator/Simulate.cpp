//===- Simulate.cpp - When every task begins and ends ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Simulate.h"

#include "runtime/simulator/Flags.h"
#include "runtime/simulator/LargeArray.h"
#include "runtime/simulator/Processors.h"
#include "runtime/simulator/Routes.h"
#include "runtime/simulator/Transfers.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <tuple>
#include <unordered_map>

namespace moec::simulator {
namespace {

using topology::Route;

/// What every transfer of the graph needs to know of the network.
struct Demands {
  uint32_t maxUses = 1;
  uint64_t transfers = 0;
};

rt::Result<Demands> checkRoutes(const TaskGraph &graph, const topology::Network &network) {
  if (graph.getRanks() > network.getRanks())
    return rt::invalidError("wanted a network of ", graph.getRanks(), " ranks, found ",
                            network.getRanks());
  Demands demands;
  for (const Task &task : graph.getTasks()) {
    const Family &family = graph.getFamilies()[task.family];
    bool isTransfer = family.kind == TaskClass::Transfer;
    if ((!isTransfer && family.kind != TaskClass::Signal))
      continue;
    const Route *route = findRoute(network, family, task);
    if (!route && family.reach != Reach::Peer)
      return rt::invalidError("'", family.name,
                              "': wanted a switch that multicasts to all ranks, found none in the "
                              "network");
    if (!route && task.rank != task.peer)
      return rt::invalidError("'", family.name, "': wanted a route from rank ", task.rank,
                              " to rank ", task.peer, ", found none in the network");
    if (route)
      demands.maxUses = std::max(demands.maxUses, static_cast<uint32_t>(route->uses.size()));
    demands.transfers += isTransfer && task.amount > 0;
  }
  return demands;
}

/// Average bytes of what shares by size; 1 where that is nothing or everything.
double unitOfWeight(const TaskGraph &graph, const SimulateOptions &options) {
  double bytes = 0, count = 0;
  for (const Task &task : graph.getTasks())
    if (graph.getFamilies()[task.family].ratesBySize && task.amount > 0) {
      bytes += task.amount;
      ++count;
    }
  return count > 0 && !options.ratesBySize ? bytes / count : 1;
}

/// Transfers of one family on one rank, or of those to one peer.
struct Window {
  uint32_t inFlight = 0;
  bool isTouched = false; ///< may have something to start
  std::priority_queue<TaskId, std::vector<TaskId>, std::greater<>> held;
};

class Engine {
public:
  Engine(const TaskGraph &graph, const topology::Network &network, const SimulateOptions &options,
         const Demands &demands);

  rt::Result<Simulation> run();

private:
  void makeWindows();
  void start(TaskId task);
  void startHeld();
  void launch(TaskId task);
  bool issue(TaskId task, const Route *route);
  void goOn(TaskId task);
  void end(TaskId task);
  void finish(TaskId task);
  void drain();
  bool step();
  rt::Status describeStall() const;

  Window *windowOf(TaskId task) {
    uint32_t number = windows.empty() ? noWindow : windowNumbers[task];
    return number == noWindow ? nullptr : &windows[number];
  }

  /// A transfer of average size weighs as much as one that shares evenly.
  double weightOf(TaskId task) const {
    bool bySize = options.ratesBySize || graph.familyOf(task).ratesBySize;
    return bySize ? graph.getTasks()[task].amount / unitOfWeight : 1;
  }

  static constexpr uint32_t noWindow = UINT32_MAX;

  /// A put or flag that its rank is done with at that time, or a pull that is there.
  struct Issued {
    double time;
    uint64_t number; ///< in the order of issue
    TaskId task;
    bool isThere = false;
    bool operator>(const Issued &other) const {
      return std::tie(time, number) > std::tie(other.time, other.number);
    }
  };

  const TaskGraph &graph;
  const topology::Network &network;
  SimulateOptions options;
  std::vector<double> busyUntil; ///< by rank, with messages
  std::priority_queue<Issued, std::vector<Issued>, std::greater<>> issued;
  uint64_t issues = 0;
  TaskGraph::Order order;
  Transfers transfers;
  Processors processors;
  Flags flags;
  std::vector<uint32_t> windowNumbers; ///< by task
  std::vector<Window> windows;
  std::vector<Window *> touched;
  std::vector<TaskId> ready; ///< to be started now, a queue
  size_t nextReady = 0;
  std::vector<TaskId> ended;
  double now = 0;
  double unitOfWeight = 1; ///< bytes
  std::vector<double> begins, ends;
};

Engine::Engine(const TaskGraph &graph, const topology::Network &network,
               const SimulateOptions &options, const Demands &demands)
    : graph(graph), network(network), options(options), busyUntil(graph.getRanks()),
      order(graph.makeOrder()),
      transfers(network, demands.maxUses,
                options.patience.value_or(defaultPatience(demands.transfers))),
      processors(graph, order), flags(graph), unitOfWeight(simulator::unitOfWeight(graph, options)),
      begins(makeLarge(graph.getTasks().size(), never)),
      ends(makeLarge(graph.getTasks().size(), never)) {
  makeWindows();
}

/// A window of each rank, or of each rank and peer that a family has transfers of.
void Engine::makeWindows() {
  const std::vector<Family> &families = graph.getFamilies();
  if (std::all_of(families.begin(), families.end(), [](auto &family) { return !family.window; }))
    return;
  uint64_t ranks = graph.getRanks();
  windowNumbers.assign(graph.getTasks().size(), noWindow);
  std::vector<uint32_t> first; // by family, where a rank has one
  uint32_t count = 0;
  for (const Family &family : families) {
    first.push_back(count);
    count += family.window > 0 && !family.eachPeer ? ranks : 0;
  }
  std::unordered_map<uint64_t, uint32_t> ofPeers;
  for (TaskId id = 0; id < graph.getTasks().size(); ++id) {
    const Task &task = graph.getTasks()[id];
    const Family &family = graph.getFamilies()[task.family];
    if (family.kind != TaskClass::Transfer || family.window == 0)
      continue;
    if (!family.eachPeer) {
      windowNumbers[id] = first[task.family] + task.rank;
      continue;
    }
    uint64_t key = (task.family * ranks + task.rank) * ranks + task.peer;
    auto [place, isNew] = ofPeers.try_emplace(key, count);
    count += isNew;
    windowNumbers[id] = place->second;
  }
  windows.resize(count);
}

/// All before it is done.
void Engine::start(TaskId task) {
  const Task &item = graph.getTasks()[task];
  const Family &family = graph.getFamilies()[item.family];
  switch (family.kind) {
  case TaskClass::Transfer:
    if (Window *window = windowOf(task)) {
      window->held.push(task);
      if (!window->isTouched)
        touched.push_back(window);
      window->isTouched = true;
      return;
    }
    return launch(task);
  case TaskClass::Compute:
    if (item.amount > 0)
      return processors.enqueue(task);
    begins[task] = now;
    return finish(task);
  case TaskClass::Signal: {
    begins[task] = now;
    if (!issue(task, findRoute(network, family, item)))
      goOn(task);
    return;
  }
  case TaskClass::Wait:
    begins[task] = now;
    if (flags.await(task))
      finish(task);
    return;
  case TaskClass::Gate:
    begins[task] = now;
    return finish(task);
  }
}

/// The bytes of a transfer begin to flow.
void Engine::launch(TaskId task) {
  const Task &item = graph.getTasks()[task];
  begins[task] = now;
  const Route *route = findRoute(network, graph.getFamilies()[item.family], item);
  if (item.amount == 0 || !route || route->uses.empty())
    return finish(task);
  if (Window *window = windowOf(task))
    ++window->inFlight;
  if (!issue(task, route))
    goOn(task);
}

/// Keeps the rank for as long as its message takes, after those before. False: that is no
/// time. Flags to all are one message: that to the first other rank.
bool Engine::issue(TaskId task, const Route *route) {
  const Task &item = graph.getTasks()[task];
  const Family &family = graph.getFamilies()[item.family];
  bool isSame = family.reach == Reach::All && family.kind == TaskClass::Signal &&
                item.peer != (item.rank == 0 ? 1u : 0u);
  if (!route || route->messageSeconds == 0)
    return false;
  double &until = busyUntil[item.rank];
  until = std::max(until, now) + (isSame ? 0 : route->messageSeconds);
  issued.push({until, issues++, task, /*isThere=*/false});
  return true;
}

/// What is issued is under way.
void Engine::goOn(TaskId task) {
  const Task &item = graph.getTasks()[task];
  const Family &family = graph.getFamilies()[item.family];
  const Route *route = findRoute(network, family, item);
  if (family.kind == TaskClass::Signal) {
    flags.raise(task, now, route ? route->latencySeconds : 0);
    return finish(task);
  }
  transfers.begin(task, route->uses, item.amount, weightOf(task));
}

/// What is ready goes first: it may be before what was held.
void Engine::startHeld() {
  std::vector<Window *> now_open;
  now_open.swap(touched);
  for (Window *window : now_open)
    window->isTouched = false;
  for (Window *window : now_open) {
    while (!window->held.empty()) {
      TaskId task = window->held.top();
      if (window->inFlight >= graph.familyOf(task).window)
        break;
      window->held.pop();
      launch(task);
    }
  }
}

/// Nothing tells of the end of a pull: it lasts until the last byte is there.
void Engine::end(TaskId task) {
  const Family &family = graph.familyOf(task);
  if (family.kind != TaskClass::Transfer || family.reach != Reach::Sum)
    return finish(task);
  const Route *route = findRoute(network, family, graph.getTasks()[task]);
  issued.push({now + route->latencySeconds, issues++, task, /*isThere=*/true});
}

void Engine::finish(TaskId task) {
  ends[task] = now;
  for (TaskId after : order.after(task))
    if (--order.nodes[after].predecessors == 0)
      ready.push_back(after);
}

/// Everything that happens at this moment.
void Engine::drain() {
  do {
    for (; nextReady < ready.size(); ++nextReady)
      start(ready[nextReady]);
    ready.clear();
    nextReady = 0;
    startHeld();
    processors.start(now, [this](TaskId task) { begins[task] = now; });
  } while (!ready.empty() || !touched.empty());
}

/// On to the next event. False: there is none.
bool Engine::step() {
  transfers.settle(now);
  double next = std::min({transfers.next(), processors.next(), flags.next(),
                          issued.empty() ? never : issued.top().time});
  if (next == never)
    return false;
  now = next;
  double moment = now * (1 + sameMoment);
  ended.clear();
  transfers.end(now, ended);
  for (TaskId task : ended)
    if (Window *window = windowOf(task)) {
      --window->inFlight;
      if (!window->isTouched)
        touched.push_back(window);
      window->isTouched = true;
    }
  processors.end(moment, ended);
  flags.land(moment, ended);
  for (TaskId task : ended)
    end(task);
  while (!issued.empty() && issued.top().time <= moment) {
    Issued first = issued.top();
    issued.pop();
    if (first.isThere)
      finish(first.task);
    else
      goOn(first.task);
  }
  return true;
}

rt::Result<Simulation> Engine::run() {
  for (TaskId task = 0; task < graph.getTasks().size(); ++task)
    if (order.nodes[task].predecessors == 0)
      ready.push_back(task);
  do
    drain();
  while (step());
  MOEC_RETURN_IF_ERROR(describeStall());
  transfers.getUsage().finish(now);
  Simulation result{.seconds = 0,
                    .begin = std::move(begins),
                    .end = std::move(ends),
                    .usage = std::move(transfers.getUsage()),
                    .rateUpdates = transfers.getShares()};
  for (double end : result.end)
    result.seconds = std::max(result.seconds, end);
  return result;
}

/// Tasks that never ended: the first of those that wait, else the first of all.
rt::Status Engine::describeStall() const {
  uint64_t tasks = 0, count = 0;
  std::optional<TaskId> first, waiting;
  for (TaskId task = 0; task < ends.size(); ++task) {
    bool isGate = graph.familyOf(task).kind == TaskClass::Gate;
    tasks += !isGate;
    if (isGate || ends[task] != never)
      continue;
    ++count;
    if (!first)
      first = task;
    if (!waiting && begins[task] != never)
      waiting = task;
  }
  if (count == 0)
    return rt::Status();
  const Task &task = graph.getTasks()[waiting.value_or(*first)];
  return rt::invalidError(
      "the schedule stalls after ", std::round(now * 1e9) / 1e3, " us: ", count, " of ", tasks,
      " tasks never end; '", graph.getFamilies()[task.family].name, "' of rank ", task.rank,
      " in step ", task.step,
      waiting ? " waits for a flag that is not raised" : " comes after tasks that wait for it");
}

} // namespace

double defaultPatience(uint64_t transfers) {
  return transfers <= (1 << 16) ? 0 : std::min(double(transfers) / (1 << 24), 1.0 / 16);
}

rt::Result<Simulation> simulate(const TaskGraph &graph, const topology::Network &network,
                                const SimulateOptions &options) {
  MOEC_ASSIGN_OR_RETURN(Demands demands, checkRoutes(graph, network));
  return Engine(graph, network, options, demands).run();
}

} // namespace moec::simulator
