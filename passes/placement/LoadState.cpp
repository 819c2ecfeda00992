//===- LoadState.cpp - A placement that can be changed a little -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadState.h"

#include <cmath>

namespace moec {

/// Of the mean rank's seconds beside the slowest one's: enough to tell equals apart.
static constexpr double slackWeight = 0.05;
static constexpr uint32_t nowhere = UINT32_MAX;

LoadState::LoadState(const LoadProblem &problem, const SlotLists &start)
    : problem(problem), slots(problem.ranks), homes(problem.experts), before(problem.experts),
      moveWithin(problem.ranks), moveAcross(problem.ranks), tokensOf(problem.experts),
      destinations(problem.tokens.experts.size(), nowhere), perToken(meanShares(problem)),
      rankRows(problem.ranks), nodeRows(problem.nodes()), rankSampled(problem.ranks),
      nodeSampled(problem.nodes()), rankHits(problem.ranks), nodeHits(problem.nodes()),
      delta(problem.ranks) {
  if (problem.inForce)
    before = moec::homesOf(problem.inForce->slots, problem.experts);
  double all = problem.costs.tokensPerRank * problem.ranks * problem.tokens.topK;
  for (double &share : perToken)
    share *= problem.tokens.topK;
  rowsOf = loadShares(problem);
  for (std::vector<double> &period : rowsOf)
    for (double &share : period)
      share *= all;
  rows.assign(rowsOf.size(), std::vector<double>(problem.ranks));
  pressures = rows;
  for (uint32_t place = 0; place < destinations.size(); ++place)
    tokensOf[problem.tokens.experts[place]].push_back(place);
  SlotLists startHomes = moec::homesOf(start, problem.experts);
  for (uint32_t expert = 0; expert < problem.experts; ++expert)
    setHomes(expert, startHomes[expert]);
}

bool LoadState::isOn(uint32_t expert, uint32_t rank) const {
  return std::binary_search(homes[expert].begin(), homes[expert].end(), rank);
}

/// Seconds to send a row of the rank's back to where its token is.
static double rowReturn(const LoadProblem &problem, uint32_t rank) {
  const LoadCosts &costs = problem.costs;
  if (costs.partialReturn)
    return 0;
  double size = problem.nodeSize(problem.nodeOf(rank)), others = problem.ranks - size;
  return costs.returnBytes / problem.ranks *
         std::max((size - 1) / costs.nodeRate, others / costs.railRate);
}

double LoadState::share(uint32_t period, uint32_t expert, uint32_t copies, uint32_t rank) const {
  double ofSlot = rowsOf[period][expert] / copies;
  return slotSeconds(problem.costs, ofSlot) + ofSlot * rowReturn(problem, rank);
}

void LoadState::countMove(uint32_t expert, uint32_t rank, double sign) {
  if (!problem.inForce)
    return;
  bool isHere = false, isNear = false;
  for (uint32_t home : before[expert]) {
    isHere |= home == rank;
    isNear |= problem.nodeOf(home) == problem.nodeOf(rank);
  }
  if (!isHere)
    (isNear ? moveWithin : moveAcross)[rank] += sign * problem.costs.expertBytes;
}

void LoadState::addCopy(uint32_t expert, uint32_t rank, double sign) {
  uint32_t copies = homes[expert].size();
  for (uint32_t period = 0; period < periods(); ++period) {
    rows[period][rank] += sign * rowsOf[period][expert] / copies;
    pressures[period][rank] += sign * share(period, expert, copies, rank);
  }
  rankRows[rank] += sign * perToken[expert] / copies;
  nodeRows[problem.nodeOf(rank)] += sign * perToken[expert] / copies;
  countMove(expert, rank, sign);
}

/// Sends the expert's tokens to the copies that it has now.
void LoadState::sendTokens(uint32_t expert) {
  uint32_t topK = problem.tokens.topK;
  const std::vector<uint32_t> &copies = homes[expert];
  for (uint32_t place : tokensOf[expert]) {
    uint32_t token = place / topK, *of = &destinations[token * topK];
    uint32_t from = destinations[place], to = copies[token % copies.size()];
    if (from == to)
      continue;
    destinations[place] = nowhere;
    bool isLeft = from != nowhere, leavesNode = isLeft, isNew = true, isNewOnNode = true;
    for (uint32_t i = 0; i < topK; ++i) {
      if (of[i] == nowhere)
        continue;
      uint32_t node = problem.nodeOf(of[i]);
      isLeft = isLeft && of[i] != from;
      leavesNode = leavesNode && node != problem.nodeOf(from);
      isNew = isNew && of[i] != to;
      isNewOnNode = isNewOnNode && node != problem.nodeOf(to);
    }
    if (from != nowhere)
      count(from, -1, isLeft, leavesNode);
    count(to, 1, isNew, isNewOnNode);
    destinations[place] = to;
  }
}

/// One row of the sample more (or less) on the rank, and perhaps a token.
void LoadState::count(uint32_t rank, double sign, bool isNewOnRank, bool isNewOnNode) {
  uint32_t node = problem.nodeOf(rank);
  rankSampled[rank] += sign;
  nodeSampled[node] += sign;
  rankHits[rank] += isNewOnRank ? sign : 0;
  nodeHits[node] += isNewOnNode ? sign : 0;
}

void LoadState::setHomes(uint32_t expert, const std::vector<uint32_t> &next) {
  for (uint32_t rank : homes[expert]) {
    addCopy(expert, rank, -1);
    if (!std::binary_search(next.begin(), next.end(), rank))
      slots[rank].erase(std::find(slots[rank].begin(), slots[rank].end(), expert));
  }
  std::vector<uint32_t> previous = std::move(homes[expert]);
  homes[expert] = next;
  for (uint32_t rank : next) {
    addCopy(expert, rank, 1);
    if (!std::binary_search(previous.begin(), previous.end(), rank))
      slots[rank].push_back(expert);
  }
  sendTokens(expert);
}

double LoadState::pressureAfter(uint32_t period, const std::vector<Change> &changes) {
  touched.clear();
  auto add = [&](uint32_t rank, double seconds) {
    delta[rank] += seconds;
    touched.push_back(rank);
  };
  for (const Change &change : changes) {
    const std::vector<uint32_t> &now = homes[change.expert];
    for (uint32_t rank : now)
      add(rank, -share(period, change.expert, now.size(), rank));
    for (uint32_t rank : change.homes)
      add(rank, share(period, change.expert, change.homes.size(), rank));
  }
  double greatest = 0;
  for (uint32_t rank : touched)
    greatest = std::max(greatest, pressures[period][rank] + delta[rank]);
  for (uint32_t rank : touched)
    delta[rank] = 0;
  return greatest;
}

std::vector<Change> LoadState::apply(const std::vector<Change> &changes) {
  std::vector<Change> undo;
  for (const Change &change : changes) {
    undo.insert(undo.begin(), {change.expert, homes[change.expert]});
    setHomes(change.expert, change.homes);
  }
  return undo;
}

double LoadState::guide() const {
  const LoadCosts &costs = problem.costs;
  double seconds = 0, slack = 0;
  auto add = [&](PhaseSeconds phase, double weight) {
    seconds += phase.slowest * weight;
    slack += phase.mean * weight;
  };
  std::vector<double> ranks, nodes;
  for (uint32_t rank = 0; rank < problem.ranks; ++rank)
    ranks.push_back(reachedShare(rankRows[rank], rankSampled[rank], rankHits[rank]));
  for (uint32_t node = 0; node < problem.nodes(); ++node)
    nodes.push_back(reachedShare(nodeRows[node], nodeSampled[node], nodeHits[node]));
  add(exchangeSeconds(problem, ranks, nodes, costs.dispatchBytes), 1);
  if (costs.partialReturn)
    add(exchangeSeconds(problem, ranks, nodes, costs.returnBytes), 1);
  for (uint32_t period = 0; period < periods(); ++period) {
    double slowest = 0, squares = 0;
    for (uint32_t rank = 0; rank < problem.ranks; ++rank) {
      double pressure = pressures[period][rank];
      squares += pressure * pressure;
      slowest = std::max(slowest, pressure - rows[period][rank] * rowReturn(problem, rank));
    }
    add({slowest, std::sqrt(squares / problem.ranks)}, 1.0 / periods());
    if (!costs.partialReturn)
      add(returnSeconds(problem, rows[period]), 1.0 / periods());
  }
  PhaseSeconds moves;
  for (uint32_t rank = 0; problem.inForce && rank < problem.ranks; ++rank)
    moves.add(moveWithin[rank] / costs.nodeRate + moveAcross[rank] / costs.railRate, problem.ranks);
  // Bytes that only fill a pause of the links are not free either.
  seconds += (moves.slowest + moves.mean) / costs.steps;
  return seconds + slackWeight * slack;
}

} // namespace moec
