//===- SimulateExchange.cpp - How long the simulator takes ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One step of a layer with DeepSeek-V3's sizes (hidden 7168, top 8, bf16), 4096
// tokens a rank, on 64 to 1024 ranks in nodes of eight behind switches, with even
// and with log-normal traffic. One JSON line a case: seconds to make the tasks and
// to simulate them, tasks, and how often rates were shared out.
//===----------------------------------------------------------------------===//

#include "runtime/simulator/PlanTasks.h"
#include "runtime/simulator/Simulate.h"
#include "test/runtime/module/Sample.h"
#include "test/runtime/simulator/Machines.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

using namespace moec;
using namespace moec::simulator;
using namespace moec::test;

namespace {

/// Of this process: other programs on the machine are not in it.
double cpuSeconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

/// Every rank's 8 slots a token, spread over the ranks by log-normal popularity.
traffic::ItemCounts exchange(uint32_t ranks, double sigma) {
  constexpr double tokens = 4096, slots = 8;
  std::mt19937 random(1);
  std::lognormal_distribution<double> popularity(0, sigma), noise(0, sigma / 4);
  std::vector<double> load(ranks);
  for (double &value : load)
    value = popularity(random);
  traffic::ItemCounts counts;
  counts.ranks = ranks;
  counts.tokens.assign(ranks, tokens);
  counts.copies = counts.rows = traffic::Matrix(ranks);
  for (uint32_t from = 0; from < ranks; ++from) {
    double sum = 0;
    for (uint32_t to = 0; to < ranks; ++to)
      sum += counts.rows.at(from, to) = load[to] * noise(random);
    for (uint32_t to = 0; to < ranks; ++to) {
      double share = counts.rows.at(from, to) / sum;
      counts.rows.at(from, to) = tokens * slots * share;
      counts.copies.at(from, to) = tokens * (1 - std::pow(1 - share, slots));
    }
  }
  return counts;
}

void run(uint32_t ranks, uint32_t window, double sigma, bool railed) {
  Layer layer = sampleLayer();
  layer.hidden = 7168;
  layer.tokensType = layer.combineType = DType::BF16;
  layer.router.topK = 8;
  plan::Plan plan = directRowsPlan(layer, ranks, 1, window);
  topology::Network network =
      railed ? test::railed(ranks / 8, 8, 370.8 * GB, 1.9 * us, 48.5 * GB, 5 * us)
             : switched(ranks, 370.8 * GB, 1.9 * us);
  traffic::ItemCounts counts = exchange(ranks, sigma);
  double start = cpuSeconds();
  auto graph = makePlanTasks(plan, counts, NoKernelTimes());
  double made = cpuSeconds() - start;
  start = cpuSeconds();
  auto result = simulate(*graph, network);
  double simulated = cpuSeconds() - start;
  std::printf(
      "{\"bench\": \"simulate-exchange\", \"ranks\": %u, \"network\": \"%s\", \"window\": %u, "
      "\"sigma\": %g, \"tasks\": %zu, \"make_seconds\": %.3f, \"simulate_seconds\": %.3f, "
      "\"rate_updates\": %llu, \"step_us\": %.1f}\n",
      ranks, railed ? "rails" : "switch", window, sigma, graph->getTasks().size(), made, simulated,
      static_cast<unsigned long long>(result->rateUpdates), result->seconds * 1e6);
  std::fflush(stdout);
}

} // namespace

/// Arguments: the fewest and the most ranks (64 and 1024), and a window, to run no other.
int main(int argc, char **argv) {
  uint32_t fewest = argc > 1 ? std::atoi(argv[1]) : 64;
  uint32_t most = argc > 2 ? std::atoi(argv[2]) : 1024;
  for (uint32_t ranks : {64, 256, 1024})
    for (bool railed : {false, true})
      for (uint32_t window : {4, 0})
        for (double sigma : {0.0, 0.6})
          if (ranks >= fewest && ranks <= most &&
              (argc < 4 || window == uint32_t(std::atoi(argv[3]))))
            run(ranks, window, sigma, railed);
  return 0;
}
