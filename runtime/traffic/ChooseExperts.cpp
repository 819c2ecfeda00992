//===- ChooseExperts.cpp - The experts of a token, drawn ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/ChooseExperts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moec::traffic {

/// An expert that was never seen is chosen now and then, or there may be too few.
static constexpr double leastChance = 1e-7;
/// One that every token chooses would have an infinite rate.
static constexpr double mostChance = 1 - 1e-6;

std::vector<double> ratesOf(const std::vector<double> &shares, uint32_t topK) {
  if (topK >= shares.size())
    return std::vector<double>(shares.size(), 1);
  std::vector<double> chances(shares.size());
  std::vector<bool> isFull(shares.size());
  // What is cut off at the full ones goes to the others in proportion; ends, as each round fills
  // one.
  for (bool again = true; again;) {
    double left = topK, sum = 0;
    for (size_t e = 0; e < shares.size(); ++e)
      (isFull[e] ? left : sum) += isFull[e] ? -mostChance : shares[e];
    again = false;
    for (size_t e = 0; e < shares.size(); ++e) {
      chances[e] = isFull[e] ? mostChance : sum > 0 ? left * shares[e] / sum : 0;
      if (!isFull[e] && chances[e] > mostChance)
        again = isFull[e] = true;
    }
  }
  for (double &chance : chances)
    chance = -portableLog(1 - std::clamp(chance, leastChance, mostChance));
  return chances;
}

ExpertChooser::ExpertChooser(const std::vector<double> &shares, uint32_t topK,
                             const std::optional<GroupLimit> &groups)
    : rates(ratesOf(shares, topK)), isTaken(shares.size()), limit(groups) {
  sums.resize(rates.size());
  std::partial_sum(rates.begin(), rates.end(), sums.begin());
  if (limit) {
    this->groups.resize(limit->count);
    order.resize(limit->count);
    arrivals.resize(limit->count);
    seconds.resize(limit->count);
    secondTimes.resize(limit->count);
    groupSize = static_cast<uint32_t>(rates.size()) / limit->count;
    for (uint32_t number = 0; number < limit->count; ++number)
      groupRates.push_back(rateLeft(number * groupSize));
    for (uint32_t expert = 0; expert < rates.size(); ++expert) {
      isTaken[expert] = true;
      ratesWithout.push_back(rateLeft(expert / groupSize * groupSize));
      isTaken[expert] = false;
    }
  }
}

void ExpertChooser::choose(Random &random, std::span<uint32_t> chosen) {
  if (limit)
    return chooseOfGroups(random, chosen);
  chooseOfAll(random, chosen);
  for (uint32_t expert : chosen)
    isTaken[expert] = false;
}

/// Of the experts [first, last) that are not taken, in proportion to their rates, whose sum is
/// `rate`.
uint32_t ExpertChooser::drawLeft(Random &random, uint32_t first, uint32_t last, double rate) const {
  double at = random.uniform() * rate;
  uint32_t found = last;
  const uint8_t *taken = isTaken.data();
  const double *each = rates.data();
  for (uint32_t expert = first; expert < last; ++expert) {
    if (taken[expert])
      continue;
    found = expert; // rounding may leave a rest behind the last
    at -= each[expert];
    if (at < 0)
      break;
  }
  return found;
}

void ExpertChooser::chooseOfAll(Random &random, std::span<uint32_t> chosen) {
  constexpr int patience = 32;
  uint32_t experts = static_cast<uint32_t>(rates.size());
  for (uint32_t &slot : chosen) {
    int tries = 0;
    for (bool isNew = false; !isNew && tries < patience; ++tries) {
      double at = random.uniform() * sums.back();
      auto found = std::upper_bound(sums.begin(), sums.end(), at);
      slot = std::min(static_cast<uint32_t>(found - sums.begin()), experts - 1);
      isNew = !isTaken[slot];
    }
    if (isTaken[slot]) { // the taken ones have nearly all of the sum
      double rate = 0;
      for (uint32_t expert = 0; expert < experts; ++expert)
        rate += isTaken[expert] ? 0 : rates[expert];
      slot = drawLeft(random, 0, experts, rate);
    }
    isTaken[slot] = true;
  }
}

double ExpertChooser::rateLeft(uint32_t first) const {
  double rate = 0;
  for (uint32_t expert = first; expert < first + groupSize; ++expert)
    rate += isTaken[expert] ? 0 : rates[expert];
  return rate;
}

void ExpertChooser::advance(Random &random, uint32_t number) {
  Group &group = groups[number];
  uint32_t first = number * groupSize;
  // Most groups are done after two arrivals: what is left then is summed up when one more comes.
  double rate = group.left == groupSize       ? groupRates[number]
                : group.left == groupSize - 1 ? ratesWithout[group.expert]
                                              : rateLeft(first);
  group.expert = drawLeft(random, first, first + groupSize, rate);
  group.next += random.exponential() / rate;
  isTaken[group.expert] = true;
  --group.left;
}

void ExpertChooser::chooseOfGroups(Random &random, std::span<uint32_t> chosen) {
  bool isSum = limit->score == GroupScore::SumOfTop2 && groupSize > 1;
  std::fill(isTaken.begin(), isTaken.end(), false);
  for (uint32_t number = 0; number < groups.size(); ++number) {
    Group &group = groups[number];
    group = {0, 0, 0, groupSize};
    advance(random, number);
    group.first = group.next;
    if (!isSum)
      continue;
    // The second arrival is drawn ahead and kept.
    Group ahead = group;
    advance(random, number);
    seconds[number] = group.expert;
    secondTimes[number] = group.next;
    group.first *= group.next;
    group.expert = ahead.expert;
    group.next = ahead.next;
  }
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + limit->kept, order.end(),
                    [&](uint32_t a, uint32_t b) {
                      return std::pair(groups[a].first, a) < std::pair(groups[b].first, b);
                    });
  std::fill(arrivals.begin(), arrivals.end(), 0);
  for (uint32_t &slot : chosen) {
    uint32_t best = order[0];
    for (uint32_t i = 1; i < limit->kept; ++i)
      if (groups[order[i]].next < groups[best].next)
        best = order[i];
    Group &group = groups[best];
    slot = group.expert;
    ++arrivals[best];
    if (isSum && arrivals[best] == 1) {
      group.expert = seconds[best];
      group.next = secondTimes[best];
    } else if (group.left == 0) {
      group.next = HUGE_VAL;
    } else {
      advance(random, best);
    }
  }
}

} // namespace moec::traffic
