//===- Router.cpp - Which experts a token goes to -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every quantity is carried three times: its value, and the low and the high end
// that rounding may give it. The value decides; the ends say how sure that is.
//===----------------------------------------------------------------------===//

#include "test/reference/Router.h"
#include "test/reference/Numbers.h"

#include <algorithm>

using namespace reference;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
/// An exponential, a sum and a division in f32, of a few units each: 8 * 2^-24.
constexpr double scoreError = 0x1p-21;
/// Below this an f32 may be flushed to zero.
constexpr double smallest = 0x1p-126;

struct Spread {
  double value, low, high;
};
using Spreads = std::vector<Spread>;
} // namespace

static double sigmoid(double z) { return 1.0 / (1.0 + std::exp(-z)); }

static Spread widen(Spread s, double by) { return {s.value, s.low - by, s.high + by}; }

/// The score of all experts, from all logits.
static Spreads scoreAll(const Layer &layer, const Logits &logits) {
  size_t experts = layer.experts;
  Spreads scores(experts);
  double top = *std::max_element(logits.value.begin(), logits.value.end());
  double sum = 0, sumLow = 0, sumHigh = 0;
  for (size_t e = 0; e < experts; ++e) {
    Spread z{logits.value[e], logits.low[e], logits.high[e]};
    switch (layer.score) {
    case Score::Identity:
      scores[e] = z;
      break;
    case Score::Sigmoid:
      scores[e] = {sigmoid(z.value), sigmoid(z.low), sigmoid(z.high)};
      break;
    case Score::Softmax:
      scores[e] = {std::exp(z.value - top), std::exp(z.low - top), std::exp(z.high - top)};
      sum += scores[e].value, sumLow += scores[e].low, sumHigh += scores[e].high;
      break;
    }
  }
  if (layer.score == Score::Identity)
    return scores;
  // Without a bias all experts are divided by the same sum, whatever its error.
  if (!layer.selectionBias)
    sumLow = sumHigh = sum;
  for (Spread &s : scores) {
    if (layer.score == Score::Softmax)
      s = {s.value / sum, s.low / sumHigh, s.high / sumLow};
    s = widen(s, s.high * scoreError + smallest);
  }
  return scores;
}

/// The `count` largest of `candidates` by value, largest first, ties to the lower
/// index.
template <typename Get>
static std::vector<size_t> largest(size_t candidates, size_t count, Get value) {
  std::vector<size_t> taken;
  std::vector<bool> isTaken(candidates, false);
  for (size_t k = 0; k < count; ++k) {
    size_t best = candidates;
    for (size_t e = 0; e < candidates; ++e)
      if (!isTaken[e] && (best == candidates || value(e) > value(best)))
        best = e;
    isTaken[best] = true;
    taken.push_back(best);
  }
  return taken;
}

/// Sets margin and rounding from the gap between what was taken and what was not,
/// if this gap is less sure than the one already there.
static void noteGap(Choice &choice, const Spreads &candidates, const std::vector<size_t> &taken) {
  std::vector<bool> isTaken(candidates.size(), false);
  for (size_t e : taken)
    isTaken[e] = true;
  Spread floor{infinity, infinity, infinity}, ceiling{-infinity, -infinity, -infinity};
  for (size_t e = 0; e < candidates.size(); ++e) {
    const Spread &c = candidates[e];
    if (isTaken[e])
      floor = {std::min(floor.value, c.value), std::min(floor.low, c.low), 0};
    else
      ceiling = {std::max(ceiling.value, c.value), 0, std::max(ceiling.high, c.high)};
  }
  if (ceiling.value == -infinity) // nothing that counts is left out
    return;
  double margin = floor.value - ceiling.value;
  double rounding = margin - (floor.low - ceiling.high);
  if (margin - rounding < choice.margin - choice.rounding)
    choice.margin = margin, choice.rounding = rounding;
}

/// Members of groups that are not among the best get the rejected value.
static void limitGroups(const Layer &layer, Spreads &choosing, Choice &choice) {
  size_t size = layer.experts / layer.groups;
  Spreads groups;
  for (size_t g = 0; g < layer.groups; ++g) {
    auto sumOfBest = [&](auto end) {
      std::vector<double> members;
      for (size_t e = g * size; e < (g + 1) * size; ++e)
        members.push_back(end(choosing[e]));
      std::sort(members.rbegin(), members.rend());
      bool two = layer.groupScore == GroupScore::SumOfTop2 && size > 1;
      return two ? members[0] + members[1] : members[0];
    };
    Spread score{sumOfBest([](const Spread &s) { return s.value; }),
                 sumOfBest([](const Spread &s) { return s.low; }),
                 sumOfBest([](const Spread &s) { return s.high; })};
    groups.push_back(widen(score, std::abs(score.value) * 0x1p-24)); // the sum in f32
  }
  std::vector<size_t> kept =
      largest(layer.groups, layer.groupsKept, [&](size_t g) { return groups[g].value; });
  noteGap(choice, groups, kept);
  double rejected = layer.rejectedIsZero ? 0.0 : -infinity;
  for (size_t e = 0; e < layer.experts; ++e)
    if (std::find(kept.begin(), kept.end(), e / size) == kept.end())
      choosing[e] = {rejected, rejected, rejected};
}

/// A slot is sure when its expert stays above all that come later and below all
/// that came earlier.
static bool slotIsSure(const Spreads &choosing, const std::vector<size_t> &taken, size_t slot) {
  for (size_t e = 0; e < choosing.size(); ++e) {
    size_t place = size_t(std::find(taken.begin(), taken.end(), e) - taken.begin());
    if (place < slot && choosing[e].low <= choosing[taken[slot]].high)
      return false;
    if (place > slot && choosing[taken[slot]].low <= choosing[e].high)
      return false;
  }
  return true;
}

/// The routing weights of the chosen experts before any rounding.
static std::vector<double> weigh(const Layer &layer, const Logits &logits, const Spreads &scores,
                                 const std::vector<size_t> &taken) {
  std::vector<double> weights;
  for (size_t e : taken) {
    double z = logits.value[e];
    if (!layer.scoreAfterTopK)
      weights.push_back(scores[e].value);
    else if (layer.score == Score::Softmax)
      weights.push_back(std::exp(z - logits.value[taken[0]]));
    else
      weights.push_back(layer.score == Score::Sigmoid ? sigmoid(z) : z);
  }
  auto sum = [&] {
    double total = 0;
    for (double w : weights)
      total += w;
    return total;
  };
  if (layer.scoreAfterTopK && layer.score == Score::Softmax)
    for (double total = sum(); double &w : weights)
      w /= total;
  if (layer.normalize)
    for (double total = sum() + layer.normalizeEpsilon; double &w : weights)
      w /= total;
  for (double &w : weights)
    w *= layer.scale;
  return weights;
}

Choice reference::choose(const Layer &layer, const Logits &logits,
                         const std::vector<float> &selectionBias) {
  Choice choice;
  choice.margin = infinity;
  Spreads scores = scoreAll(layer, logits);
  Spreads choosing = scores;
  if (layer.scoreAfterTopK)
    for (size_t e = 0; e < layer.experts; ++e)
      choosing[e] = {logits.value[e], logits.low[e], logits.high[e]};
  if (layer.selectionBias)
    for (size_t e = 0; e < layer.experts; ++e) {
      Spread &c = choosing[e];
      double bias = selectionBias[e], error = (std::abs(c.value) + std::abs(bias)) * 0x1p-24;
      c = widen({c.value + bias, c.low + bias, c.high + bias}, error);
    }
  if (layer.groups)
    limitGroups(layer, choosing, choice);

  choice.experts = largest(layer.experts, layer.topK, [&](size_t e) { return choosing[e].value; });
  bool groupsAreSure = choice.margin > choice.rounding;
  noteGap(choice, choosing, choice.experts);
  for (size_t k = 0; k < layer.topK; ++k)
    choice.isSure.push_back(groupsAreSure && slotIsSure(choosing, choice.experts, k));
  for (double w : weigh(layer, logits, scores, choice.experts))
    choice.weights.push_back(roundTo(layer.routingType, w));
  return choice;
}
