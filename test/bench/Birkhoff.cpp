//===- Birkhoff.cpp - How long the decomposition takes --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Node matrices with log-normal entries, 2 to 32 nodes, as many stages as nodes and
// all. One JSON line a case: microseconds of a decomposition and of the table of 8
// lanes behind it, stages, and the part of the bound that the stages carry.
//===----------------------------------------------------------------------===//

#include "runtime/birkhoff/Decompose.h"
#include "runtime/birkhoff/StageTable.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>

using namespace moec::birkhoff;

static std::vector<uint64_t> logNormal(uint32_t rows, uint32_t columns, double sigma,
                                       unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<uint64_t> units(size_t(rows) * columns);
  for (uint64_t &entry : units)
    entry = static_cast<uint64_t>(4096 * std::exp(sigma * normal(random)));
  return units;
}

/// The median of `rounds` calls, in microseconds.
template <typename Body> static double microseconds(const Body &body) {
  constexpr size_t rounds = 51;
  std::vector<double> times;
  for (size_t round = 0; round < rounds; ++round) {
    auto begin = std::chrono::steady_clock::now();
    body(static_cast<unsigned>(round));
    times.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

static void run(uint32_t nodes, bool all, double sigma) {
  constexpr uint32_t lanes = 8;
  std::vector<std::vector<uint64_t>> matrices, counts;
  for (unsigned seed = 0; seed < 51; ++seed) {
    matrices.push_back(logNormal(nodes, nodes, sigma, seed));
    counts.push_back(logNormal(nodes * lanes, nodes, sigma, seed));
  }
  Options options{.maxStages = all ? 0 : nodes};
  Decomposition last;
  double decomposing =
      microseconds([&](unsigned round) { last = decompose(matrices[round], nodes, options); });
  double table =
      microseconds([&](unsigned round) { StageTable(counts[round], nodes, lanes, nodes + 1); });
  uint64_t staged = 0;
  for (const Stage &stage : last.stages)
    staged += stage.units;
  std::printf("{\"bench\": \"birkhoff\", \"nodes\": %u, \"sigma\": %g, \"stages\": %zu, "
              "\"decompose_us\": %.1f, \"table_us\": %.1f, \"staged_part\": %.3f}\n",
              nodes, sigma, last.stages.size(), decomposing, table,
              double(staged) / double(last.bound));
}

int main() {
  for (uint32_t nodes : {2, 4, 8, 16, 32})
    for (double sigma : {0.3, 1.0})
      for (bool all : {false, true})
        run(nodes, all, sigma);
  return 0;
}
