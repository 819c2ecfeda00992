//===- LoadCost.cpp - What a step takes under a placement -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tokens lie evenly over the ranks. A phase ends when its slowest rank does:
// dispatch, then the experts, then the way back (bounds (a) and (c) of a direct
// exchange and of one in two tiers, without latencies, which no placement moves).
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadProblem.h"

#include <numeric>

namespace moec {

SlotLists homesOf(const SlotLists &slots, uint32_t experts) {
  SlotLists homes(experts);
  for (uint32_t rank = 0; rank < slots.size(); ++rank)
    for (uint32_t expert : slots[rank])
      homes[expert].push_back(rank);
  return homes;
}

std::vector<std::vector<double>> loadShares(const LoadProblem &problem) {
  std::vector<std::vector<double>> shares = problem.loads;
  for (std::vector<double> &period : shares) {
    double sum = std::accumulate(period.begin(), period.end(), 0.0);
    for (double &load : period)
      load /= sum;
  }
  return shares;
}

std::vector<double> meanShares(const LoadProblem &problem) {
  std::vector<double> mean(problem.experts);
  for (const std::vector<double> &period : loadShares(problem))
    for (uint32_t expert = 0; expert < problem.experts; ++expert)
      mean[expert] += period[expert] / problem.loads.size();
  return mean;
}

double slotSeconds(const LoadCosts &costs, double rows) {
  return std::max(rows * costs.rowSeconds, std::min(rows, 1.0) * costs.readSeconds);
}

PhaseSeconds exchangeSeconds(const LoadProblem &problem, const std::vector<double> &rankShares,
                             const std::vector<double> &nodeShares, double bytes) {
  const LoadCosts &costs = problem.costs;
  double sent = costs.tokensPerRank * bytes, ranks = problem.ranks;
  std::vector<double> nodeSums(problem.nodes());
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    nodeSums[problem.nodeOf(rank)] += rankShares[rank];
  double allRanks = std::accumulate(nodeSums.begin(), nodeSums.end(), 0.0);
  double allNodes = std::accumulate(nodeShares.begin(), nodeShares.end(), 0.0);
  PhaseSeconds phase;
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    uint32_t node = problem.nodeOf(rank);
    double size = problem.nodeSize(node), others = ranks - size, share = rankShares[rank];
    double in = (size - 1) * share, out = nodeSums[node] - share;
    double railIn = others * share, railOut = allRanks - nodeSums[node];
    if (costs.nodeDedup) { // each lane takes its share of what comes in, and hands it on
      railIn = others / size * nodeShares[node];
      railOut = allNodes - nodeShares[node];
      in += others * share * (1 - 1 / size);
      out += others / size * nodeSums[node] * (1 - 1 / size);
    }
    phase.add(std::max(std::max(in, out) * sent / costs.nodeRate,
                       std::max(railIn, railOut) * sent / costs.railRate),
              ranks);
  }
  return phase;
}

PhaseSeconds returnSeconds(const LoadProblem &problem, const std::vector<double> &rows) {
  const LoadCosts &costs = problem.costs;
  std::vector<double> nodeRows(problem.nodes());
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    nodeRows[problem.nodeOf(rank)] += rows[rank];
  double all = std::accumulate(nodeRows.begin(), nodeRows.end(), 0.0);
  PhaseSeconds phase;
  double bytes = costs.returnBytes / problem.ranks; // each rank gets its part of any rank's rows
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    uint32_t node = problem.nodeOf(rank);
    double size = problem.nodeSize(node), others = problem.ranks - size;
    double within = std::max((size - 1) * rows[rank], nodeRows[node] - rows[rank]);
    double across = std::max(others * rows[rank], all - nodeRows[node]);
    phase.add(std::max(within * bytes / costs.nodeRate, across * bytes / costs.railRate),
              problem.ranks);
  }
  return phase;
}

Moves movesTo(const LoadProblem &problem, const SlotLists &slots) {
  Moves moves;
  if (!problem.inForce)
    return moves;
  SlotLists before = homesOf(problem.inForce->slots, problem.experts);
  const LoadCosts &costs = problem.costs;
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    double within = 0, across = 0;
    std::vector<uint32_t> distinct = slots[rank];
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (uint32_t expert : distinct) {
      bool isHere = false, isNear = false;
      for (uint32_t home : before[expert]) {
        isHere |= home == rank;
        isNear |= problem.nodeOf(home) == problem.nodeOf(rank);
      }
      if (!isHere)
        (isNear ? within : across) += costs.expertBytes;
    }
    moves.bytes += within + across;
    moves.acrossNodes += across;
    moves.seconds = std::max(moves.seconds, within / costs.nodeRate + across / costs.railRate);
  }
  return moves;
}

double reachedShare(double rows, double sampledRows, double sampledTokens) {
  return sampledRows > 0 ? rows * sampledTokens / sampledRows : std::min(rows, 1.0);
}

namespace {
/// Of all tokens, the share that each rank and each node is sent.
struct Reach {
  std::vector<double> ranks, nodes;
};

/// Rows and distinct tokens that reach each rank or node, of the sample.
struct Hits {
  explicit Hits(size_t size) : rows(size), tokens(size), last(size) {}
  void add(uint32_t place, size_t token) {
    ++rows[place];
    tokens[place] += last[place] != token + 1;
    last[place] = token + 1;
  }
  std::vector<double> rows, tokens;
  std::vector<size_t> last; ///< token + 1
};
} // namespace

static Reach reachOf(const LoadProblem &problem, const SlotLists &slots, const SlotLists &homes) {
  const TokenSample &tokens = problem.tokens;
  Hits ranks(problem.ranks), nodes(problem.nodes());
  for (size_t token = 0; token < tokens.size(); ++token)
    for (uint32_t i = 0; i < tokens.topK; ++i) {
      const std::vector<uint32_t> &copies = homes[tokens.experts[token * tokens.topK + i]];
      uint32_t rank = copies[token % copies.size()];
      ranks.add(rank, token);
      nodes.add(problem.nodeOf(rank), token);
    }
  std::vector<double> shares = meanShares(problem);
  std::vector<double> rankRows(problem.ranks), nodeRows(problem.nodes()); // of a token
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    for (uint32_t expert : slots[rank]) {
      double rows = shares[expert] / homes[expert].size() * tokens.topK;
      rankRows[rank] += rows;
      nodeRows[problem.nodeOf(rank)] += rows;
    }
  Reach reach;
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    reach.ranks.push_back(reachedShare(rankRows[rank], ranks.rows[rank], ranks.tokens[rank]));
  for (uint32_t node = 0; node < problem.nodes(); ++node)
    reach.nodes.push_back(reachedShare(nodeRows[node], nodes.rows[node], nodes.tokens[node]));
  return reach;
}

/// Adds what one period's histogram says.
static void addPeriod(const LoadProblem &problem, const SlotLists &slots, const SlotLists &homes,
                      const std::vector<double> &shares, double weight, LoadCost &cost) {
  double all = problem.costs.tokensPerRank * problem.ranks * problem.tokens.topK;
  std::vector<double> rows(problem.ranks);
  double slowest = 0;
  for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
    double seconds = 0;
    for (uint32_t expert : slots[rank]) {
      double ofSlot = all * shares[expert] / homes[expert].size();
      rows[rank] += ofSlot;
      seconds += slotSeconds(problem.costs, ofSlot);
    }
    slowest = std::max(slowest, seconds);
  }
  double imbalance = *std::max_element(rows.begin(), rows.end()) * problem.ranks / all;
  cost.computeSeconds += weight * slowest;
  cost.imbalance += weight * imbalance;
  cost.worstImbalance = std::max(cost.worstImbalance, imbalance);
  if (!problem.costs.partialReturn)
    cost.combineSeconds += weight * returnSeconds(problem, rows).slowest;
}

LoadCost costOf(const LoadProblem &problem, const SlotLists &slots) {
  const LoadCosts &costs = problem.costs;
  SlotLists homes = homesOf(slots, problem.experts);
  Reach reach = reachOf(problem, slots, homes);
  LoadCost cost;
  cost.dispatchSeconds =
      exchangeSeconds(problem, reach.ranks, reach.nodes, costs.dispatchBytes).slowest;
  if (costs.partialReturn) // the same pairs, the other way
    cost.combineSeconds =
        exchangeSeconds(problem, reach.ranks, reach.nodes, costs.returnBytes).slowest;
  cost.imbalance = 0;
  for (const std::vector<double> &shares : loadShares(problem))
    addPeriod(problem, slots, homes, shares, 1.0 / problem.loads.size(), cost);
  for (uint32_t node = 0; node < problem.nodes(); ++node)
    cost.nodeCopies += reach.nodes[node] * (problem.ranks - problem.nodeSize(node)) / problem.ranks;
  cost.crossNodeBytes = cost.nodeCopies * costs.tokensPerRank * problem.ranks * costs.dispatchBytes;
  Moves moves = movesTo(problem, slots);
  cost.movedBytes = moves.bytes;
  cost.movedAcrossNodes = moves.acrossNodes;
  cost.moveSeconds = moves.seconds / costs.steps;
  return cost;
}

} // namespace moec
