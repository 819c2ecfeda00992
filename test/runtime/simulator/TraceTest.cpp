//===- TraceTest.cpp - What a simulation shows ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Trace.h"
#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Summary.h"
#include "runtime/simulator/Timeline.h"
#include "test/runtime/module/Sample.h"
#include "test/runtime/simulator/Machines.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

using namespace moec;
using namespace moec::simulator;
using namespace moec::test;
using nlohmann::json;

namespace {

class TenMicroseconds : public KernelTimes {
public:
  double seconds(const KernelWork &work) const override {
    return work.task == plan::TaskKind::Experts || work.task == plan::TaskKind::Shared ? 10 * us
                                                                                       : 0;
  }
};

/// A step of four ranks, every one with ten tokens for each.
struct Step {
  Step() : network(switched(4, 100 * GB, 1 * us)), graph(4) {
    traffic::ItemCounts counts;
    counts.ranks = 4;
    counts.tokens.assign(4, 20);
    counts.copies = counts.rows = traffic::Matrix(4);
    for (uint32_t from = 0; from < 4; ++from)
      for (uint32_t to = 0; to < 4; ++to)
        counts.copies.at(from, to) = counts.rows.at(from, to) = 10;
    Layer layer = sampleLayer();
    layer.hidden = 25000; // rows of 0.1 MB
    layer.shared.emplace();
    layer.shared->mlp.intermediate = 8;
    auto tasks = makePlanTasks(directRowsPlan(layer, 4, 1, 2), counts, TenMicroseconds(), 2);
    EXPECT_TRUE(tasks.ok());
    graph = *std::move(tasks);
    auto result = simulate(graph, network);
    EXPECT_TRUE(result.ok());
    simulation = *std::move(result);
  }
  topology::Network network;
  TaskGraph graph;
  Simulation simulation{0, {}, {}, Usage(0), 0};
};

TEST(Summary, PhasesCoverTheRun) {
  Step step;
  auto phases = phasesOf(step.graph, step.simulation);
  std::map<std::string, Phase> byName;
  for (const Phase &phase : phases)
    byName[phase.name] = phase;
  EXPECT_EQ(byName.count("gate"), 0u);
  EXPECT_EQ(byName["pd"].tasks, 2u * 16);
  EXPECT_DOUBLE_EQ(byName["pd"].bytes, 2 * 12 * 10 * 0.1 * MB);
  EXPECT_EQ(byName["rd"].end, step.simulation.seconds);
  EXPECT_NEAR(byName["ex"].longest, 10 * us, 1e-12);
  EXPECT_GT(byName["ex"].begin, byName["pd"].begin);
}

TEST(Summary, ResourcesAddUp) {
  Step step;
  auto uses = usesOf(step.network, step.simulation);
  ASSERT_EQ(uses.size(), 8u);
  // Three peers, rows out and rows back and records of 24 bytes, two steps.
  double sent = 2 * 3 * 10 * (0.1 * MB + 0.1 * MB + 24);
  for (const ResourceUse &use : uses) {
    EXPECT_NEAR(use.bytes, sent, sent * 1e-6);
    EXPECT_NEAR(use.share, sent / (100 * GB * step.simulation.seconds), 1e-6);
    EXPECT_GE(use.peakShare, use.share);
  }
  json summary = summaryJson(step.graph, step.network, step.simulation);
  EXPECT_EQ(summary["seconds"], step.simulation.seconds);
  EXPECT_EQ(summary["resources"].size(), 8u);
}

TEST(Summary, TextIsNarrowAndTheTimelineTells) {
  Step step;
  std::string text = summaryText(step.graph, step.network, step.simulation);
  size_t width = 0;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    width = std::max(width, end - begin);
    begin = end + 1;
  }
  EXPECT_LE(width, 100u);
  EXPECT_NE(text.find("  rank 3    |"), std::string::npos);
  std::string timeline = timelineText(step.graph, step.simulation);
  EXPECT_NE(timeline.find('#'), std::string::npos); // the shared expert beside the dispatch
  EXPECT_NE(timeline.find('>'), std::string::npos);
}

/// Reads a trace as a viewer would, and says what is wrong with it.
class TraceReader {
public:
  explicit TraceReader(const std::string &text) : trace(json::parse(text)) {
    for (const json &event : trace["traceEvents"])
      read(event);
  }
  void check() {
    for (const auto &[channel, ends] : lastEnd)
      EXPECT_TRUE(names.count(channel)) << "a channel without a name";
    for (const auto &[id, times] : arrows) {
      EXPECT_GE(times.first, 0) << "arrow " << id << " has no start";
      EXPECT_GE(times.second, times.first) << "arrow " << id << " ends before it starts";
    }
  }
  std::map<std::string, int> slices;
  std::map<std::string, double> counters; ///< last value
  int arrowCount() const { return static_cast<int>(arrows.size()); }

private:
  using Channel = std::pair<int64_t, int64_t>;
  void read(const json &event) {
    std::string phase = event.at("ph");
    int64_t pid = event.at("pid").get<int64_t>();
    if (phase == "M") {
      if (event.at("name") == "thread_name")
        names.insert({pid, event.at("tid").get<int64_t>()});
      EXPECT_TRUE(event.at("args").at("name").is_string());
      return;
    }
    double time = event.at("ts");
    EXPECT_GE(time, 0);
    if (phase == "C") {
      double percent = event.at("args").at("percent");
      EXPECT_TRUE(percent >= 0 && percent <= 100) << percent;
      counters[event.at("name")] = percent;
      return;
    }
    Channel channel(pid, event.at("tid").get<int64_t>());
    if (phase == "s" || phase == "f") {
      auto &times = arrows.try_emplace(event.at("id").get<int64_t>(), -1.0, -1.0).first->second;
      (phase == "s" ? times.first : times.second) = time;
      return;
    }
    ASSERT_EQ(phase, "X");
    // In a channel slices follow one another.
    double duration = event.at("dur");
    EXPECT_GT(duration, 0);
    lastEnd[channel].insert({time, time + duration});
    auto next = std::next(lastEnd[channel].find(time));
    if (next != lastEnd[channel].end()) {
      EXPECT_LE(time + duration, next->first * (1 + 1e-12));
    }
    ++slices[event.at("name")];
    EXPECT_TRUE(event.at("args").contains("step"));
  }

  json trace;
  std::set<Channel> names;
  std::map<Channel, std::map<double, double>> lastEnd;
  std::map<int64_t, std::pair<double, double>> arrows;
};

TEST(Trace, CanBeRead) {
  Step step;
  TraceReader reader(perfettoTrace(step.graph, step.network, step.simulation));
  reader.check();
  EXPECT_EQ(reader.slices["pd"], 2 * 12); // to itself a put takes no time
  EXPECT_EQ(reader.slices["ex"], 2 * 4);
  EXPECT_EQ(reader.slices["sh"], 2 * 4);
  EXPECT_EQ(reader.slices.count("gate"), 0u);
  EXPECT_EQ(reader.counters.size(), 8u);
  for (const auto &[name, percent] : reader.counters)
    EXPECT_EQ(percent, 0) << name << " does not come to rest";
  EXPECT_GT(reader.arrowCount(), 2 * 2 * 12 - 1);
}

} // namespace
