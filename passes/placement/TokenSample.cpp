//===- TokenSample.cpp - Tokens that fit a histogram ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A histogram says how often, not together with what. How many ranks and nodes a
// token reaches depends on both, and on the router's group limit, so tokens are
// drawn, as traffic is everywhere else.
//===----------------------------------------------------------------------===//

#include "passes/placement/LoadProblem.h"
#include "runtime/traffic/ChooseExperts.h"

namespace moec {

TokenSample sampleTokens(const std::vector<double> &shares, const SampleRule &rule, uint64_t seed) {
  traffic::ExpertChooser chooser(shares, rule.topK, rule.groups);
  TokenSample sample;
  sample.topK = rule.topK;
  sample.experts.resize(size_t(rule.tokens) * rule.topK);
  for (uint32_t token = 0; token < rule.tokens; ++token) {
    traffic::Random random(traffic::Random::keyOf(seed, token));
    chooser.choose(random, std::span(sample.experts).subspan(size_t(token) * rule.topK, rule.topK));
  }
  return sample;
}

} // namespace moec
