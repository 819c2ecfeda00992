//===- CountItems.cpp - From traffic to the sizes of a step ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/Homes.h"
#include "runtime/traffic/ChooseExperts.h"
#include "runtime/traffic/Random.h"
#include "runtime/traffic/ReadTraffic.h"
#include "runtime/traffic/Traffic.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <thread>

namespace moec::traffic {

namespace {

/// Adds tokens to counts.
class Counter {
public:
  Counter(const Routing &routing, const AllHomes &homes)
      : homes(homes), lanes(routing.ranks() / routing.nodes), nodes(routing.nodes),
        sentTo(routing.ranks()), sentToNode(routing.nodes) {
    counts.ranks = routing.ranks();
    counts.nodes = nodes;
    counts.tokens.assign(routing.tokens.begin(), routing.tokens.end());
    counts.copies = Matrix(routing.ranks());
    counts.rows = Matrix(routing.ranks());
    if (nodes > 1)
      counts.nodeCopies.resize(size_t(routing.ranks()) * nodes);
  }

  /// Token number `token` of `source` goes to these experts; counted `weight` times.
  void add(uint32_t source, uint32_t token, std::span<const uint32_t> experts, double weight = 1) {
    ++stamp;
    for (uint32_t expert : experts) {
      uint32_t rank = homeOf(homes.of(source)[expert], token, source).rank;
      counts.rows.at(source, rank) += weight;
      if (sentTo[rank] == stamp)
        continue;
      sentTo[rank] = stamp;
      counts.copies.at(source, rank) += weight;
      uint32_t node = rank / lanes;
      if (nodes == 1 || sentToNode[node] == stamp)
        continue;
      sentToNode[node] = stamp;
      counts.nodeCopies[size_t(source) * nodes + node] += weight;
    }
  }

  /// Takes over what another has of the sources from `first` on.
  void takeSources(const ItemCounts &other, uint32_t first) {
    for (uint32_t source = first; source < counts.ranks; ++source)
      for (uint32_t rank = 0; rank < counts.ranks; ++rank) {
        counts.rows.at(source, rank) = other.rows.at(source, rank);
        counts.copies.at(source, rank) = other.copies.at(source, rank);
      }
    std::copy(other.nodeCopies.begin() + std::min(other.nodeCopies.size(), size_t(first) * nodes),
              other.nodeCopies.end(),
              counts.nodeCopies.begin() +
                  std::min(counts.nodeCopies.size(), size_t(first) * nodes));
  }

  ItemCounts counts;

private:
  const AllHomes &homes;
  uint32_t lanes, nodes;
  uint64_t stamp = 0;
  std::vector<uint64_t> sentTo, sentToNode; ///< stamp of the last token that went there
};

} // namespace

static rt::Status checkRouting(const Routing &routing) {
  uint32_t ranks = routing.ranks();
  if (ranks > maxMatrixRanks)
    return rt::unsupportedError("wanted at most ", maxMatrixRanks,
                                " ranks for the sizes of a step, of "
                                "which there are some for each two, found ",
                                ranks);
  if (ranks == 0 || routing.nodes == 0 || ranks % routing.nodes != 0)
    return rt::invalidError("wanted nodes that divide ", ranks, " ranks, found ", routing.nodes);
  if (routing.topK == 0 || routing.topK > routing.experts)
    return rt::invalidError("wanted 1 to ", routing.experts, " experts a token, found ",
                            routing.topK);
  if (routing.groups) {
    const GroupLimit &groups = *routing.groups;
    if (groups.count == 0 || routing.experts % groups.count != 0 || groups.kept == 0 ||
        groups.kept > groups.count ||
        routing.topK > uint64_t(groups.kept) * (routing.experts / groups.count))
      return rt::invalidError("wanted groups that divide ", routing.experts,
                              " experts and leave room for ", routing.topK, ", found ",
                              groups.count, " groups of which ", groups.kept, " are kept");
  }
  if (routing.placement.slots.size() != ranks)
    return rt::invalidError("wanted a placement on ", ranks, " ranks, found ",
                            routing.placement.slots.size());
  return {};
}

static rt::Status checkPlacement(const Routing &routing) {
  std::vector<bool> isPlaced(routing.experts);
  for (const std::vector<uint32_t> &slots : routing.placement.slots)
    for (uint32_t expert : slots) {
      if (expert >= routing.experts)
        return rt::invalidError("placement: wanted an expert below ", routing.experts, ", found ",
                                expert);
      isPlaced[expert] = true;
    }
  for (uint32_t expert = 0; expert < routing.experts; ++expert)
    if (!isPlaced[expert])
      return rt::invalidError("placement: wanted expert ", expert,
                              " on some rank, found it on none");
  return {};
}

//===- Uniform: expectations ----------------------------------------------===//

/// The chance that none of `held` experts is among `topK` of `experts`.
static double chanceOfNone(uint32_t experts, uint32_t held, uint32_t topK) {
  double chance = 1;
  for (uint32_t i = 0; i < topK; ++i) {
    if (held + i >= experts)
      return 0;
    chance *= double(experts - held - i) / double(experts - i);
  }
  return chance;
}

/// How many tokens it takes until a source's choice of copies repeats.
static uint32_t periodOf(const Homes &homes) {
  uint64_t period = 1;
  for (const std::vector<Home> &copies : homes)
    period = std::min<uint64_t>(std::lcm(period, copies.size()), 5040);
  return static_cast<uint32_t>(period);
}

namespace {

/// Adds what uniform traffic is expected to bring, in closed form.
class Expectation {
public:
  explicit Expectation(const Routing &routing) : routing(routing), none(routing.experts + 1) {
    for (uint32_t held = 0; held <= routing.experts; ++held)
      none[held] = chanceOfNone(routing.experts, held, routing.topK);
  }
  /// The experts that a token finds at each rank, in a phase of the turns.
  void setPhase(const Homes &homes, uint32_t phase);
  /// `tokens` of a source, all of that phase.
  void add(ItemCounts &counts, uint32_t source, double tokens) const;

private:
  const Routing &routing;
  std::vector<double> none; ///< chance that of so many experts none is chosen
  std::vector<uint32_t> held, heldByNode;
};

} // namespace

void Expectation::setPhase(const Homes &homes, uint32_t phase) {
  held.assign(routing.ranks(), 0);
  heldByNode.assign(routing.nodes, 0);
  for (const std::vector<Home> &copies : homes) {
    uint32_t rank = copies[phase % copies.size()].rank;
    ++held[rank];
    ++heldByNode[rank / (routing.ranks() / routing.nodes)];
  }
}

void Expectation::add(ItemCounts &counts, uint32_t source, double tokens) const {
  for (uint32_t rank = 0; rank < routing.ranks(); ++rank) {
    counts.copies.at(source, rank) += tokens * (1 - none[held[rank]]);
    counts.rows.at(source, rank) += tokens * routing.topK * held[rank] / routing.experts;
  }
  for (uint32_t node = 0; node < routing.nodes && routing.nodes > 1; ++node)
    counts.nodeCopies[size_t(source) * routing.nodes + node] +=
        tokens * (1 - none[heldByNode[node]]);
}

/// Tokens of a source of whose number and its own the sum leaves `phase` modulo `period`.
static double tokensOfPhase(const Routing &routing, uint32_t source, uint32_t phase,
                            uint32_t period) {
  uint32_t first = (phase + period - source % period) % period, all = routing.tokens[source];
  return all > first ? (all - first - 1) / period + 1 : 0;
}

static ItemCounts expectUniform(const Routing &routing, const AllHomes &homes) {
  Counter counter(routing, homes);
  Expectation expectation(routing);
  // Sources with the same lists are in a phase together.
  uint32_t ranks = routing.ranks(), together = homes.areShared() ? ranks : 1;
  for (uint32_t first = 0; first < ranks; first += together) {
    const Homes &lists = homes.of(first);
    uint32_t period = periodOf(lists);
    for (uint32_t phase = 0; phase < period; ++phase) {
      expectation.setPhase(lists, phase);
      for (uint32_t source = first; source < first + together; ++source)
        expectation.add(counter.counts, source, tokensOfPhase(routing, source, phase, period));
    }
  }
  return std::move(counter.counts);
}

//===- Drawn steps --------------------------------------------------------===//

/// Under a group limit the expectations have no formula: the mean of many tokens,
/// which is the same for all sources with the same lists.
static ItemCounts expectUniformInGroups(const Routing &routing, const AllHomes &homes) {
  constexpr uint32_t samples = 1 << 15;
  uint32_t ranks = routing.ranks(), sampled = homes.areShared() ? 1 : ranks;
  Counter counter(routing, homes);
  ItemCounts &counts = counter.counts;
  ExpertChooser chooser(std::vector<double>(routing.experts, 1.0 / routing.experts), routing.topK,
                        routing.groups);
  std::vector<uint32_t> chosen(routing.topK);
  for (uint32_t token = 0; token < samples; ++token) {
    Random random(Random::keyOf(0, token));
    chooser.choose(random, chosen);
    for (uint32_t source = 0; source < sampled; ++source)
      counter.add(source, token, chosen, 1.0 / samples);
  }
  uint32_t nodes = static_cast<uint32_t>(counts.nodeCopies.size() / ranks);
  for (uint32_t source = ranks; source-- > 0;) { // the first last: others may read it
    uint32_t from = sampled == 1 ? 0 : source;
    double tokens = routing.tokens[source];
    for (uint32_t rank = 0; rank < ranks; ++rank) {
      counts.copies.at(source, rank) = tokens * counts.copies.at(from, rank);
      counts.rows.at(source, rank) = tokens * counts.rows.at(from, rank);
    }
    for (uint32_t node = 0; node < nodes; ++node)
      counts.nodeCopies[size_t(source) * nodes + node] =
          tokens * counts.nodeCopies[size_t(from) * nodes + node];
  }
  return std::move(counts);
}

/// The tokens of the sources [first, last), each of a stream of its own.
static void drawSources(Counter &counter, const std::vector<std::vector<double>> &shares,
                        const Routing &routing, uint64_t key, uint32_t first, uint32_t last) {
  std::vector<uint32_t> chosen(routing.topK);
  std::optional<ExpertChooser> chooser;
  for (uint32_t source = first; source < last; ++source) {
    if (source == first || shares.size() > 1)
      chooser.emplace(shares[shares.size() > 1 ? source : 0], routing.topK, routing.groups);
    uint64_t sourceKey = Random::keyOf(key, source);
    for (uint32_t token = 0; token < routing.tokens[source]; ++token) {
      Random random(Random::keyOf(sourceKey, token));
      chooser->choose(random, chosen);
      counter.add(source, token, chosen);
    }
  }
}

static rt::Result<ItemCounts> draw(const Traffic &traffic, const Routing &routing,
                                   const AllHomes &homes, std::optional<uint32_t> layer) {
  MOEC_ASSIGN_OR_RETURN(std::vector<std::vector<double>> shares,
                        shareOfExperts(traffic, routing, layer));
  uint64_t key = Random::keyOf(Random::keyOf(traffic.seed, layer.value_or(0)), /*part=*/1);
  uint32_t ranks = routing.ranks(), half = ranks / 2;
  Counter counter(routing, homes), second(routing, homes);
  // A compile waits for this, with one processor at work.
  std::jthread helper([&] { drawSources(second, shares, routing, key, half, ranks); });
  drawSources(counter, shares, routing, key, 0, half);
  helper.join();
  counter.takeSources(second.counts, half);
  return std::move(counter.counts);
}

static rt::Result<ItemCounts> countTrace(const Traffic &traffic, const Routing &routing,
                                         const AllHomes &homes, std::optional<uint32_t> layer) {
  MOEC_ASSIGN_OR_RETURN(const Trace *found, traffic.traceOf(layer));
  const Trace &trace = *found;
  if (trace.topK != routing.topK)
    return rt::invalidError("traffic: wanted ", routing.topK, " experts a token, found ",
                            trace.topK);
  uint32_t ranks = routing.ranks();
  Counter counter(routing, homes);
  std::vector<uint32_t> tokens(ranks);
  for (size_t token = 0; token < trace.tokens(); ++token) {
    uint32_t source =
        trace.ranks.empty() ? uint32_t(token * ranks / trace.tokens()) : trace.ranks[token];
    if (source >= ranks)
      return rt::invalidError("traffic: token ", token, ": wanted a rank below ", ranks, ", found ",
                              source);
    std::span<const uint32_t> experts(&trace.experts[token * trace.topK], trace.topK);
    for (uint32_t expert : experts)
      if (expert >= routing.experts)
        return rt::invalidError("traffic: token ", token, ": wanted an expert below ",
                                routing.experts, ", found ", expert);
    counter.add(source, tokens[source]++, experts);
  }
  counter.counts.tokens.assign(tokens.begin(), tokens.end());
  return std::move(counter.counts);
}

rt::Result<ItemCounts> countItems(const Traffic &traffic, const Routing &routing,
                                  std::optional<uint32_t> layer) {
  MOEC_RETURN_IF_ERROR(checkRouting(routing));
  MOEC_RETURN_IF_ERROR(checkPlacement(routing));
  AllHomes homes(routing.placement, routing.experts);
  switch (traffic.kind) {
  case TrafficKind::Uniform:
    return routing.groups ? expectUniformInGroups(routing, homes) : expectUniform(routing, homes);
  case TrafficKind::LogNormal:
  case TrafficKind::Zipf:
  case TrafficKind::Load:
    return draw(traffic, routing, homes, layer);
  case TrafficKind::Trace:
    return countTrace(traffic, routing, homes, layer);
  case TrafficKind::Bytes:
    return rt::invalidError("traffic: wanted tokens by expert, found a matrix of bytes");
  }
  return rt::internalError("traffic of no kind");
}

} // namespace moec::traffic
