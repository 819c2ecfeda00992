//===- StagesTest.cpp - Route, dispatch and reduce do what they say -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages on the emulator against plain C++: the choice against the formulas in
// f64, everything behind it bit for bit against what follows from the choice.
//===----------------------------------------------------------------------===//

#include "test/passes/fusion/stages/RouteRule.h"
#include "test/passes/fusion/stages/RoutedStep.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace moec::stages {
namespace {

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

/// An entry of the route buffer.
struct Entry {
  std::vector<uint32_t> experts, owners, weights;
};

class Judge {
public:
  explicit Judge(RoutedStep &run)
      : run(run), routed(run.routed), layer(routed.layer), topK(layer.router.topK) {}

  void readEntries();
  void checkChoices();
  void checkReports();
  void checkGates();
  void checkArrivals();
  void checkIndex();
  void writeReturns(bool withFlags = true);
  void checkResults();

private:
  std::vector<double> logitsOf(uint32_t rank, uint32_t token) const;
  void checkChoice(uint32_t rank, uint32_t token);
  void checkOwners(uint32_t rank, uint32_t token);
  /// Tokens of `source` with a slot on `rank`, in order.
  std::vector<uint32_t> sent(uint32_t source, uint32_t rank) const;
  std::vector<uint32_t> recordOf(uint32_t source, uint32_t token, uint32_t rank) const;
  uint32_t regionOf(uint32_t source) const {
    return run.epoch % routed.depth * routed.ranks + source;
  }
  std::string place(uint32_t rank, uint32_t token) const {
    return routed.name + ", step " + std::to_string(run.epoch) + ", rank " + std::to_string(rank) +
           ", token " + std::to_string(token);
  }

  RoutedStep &run;
  const RoutedCase &routed;
  const Layer &layer;
  uint32_t topK;
  std::vector<std::vector<Entry>> entries; ///< of each rank's tokens
  std::vector<std::vector<float>> returned, shared;
};

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

void Judge::readEntries() {
  entries.clear();
  for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
    entries.emplace_back();
    for (uint32_t token = 0; token < routed.tokens[rank]; ++token) {
      auto words =
          run.read<uint32_t>(run.buffer(rank, Routes) + uint64_t(token) * 12 * topK, 3 * topK);
      auto part = [&](uint32_t i) {
        return std::vector<uint32_t>(words.begin() + i * topK, words.begin() + (i + 1) * topK);
      };
      entries.back().push_back({part(0), part(1), part(2)});
    }
  }
}

std::vector<double> Judge::logitsOf(uint32_t rank, uint32_t token) const {
  std::vector<double> logits(layer.experts);
  const float *row = &run.x[rank][size_t(token) * layer.hidden];
  for (uint32_t expert = 0; expert < layer.experts; ++expert) {
    const float *weights = &run.router[size_t(expert) * layer.hidden];
    for (uint32_t i = 0; i < layer.hidden; ++i)
      logits[expert] += double(row[i]) * weights[i];
    if (layer.router.logitsBias)
      logits[expert] += run.routerBias[expert];
  }
  return logits;
}

void Judge::checkChoice(uint32_t rank, uint32_t token) {
  const Entry &entry = entries[rank][token];
  RouteRule rule(layer, logitsOf(rank, token), run.selectionBias);
  if (!rule.isGroupChoiceOpen()) {
    ASSERT_EQ(rule.judge(entry.experts), "") << place(rank, token);
  }
  std::vector<double> weights = rule.weightsOf(entry.experts);
  bool isNarrow = layer.router.weightsType == DType::BF16;
  for (uint32_t slot = 0; slot < topK; ++slot) {
    double tolerance = std::abs(weights[slot]) * (isNarrow ? 0x1.02p-8 : 0x1p-18) + 1e-30;
    ASSERT_NEAR(floatOf(entry.weights[slot]), weights[slot], tolerance)
        << place(rank, token) << ", slot " << slot;
    if (isNarrow) {
      ASSERT_EQ(entry.weights[slot] & 0xffff, 0u);
    }
  }
}

void Judge::checkOwners(uint32_t rank, uint32_t token) {
  const Entry &entry = entries[rank][token];
  for (uint32_t slot = 0; slot < topK; ++slot) {
    std::vector<uint32_t> owners;
    for (uint32_t owner = 0; owner < routed.ranks; ++owner)
      for (size_t local = 0; local < routed.placement.slots[owner].size(); ++local)
        if (routed.placement.slots[owner][local] == entry.experts[slot])
          owners.push_back(owner << 16 | uint32_t(local));
    ASSERT_EQ(entry.owners[slot], owners[(token + rank) % owners.size()]) << place(rank, token);
  }
}

void Judge::checkChoices() {
  for (uint32_t rank = 0; rank < routed.ranks; ++rank)
    for (uint32_t token = 0; token < routed.tokens[rank]; ++token) {
      ASSERT_NO_FATAL_FAILURE(checkChoice(rank, token));
      ASSERT_NO_FATAL_FAILURE(checkOwners(rank, token));
    }
}

void Judge::checkReports() {
  for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
    size_t slots = size_t(routed.tokens[rank]) * topK;
    auto experts = run.read<int64_t>(run.chosenExperts(rank), slots);
    auto weights = run.read<uint32_t>(run.chosenWeights(rank), slots);
    for (size_t i = 0; i < slots; ++i) {
      ASSERT_EQ(experts[i], entries[rank][i / topK].experts[i % topK]) << place(rank, i / topK);
      ASSERT_EQ(weights[i], entries[rank][i / topK].weights[i % topK]) << place(rank, i / topK);
    }
  }
}

void Judge::checkGates() {
  if (!layer.shared || !layer.shared->gate)
    return;
  for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
    auto gates = run.read<float>(run.workspace(rank, "shared_gate"), routed.tokens[rank]);
    for (uint32_t token = 0; token < routed.tokens[rank]; ++token) {
      double sum = 0;
      for (uint32_t i = 0; i < layer.hidden; ++i)
        sum += double(run.x[rank][size_t(token) * layer.hidden + i]) * run.sharedScale[i];
      ASSERT_NEAR(gates[token], 1 / (1 + std::exp(-sum)), 1e-5) << place(rank, token);
    }
  }
}

//===----------------------------------------------------------------------===//
// What arrives
//===----------------------------------------------------------------------===//

std::vector<uint32_t> Judge::sent(uint32_t source, uint32_t rank) const {
  std::vector<uint32_t> tokens;
  for (uint32_t token = 0; token < entries[source].size(); ++token)
    for (uint32_t owner : entries[source][token].owners)
      if (owner >> 16 == rank) {
        tokens.push_back(token);
        break;
      }
  return tokens;
}

std::vector<uint32_t> Judge::recordOf(uint32_t source, uint32_t token, uint32_t rank) const {
  const Entry &entry = entries[source][token];
  std::vector<uint32_t> record(2 + 2 * topK);
  uint32_t count = 0;
  for (uint32_t slot = 0; slot < topK; ++slot)
    if (entry.owners[slot] >> 16 == rank) {
      record[2 + count] = slot << 16 | (entry.owners[slot] & 0xffff);
      record[2 + topK + count++] = entry.weights[slot];
    }
  record[0] = token;
  record[1] = count;
  return record;
}

void Judge::checkArrivals() {
  uint64_t pitch = run.step.tokenPitch();
  for (uint32_t rank = 0; rank < routed.ranks; ++rank)
    for (uint32_t source = 0; source < routed.ranks; ++source) {
      std::vector<uint32_t> tokens = sent(source, rank);
      uint64_t first = uint64_t(regionOf(source)) * routed.maxTokens;
      uint64_t word = run.read<uint64_t>(run.flag(rank, RowsFlag) + 8 * regionOf(source), 1)[0];
      ASSERT_EQ(word, uint64_t(run.epoch) << 32 | tokens.size())
          << place(source, 0) << " to " << rank;
      for (size_t i = 0; i < tokens.size(); ++i) {
        auto row = run.read<uint16_t>(run.buffer(rank, Received) + (first + i) * pitch, pitch / 2);
        auto from = run.read<uint16_t>(run.buffer(source, Tokens) + tokens[i] * pitch, pitch / 2);
        ASSERT_EQ(row, from) << place(source, tokens[i]) << " to " << rank;
        uint64_t bytes = 4 * run.step.recordWords();
        auto record =
            run.read<uint32_t>(run.buffer(rank, Records) + (first + i) * bytes, bytes / 4);
        ASSERT_EQ(record, recordOf(source, tokens[i], rank))
            << place(source, tokens[i]) << " to " << rank;
      }
    }
}

void Judge::checkIndex() {
  struct Row {
    uint32_t from, source, slot, weight;
  };
  for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
    std::vector<std::vector<Row>> byExpert(routed.placement.slots[rank].size());
    for (uint32_t source = 0; source < routed.ranks; ++source) {
      std::vector<uint32_t> tokens = sent(source, rank);
      for (uint32_t i = 0; i < tokens.size(); ++i)
        for (uint32_t slot = 0; slot < topK; ++slot) {
          uint32_t owner = entries[source][tokens[i]].owners[slot];
          if (owner >> 16 == rank)
            byExpert[owner & 0xffff].push_back({source * routed.maxTokens + i, source,
                                                tokens[i] * topK + slot,
                                                entries[source][tokens[i]].weights[slot]});
        }
    }
    std::vector<uint32_t> offsets = {0}, from, target, weights;
    for (const std::vector<Row> &rows : byExpert) {
      offsets.push_back(offsets.back() + uint32_t(rows.size()));
      for (const Row &row : rows) {
        from.push_back(row.from);
        target.insert(target.end(), {row.source, row.slot});
        weights.push_back(row.weight);
      }
    }
    auto found = [&](const char *name, size_t count) {
      return run.read<uint32_t>(run.workspace(rank, name), count);
    };
    ASSERT_EQ(found("offsets", offsets.size()), offsets) << place(rank, 0);
    ASSERT_EQ(found("row_source", from.size()), from) << place(rank, 0);
    ASSERT_EQ(found("row_target", target.size()), target) << place(rank, 0);
    ASSERT_EQ(found("row_weight", weights.size()), weights) << place(rank, 0);
  }
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// In place of the experts: any rows, and the flags of all ranks.
void Judge::writeReturns(bool withFlags) {
  std::mt19937_64 random(routed.seed + run.epoch);
  std::normal_distribution<float> normal;
  bool isNarrow = layer.combineType == DType::BF16;
  uint64_t pitch = run.step.returnedPitch();
  returned.clear();
  shared.clear();
  for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
    uint64_t first = uint64_t(run.epoch % routed.depth) * routed.maxTokens * topK;
    returned.emplace_back();
    for (uint32_t row = 0; row < routed.tokens[rank] * topK; ++row) {
      std::vector<std::byte> bytes(pitch);
      for (uint32_t i = 0; i < layer.hidden; ++i) {
        float value = isNarrow ? float(roundToBf16(normal(random))) : normal(random);
        returned.back().push_back(value);
        uint32_t word = bitsOf(value);
        if (isNarrow)
          std::memcpy(&bytes[2 * i], reinterpret_cast<std::byte *>(&word) + 2, 2);
        else
          std::memcpy(&bytes[4 * i], &word, 4);
      }
      run.write(run.buffer(rank, Returned) + (first + row) * pitch, bytes);
    }
    shared.emplace_back();
    for (uint32_t token = 0; layer.shared && token < routed.tokens[rank]; ++token) {
      std::vector<float> row(run.step.resultPitch() / 4);
      for (uint32_t i = 0; i < layer.hidden; ++i)
        shared.back().push_back(row[i] = normal(random));
      run.write(run.buffer(rank, Shared) + token * run.step.resultPitch(), row);
    }
    if (!withFlags)
      continue;
    std::vector<uint64_t> cells(routed.ranks, uint64_t(run.epoch) << 32);
    run.write(run.flag(rank, ReturnedFlag) + 8 * regionOf(0), cells);
  }
}

void Judge::checkResults() {
  for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
    for (uint32_t token = 0; token < routed.tokens[rank]; ++token) {
      auto row =
          run.read<uint32_t>(run.buffer(rank, Out) + token * run.step.resultPitch(), layer.hidden);
      for (uint32_t i = 0; i < layer.hidden; ++i) {
        float sum = 0;
        for (uint32_t slot = 0; slot < topK; ++slot)
          sum += returned[rank][(size_t(token) * topK + slot) * layer.hidden + i];
        if (layer.shared)
          sum += shared[rank][size_t(token) * layer.hidden + i];
        ASSERT_EQ(row[i], bitsOf(sum)) << place(rank, token) << ", column " << i;
      }
    }
    auto state = run.read<RankState>(run.state(rank), 1)[0];
    ASSERT_EQ(state.step, run.epoch) << place(rank, 0);
    ASSERT_EQ(state.statusCode, 0u) << place(rank, 0);
  }
}

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

class Stages : public testing::TestWithParam<RoutedCase> {};

/// Two steps: what one leaves behind must not disturb the next.
TEST_P(Stages, DoWhatTheySay) {
  RoutedStep run(GetParam());
  Judge judge(run);
  for (run.epoch = 1; run.epoch <= 2; ++run.epoch) {
    for (auto &row : run.x)
      std::reverse(row.begin(), row.end());
    run.writeTokens();
    ASSERT_NO_THROW(run.launch("route"));
    ASSERT_NO_THROW(run.launch("dispatch"));
    judge.writeReturns();
    ASSERT_NO_THROW(run.launch("reduce"));
    ASSERT_NO_THROW(run.finish());
    judge.readEntries();
    ASSERT_NO_FATAL_FAILURE(judge.checkChoices());
    ASSERT_NO_FATAL_FAILURE(judge.checkReports());
    ASSERT_NO_FATAL_FAILURE(judge.checkGates());
    ASSERT_NO_FATAL_FAILURE(judge.checkArrivals());
    ASSERT_NO_FATAL_FAILURE(judge.checkIndex());
    ASSERT_NO_FATAL_FAILURE(judge.checkResults());
  }
}

RoutedCase makeCase(std::string name, uint32_t hidden, uint32_t experts, uint32_t topK,
                    std::vector<uint32_t> tokens) {
  RoutedCase routed;
  routed.name = std::move(name);
  routed.layer.hidden = hidden;
  routed.layer.experts = experts;
  routed.layer.router.topK = topK;
  routed.ranks = uint32_t(tokens.size());
  routed.tokens = std::move(tokens);
  for (uint32_t count : routed.tokens)
    routed.maxTokens = std::max(routed.maxTokens, count + 3);
  routed.placement = evenPlacement(experts, routed.ranks);
  routed.seed = experts + 7 * topK + routed.ranks;
  return routed;
}

RoutedCase deepSeek() {
  RoutedCase routed = makeCase("deepseek_v3", 128, 256, 8, {5, 0, 9, 17});
  Router &router = routed.layer.router;
  router.score = ScoreFunction::Sigmoid;
  router.selectionBias = router.normalize = true;
  router.groups = GroupLimit{8, 4, GroupScore::SumOfTop2, RejectedValue::Zero};
  router.normalizeEpsilon = 1e-20;
  router.scale = 2.5;
  routed.layer.combineType = DType::BF16;
  return routed;
}

RoutedCase deepSeekV2() { // groups of 20 lie across lanes
  RoutedCase routed = makeCase("deepseek_v2", 72, 160, 6, {11, 3, 20});
  routed.layer.router.groups = GroupLimit{8, 3, GroupScore::Max, RejectedValue::MinusInfinity};
  routed.layer.router.scale = 16;
  return routed;
}

RoutedCase gptOss() {
  RoutedCase routed = makeCase("gpt_oss", 60, 128, 4, {33});
  Router &router = routed.layer.router;
  router.scoreAfterTopK = router.logitsBias = true;
  router.logitsType = router.weightsType = DType::BF16;
  return routed;
}

RoutedCase llama4() { // one expert, its score after the choice
  RoutedCase routed = makeCase("llama4", 64, 16, 1, {40, 1});
  routed.layer.router.score = ScoreFunction::Sigmoid;
  routed.layer.router.scoreAfterTopK = true;
  return routed;
}

RoutedCase qwenMoe() {
  RoutedCase routed = makeCase("qwen2_moe", 200, 60, 4, {1, 2, 3, 4, 5, 6, 7, 8});
  routed.layer.shared = SharedExpert{};
  routed.layer.shared->gate = true;
  return routed;
}

RoutedCase mixtral() {
  RoutedCase routed = makeCase("mixtral", 1024, 8, 2, {150, 0});
  routed.layer.router.scoreAfterTopK = true;
  return routed;
}

RoutedCase manyExperts() {
  RoutedCase routed = makeCase("many_experts", 64, 1024, 22, {6, 9});
  routed.layer.router.normalize = true;
  routed.depth = 2;
  return routed;
}

RoutedCase sigmoids(std::string name, uint32_t experts, uint32_t topK) {
  RoutedCase routed = makeCase(std::move(name), 64, experts, topK, {7, 0, 6});
  Router &router = routed.layer.router;
  router.score = ScoreFunction::Sigmoid;
  router.selectionBias = router.normalize = true;
  return routed;
}

RoutedCase threeVectors() { return sigmoids("three_vectors", 384, 8); }

RoutedCase laneGroups() { // a lane each
  RoutedCase routed = sigmoids("lane_groups", 256, 6);
  routed.layer.router.groups = GroupLimit{32, 5, GroupScore::SumOfTop2, RejectedValue::Zero};
  return routed;
}

RoutedCase bestOfLanes() { // eight lanes each
  RoutedCase routed = sigmoids("best_of_lanes", 128, 6);
  routed.layer.router.groups = GroupLimit{4, 2, GroupScore::Max, RejectedValue::MinusInfinity};
  routed.layer.router.selectionBias = false;
  return routed;
}

RoutedCase wideGroups() { // more of a lane than it is worth
  RoutedCase routed = sigmoids("wide_groups", 512, 9);
  routed.layer.router.groups = GroupLimit{8, 3, GroupScore::SumOfTop2, RejectedValue::Zero};
  return routed;
}

RoutedCase unevenGroups() { // of three lanes each
  RoutedCase routed = sigmoids("uneven_groups", 384, 4);
  routed.layer.router.groups = GroupLimit{16, 3, GroupScore::SumOfTop2, RejectedValue::Zero};
  return routed;
}

RoutedCase oddSigmoids() { return sigmoids("odd_sigmoids", 161, 5); }

RoutedCase manyVectors() { return sigmoids("many_vectors", 1024, 12); }

RoutedCase manySlots() { // more than lanes
  RoutedCase routed = makeCase("many_slots", 68, 64, 40, {7, 4, 0});
  routed.layer.router.normalize = true;
  routed.layer.combineType = DType::BF16;
  return routed;
}

RoutedCase allExperts() {
  RoutedCase routed = makeCase("all_experts", 64, 8, 8, {3, 5});
  routed.layer.router.score = ScoreFunction::Identity;
  return routed;
}

RoutedCase nothing() { return makeCase("nothing", 64, 8, 2, {0, 0, 0}); }

RoutedCase replicas() { // several copies, a rank without experts, uneven ranks
  RoutedCase routed = makeCase("replicas", 64, 6, 2, {21, 13, 8, 2});
  routed.placement.slots = {{0, 1, 2, 3, 4, 5}, {5, 3}, {}, {3, 0}};
  routed.ctas = 3;
  return routed;
}

RoutedCase longRuns() { // more records than one run of a warp has
  RoutedCase routed = makeCase("long_runs", 64, 4, 2, {700, 640});
  routed.ctas = 1;
  return routed;
}

/// A flag that never comes is recorded, and the step ends all the same.
TEST(LateStages, EndWithoutTheFlagsOfPeers) {
  RoutedCase routed = replicas();
  RoutedStep run(routed);
  Judge judge(run);
  run.writeTokens();
  run.launch("route");
  run.launch("dispatch");
  judge.writeReturns(/*withFlags=*/false);
  for (uint32_t rank = 0; rank < routed.ranks; ++rank)
    run.write(run.state(rank) + offsetof(RankState, deadlineNs), std::vector<uint64_t>{20'000});
  run.launch("reduce");
  ASSERT_NO_THROW(run.finish());
  for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
    auto state = run.read<RankState>(run.state(rank), 1)[0];
    EXPECT_EQ(state.statusCode, 1u);
    EXPECT_EQ(state.statusFlag, uint32_t(ReturnedFlag));
    EXPECT_LT(state.statusPeer, routed.ranks);
    EXPECT_EQ(state.statusSeen, 0u);
    EXPECT_EQ(state.step, 1u);
  }
}

RoutedCase lateRows(uint64_t seed) { // a second CTA has runs only where all have come
  RoutedCase routed = makeCase("late_rows", 64, 4, 2, {100, 90, 110, 120});
  routed.ctas = 2;
  routed.seed = seed;
  return routed;
}

/// Flags of rows may come just after the deadline: the warps of a CTA then agree on which
/// came, for they meet behind it, and ranks tell of those that they did not take.
TEST(LateStages, AgreeOnTheRowsThatCameInTime) {
  uint32_t late = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    RoutedCase routed = lateRows(seed);
    RoutedStep run(routed);
    run.writeTokens();
    for (uint32_t rank = 0; rank < routed.ranks; ++rank)
      run.write(run.state(rank) + offsetof(RankState, deadlineNs),
                std::vector<uint64_t>{seed * 500});
    run.launch("route");
    run.launch("dispatch");
    ASSERT_NO_THROW(run.finish()) << "seed " << seed;
    for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
      auto state = run.read<RankState>(run.state(rank), 1)[0];
      if (state.statusCode == 0)
        continue;
      ++late;
      EXPECT_EQ(state.statusFlag, uint32_t(RowsFlag));
      EXPECT_LT(state.statusPeer, routed.ranks);
    }
  }
  EXPECT_GT(late, 0u);
}

INSTANTIATE_TEST_SUITE_P(Emulator, Stages,
                         testing::Values(deepSeek(), deepSeekV2(), gptOss(), llama4(), qwenMoe(),
                                         mixtral(), manyExperts(), manySlots(), allExperts(),
                                         nothing(), replicas(), longRuns(), threeVectors(),
                                         laneGroups(), bestOfLanes(), wideGroups(), unevenGroups(),
                                         oddSigmoids(), manyVectors()),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace moec::stages
