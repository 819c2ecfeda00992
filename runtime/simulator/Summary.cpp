//===- Summary.cpp - What a simulation shows ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Summary.h"

#include "runtime/module/TextTable.h"
#include "runtime/simulator/Timeline.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace moec::simulator {

using Json = nlohmann::ordered_json;

namespace {

struct Span {
  double begin = 0, end = 0;
  bool isEmpty = true;
  void add(double from, double to) {
    begin = isEmpty ? from : std::min(begin, from);
    end = isEmpty ? to : std::max(end, to);
    isEmpty = false;
  }
};

} // namespace

std::vector<Phase> phasesOf(const TaskGraph &graph, const Simulation &simulation) {
  const std::vector<Family> &families = graph.getFamilies();
  std::vector<Phase> phases(families.size());
  std::vector<Span> spans(families.size());
  std::vector<Span> ofRank(families.size() * graph.getRanks());
  uint32_t step = 1;
  auto closeStep = [&] {
    for (size_t i = 0; i < ofRank.size(); ++i) {
      Phase &phase = phases[i / graph.getRanks()];
      if (ofRank[i].isEmpty || ofRank[i].end - ofRank[i].begin <= phase.longest)
        continue;
      phase.longest = ofRank[i].end - ofRank[i].begin;
      phase.longestRank = static_cast<uint32_t>(i % graph.getRanks());
    }
    std::fill(ofRank.begin(), ofRank.end(), Span());
  };
  for (TaskId id = 0; id < graph.getTasks().size(); ++id) { // step by step
    const Task &task = graph.getTasks()[id];
    if (task.step != step)
      closeStep();
    step = task.step;
    Phase &phase = phases[task.family];
    ++phase.tasks;
    bool leaves = task.rank != task.peer || families[task.family].reach != Reach::Peer;
    if (families[task.family].kind == TaskClass::Transfer && leaves)
      phase.bytes += task.amount;
    spans[task.family].add(simulation.begin[id], simulation.end[id]);
    ofRank[size_t(task.family) * graph.getRanks() + task.rank].add(simulation.begin[id],
                                                                   simulation.end[id]);
  }
  closeStep();
  std::vector<Phase> found;
  for (size_t i = 0; i < phases.size(); ++i) {
    if (families[i].kind == TaskClass::Gate || phases[i].tasks == 0)
      continue;
    phases[i].name = families[i].name;
    phases[i].kind = families[i].kind;
    phases[i].begin = spans[i].begin;
    phases[i].end = spans[i].end;
    found.push_back(phases[i]);
  }
  return found;
}

std::vector<ResourceUse> usesOf(const topology::Network &network, const Simulation &simulation) {
  std::vector<ResourceUse> uses;
  for (uint32_t number = 0; number < network.getResources().size(); ++number) {
    double rate = network.getResources()[number].bytesPerSecond;
    ResourceUse use{.resource = number, .bytes = simulation.usage.bytes(number)};
    if (use.bytes <= 0)
      continue;
    use.share = std::min(use.bytes / (rate * simulation.seconds), 1.0);
    for (uint32_t stretch = 0; stretch < simulation.usage.size(); ++stretch)
      use.peakShare = std::max(use.peakShare, simulation.usage.bytes(number, stretch) /
                                                  (rate * simulation.usage.stretchSeconds()));
    use.peakShare = std::min(use.peakShare, 1.0);
    uses.push_back(use);
  }
  std::sort(uses.begin(), uses.end(), [](const ResourceUse &left, const ResourceUse &right) {
    return left.share != right.share ? left.share > right.share : left.resource < right.resource;
  });
  return uses;
}

static const char *nameOf(TaskClass kind) {
  switch (kind) {
  case TaskClass::Transfer:
    return "transfer";
  case TaskClass::Compute:
    return "compute";
  case TaskClass::Signal:
    return "signal";
  case TaskClass::Wait:
    return "wait";
  case TaskClass::Gate:
    return "gate";
  }
  return "";
}

Json summaryJson(const TaskGraph &graph, const topology::Network &network,
                 const Simulation &simulation) {
  Json phases = Json::array(), resources = Json::array();
  for (const Phase &phase : phasesOf(graph, simulation)) {
    Json item = {{"name", phase.name},
                 {"kind", nameOf(phase.kind)},
                 {"tasks", phase.tasks},
                 {"begin_seconds", phase.begin},
                 {"end_seconds", phase.end},
                 {"longest_seconds", phase.longest},
                 {"longest_rank", phase.longestRank}};
    if (phase.kind == TaskClass::Transfer)
      item["bytes"] = phase.bytes;
    phases.push_back(std::move(item));
  }
  for (const ResourceUse &use : usesOf(network, simulation)) {
    const topology::Resource &resource = network.getResources()[use.resource];
    resources.push_back({{"name", resource.name},
                         {"bytes_per_second", resource.bytesPerSecond},
                         {"bytes", use.bytes},
                         {"share", use.share},
                         {"peak_share", use.peakShare}});
  }
  return {{"seconds", simulation.seconds},
          {"phases", std::move(phases)},
          {"resources", std::move(resources)}};
}

//===----------------------------------------------------------------------===//
// For people
//===----------------------------------------------------------------------===//

static std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof(text), pattern, value);
  return text;
}

static std::string microseconds(double seconds) { return format("%.1f", seconds * 1e6); }

static std::string phaseTable(const TaskGraph &graph, const Simulation &simulation) {
  rt::TextTable table({false, false, true, true, true, true, true});
  table.row({"op", "", "tasks", "from us", "to us", "longest us", "MB"});
  for (const Phase &phase : phasesOf(graph, simulation)) {
    bool moves = phase.kind == TaskClass::Transfer;
    std::string longest = phase.longest > 0 ? microseconds(phase.longest) + " (rank " +
                                                  std::to_string(phase.longestRank) + ")"
                                            : "0.0";
    table.row({"%" + phase.name, nameOf(phase.kind), std::to_string(phase.tasks),
               microseconds(phase.begin), microseconds(phase.end), longest,
               moves ? format("%.2f", phase.bytes / 1e6) : ""});
  }
  return table.text();
}

static std::string resourceTable(const topology::Network &network, const Simulation &simulation) {
  constexpr size_t shown = 6;
  std::vector<ResourceUse> uses = usesOf(network, simulation);
  rt::TextTable table({false, true, true, true, true});
  table.row({"busiest", "GB/s", "MB", "in use", "at most"});
  for (size_t i = 0; i < std::min(uses.size(), shown); ++i) {
    const topology::Resource &resource = network.getResources()[uses[i].resource];
    table.row({resource.name, format("%.1f", resource.bytesPerSecond / 1e9),
               format("%.2f", uses[i].bytes / 1e6), format("%.0f %%", uses[i].share * 100),
               format("%.0f %%", uses[i].peakShare * 100)});
  }
  return uses.empty() ? "" : table.text();
}

std::string summaryText(const TaskGraph &graph, const topology::Network &network,
                        const Simulation &simulation) {
  std::string resources = resourceTable(network, simulation);
  return phaseTable(graph, simulation) + (resources.empty() ? "" : "\n" + resources) + "\n" +
         timelineText(graph, simulation);
}

} // namespace moec::simulator
