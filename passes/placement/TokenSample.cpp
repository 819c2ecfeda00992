//===- TokenSample.cpp - Tokens that fit a histogram ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A histogram says how often, not together with what. How many ranks and nodes a
// token reaches depends on both, and on the router's group limit, so tokens are
// drawn: each expert has a popularity, each token adds Gumbel noise to its
// logarithm and takes the best (what drawing without replacement in proportion to
// popularity is). Popularities are then corrected until the counts fit.
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadProblem.h"

#include <cmath>

namespace moec {
namespace {

/// The noise of all experts has to fit, for this many tokens at least.
constexpr size_t leastTokens = 256, mostNoise = 1 << 20;
constexpr int corrections = 10;

uint64_t mix(uint64_t value) { // splitmix64
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// -log(-log(u)), u uniform and never 0 or 1.
float gumbel(uint64_t bits) {
  double uniform = (double(bits >> 11) + 0.5) * 0x1p-53;
  return static_cast<float>(-std::log(-std::log(uniform)));
}

class Sampler {
public:
  Sampler(const std::vector<double> &shares, const SampleRule &rule, uint64_t seed);
  TokenSample run();

private:
  void draw();
  void markKept(const float *noise);
  void chooseBest(const float *noise, uint32_t *chosen);
  void correct();

  const std::vector<double> &shares;
  SampleRule rule;
  size_t experts, tokens;
  std::vector<float> noise, popularity; ///< both logarithms
  TokenSample sample;
  std::vector<std::pair<float, uint32_t>> best;
  std::vector<char> isKept; ///< by group
};

Sampler::Sampler(const std::vector<double> &shares, const SampleRule &rule, uint64_t seed)
    : shares(shares), rule(rule), experts(shares.size()),
      tokens(std::min<size_t>(std::max(mostNoise / shares.size(), leastTokens), rule.tokens)),
      isKept(rule.groups, 1) {
  noise.resize(tokens * experts);
  uint64_t base = mix(seed);
  for (size_t i = 0; i < noise.size(); ++i)
    noise[i] = gumbel(mix(base + i));
  for (double share : shares)
    popularity.push_back(static_cast<float>(std::log(share + 1e-9)));
  sample.topK = rule.topK;
  sample.experts.resize(tokens * rule.topK);
}

void Sampler::markKept(const float *noise) {
  size_t size = experts / rule.groups;
  best.clear();
  for (uint32_t group = 0; group < rule.groups; ++group) {
    float first = -INFINITY, second = -INFINITY;
    for (size_t expert = group * size; expert < (group + 1) * size; ++expert) {
      float key = popularity[expert] + noise[expert];
      second = std::max(second, std::min(first, key));
      first = std::max(first, key);
    }
    best.push_back({rule.byTopTwo && size > 1 ? first + second : first, group});
  }
  std::partial_sort(best.begin(), best.begin() + rule.keptGroups, best.end(), std::greater<>());
  std::fill(isKept.begin(), isKept.end(), 0);
  for (uint32_t i = 0; i < rule.keptGroups; ++i)
    isKept[best[i].second] = 1;
}

/// The topK greatest keys, kept sorted: almost every expert fails the first test.
void Sampler::chooseBest(const float *noise, uint32_t *chosen) {
  size_t size = experts / rule.groups;
  best.clear();
  for (uint32_t group = 0; group < rule.groups; ++group)
    for (size_t expert = group * size; isKept[group] && expert < (group + 1) * size; ++expert) {
      float key = popularity[expert] + noise[expert];
      if (best.size() == rule.topK && key <= best.back().first)
        continue;
      if (best.size() == rule.topK)
        best.pop_back();
      auto place = std::find_if(best.begin(), best.end(),
                                [&](const auto &entry) { return entry.first < key; });
      best.insert(place, {key, static_cast<uint32_t>(expert)});
    }
  for (uint32_t i = 0; i < rule.topK; ++i)
    chosen[i] = best[i].second;
}

void Sampler::draw() {
  for (size_t token = 0; token < tokens; ++token) {
    const float *ofToken = &noise[token * experts];
    if (rule.groups > 1)
      markKept(ofToken);
    chooseBest(ofToken, &sample.experts[token * rule.topK]);
  }
}

/// Popularities up where an expert came too rarely, down where too often.
void Sampler::correct() {
  std::vector<double> counts(experts);
  for (uint32_t expert : sample.experts)
    ++counts[expert];
  for (size_t expert = 0; expert < experts; ++expert) {
    double wanted = shares[expert] * sample.experts.size();
    double step = std::log((wanted + 0.5) / (counts[expert] + 0.5));
    popularity[expert] += static_cast<float>(0.8 * std::clamp(step, -2.0, 2.0));
  }
}

TokenSample Sampler::run() {
  draw();
  for (int i = 0; i < corrections; ++i) {
    correct();
    draw();
  }
  return std::move(sample);
}

} // namespace

TokenSample sampleTokens(const std::vector<double> &shares, const SampleRule &rule, uint64_t seed) {
  return Sampler(shares, rule, seed).run();
}

} // namespace moec
