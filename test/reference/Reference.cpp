//===- Reference.cpp - What a MoE layer computes --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/reference/Reference.h"
#include "test/reference/Numbers.h"
#include "test/reference/Product.h"
#include "test/reference/Router.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <thread>

using namespace reference;

static void check(bool condition, const char *message) {
  if (!condition)
    throw std::invalid_argument(message);
}

static void check(const Layer &layer) {
  check(layer.hidden > 0 && layer.experts > 0 && layer.intermediate > 0, "a size is zero");
  check(layer.topK > 0 && layer.topK <= layer.experts, "top-k is not between 1 and the experts");
  check(!layer.scoreAfterTopK || (!layer.selectionBias && !layer.groups),
        "a bias or a group limit acts on scores, but the choice is made on logits");
  if (!layer.groups)
    return;
  check(layer.experts % layer.groups == 0, "the groups are not of equal size");
  check(layer.groupsKept > 0 && layer.groupsKept <= layer.groups, "no such number of groups");
  check(layer.experts / layer.groups * layer.groupsKept >= layer.topK,
        "the groups that are kept hold fewer than top-k experts");
}

namespace {
/// An MLP: where its matrices are, its sizes, and which biases it has.
struct Mlp {
  Weight gate, up, down;
  size_t expert, intermediate;
  const Activation &activation;
  bool gateBias = false, upBias = false, downBias = false;
};

class Runner {
public:
  Runner(const Layer &layer, size_t tokens, const WeightLookup &lookup, size_t threads)
      : layer(layer), tokens(tokens), lookup(lookup), threads(threads) {}

  void readInput(Tensor input);
  void route();
  void runExperts(const Progress &progress);
  void combine(const Sums &sums);
  Result result;

private:
  std::vector<float> readVector(Weight weight, size_t size, Type type, size_t expert = 0) const;
  void addBias(std::vector<double> &rows, Weight bias, size_t expert, size_t width) const;
  std::vector<double> runMlp(const Mlp &mlp, const std::vector<float> &rows, size_t count) const;
  void addParts(const Sums &sums, size_t token, double *sum) const;

  const Layer &layer;
  const size_t tokens;
  const WeightLookup &lookup;
  const size_t threads;
  std::vector<float> x;    ///< [tokens, hidden]
  std::vector<float> rows; ///< [tokens, topK, hidden], what the experts gave, weighted
};
} // namespace

static double norm(const std::vector<float> &v, size_t row, size_t width) {
  double sum = 0;
  for (size_t i = row * width; i < (row + 1) * width; ++i)
    sum += double(v[i]) * v[i];
  return std::sqrt(sum);
}

std::vector<float> Runner::readVector(Weight weight, size_t size, Type type, size_t expert) const {
  Tensor tensor = lookup(weight, expert);
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i)
    values[i] = roundTo(type, load(tensor, i));
  return values;
}

void Runner::readInput(Tensor input) {
  x.resize(tokens * layer.hidden);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = roundTo(layer.tokensType, load(input, i));
}

void Runner::route() {
  size_t experts = layer.experts, hidden = layer.hidden;
  std::vector<float> router = readVector(Weight::Router, experts * hidden, layer.weightsType);
  std::vector<double> z =
      multiply(x, tokens, hidden, {router.data(), Type::F32}, experts, Type::F32, threads);
  std::vector<float> bias(experts, 0.0f), selectionBias;
  if (layer.logitsBias)
    bias = readVector(Weight::RouterBias, experts, layer.weightsType);
  if (layer.selectionBias)
    selectionBias = readVector(Weight::SelectionBias, experts, Type::F32);
  std::vector<double> routerNorms;
  for (size_t e = 0; e < experts; ++e)
    routerNorms.push_back(norm(router, e, hidden));

  for (size_t t = 0; t < tokens; ++t) {
    double inputNorm = norm(x, t, hidden);
    Logits logits;
    for (size_t e = 0; e < experts; ++e) {
      double value = z[t * experts + e] + bias[e];
      // A sum of `hidden` products in f32 is off by 0.4 of this per standard
      // deviation, whatever its order: eight of them.
      double error = 3.2 * 0x1p-24 * (inputNorm * routerNorms[e] + std::abs(double(bias[e])));
      logits.value.push_back(roundTo(layer.logitsType, value));
      logits.low.push_back(roundTo(layer.logitsType, value - error));
      logits.high.push_back(roundTo(layer.logitsType, value + error));
    }
    Choice choice = choose(layer, logits, selectionBias);
    result.indices.insert(result.indices.end(), choice.experts.begin(), choice.experts.end());
    result.weights.insert(result.weights.end(), choice.weights.begin(), choice.weights.end());
    result.slotIsSure.insert(result.slotIsSure.end(), choice.isSure.begin(), choice.isSure.end());
    result.margin.push_back(choice.margin);
    result.rounding.push_back(choice.rounding);
  }
}

void Runner::addBias(std::vector<double> &rows, Weight bias, size_t expert, size_t width) const {
  std::vector<float> values = readVector(bias, width, layer.weightsType, expert);
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i] += values[i % width];
}

/// down( act(gate(x), up(x)) ) for `count` rows.
std::vector<double> Runner::runMlp(const Mlp &mlp, const std::vector<float> &in,
                                   size_t count) const {
  size_t hidden = layer.hidden, wide = mlp.intermediate;
  auto times = [&](Weight weight, const std::vector<float> &v, size_t inner, size_t outer) {
    return multiply(v, count, inner, lookup(weight, mlp.expert), outer, layer.weightsType, threads);
  };
  std::vector<double> gate(count * wide);
  if (mlp.activation.readsGate())
    gate = times(mlp.gate, in, hidden, wide);
  std::vector<double> up = times(mlp.up, in, hidden, wide);
  if (mlp.gateBias)
    addBias(gate, Weight::ExpertGateBias, mlp.expert, wide);
  if (mlp.upBias)
    addBias(up, Weight::ExpertUpBias, mlp.expert, wide);
  std::vector<float> inner(count * wide);
  for (size_t i = 0; i < inner.size(); ++i)
    inner[i] = roundTo(layer.tokensType, mlp.activation(gate[i], up[i]));
  std::vector<double> rows = times(mlp.down, inner, wide, hidden);
  if (mlp.downBias)
    addBias(rows, Weight::ExpertDownBias, mlp.expert, hidden);
  return rows;
}

void Runner::runExperts(const Progress &progress) {
  size_t hidden = layer.hidden, slots = tokens * layer.topK, done = 0;
  rows.resize(slots * hidden);
  for (size_t e = 0; e < layer.experts; ++e) {
    std::vector<size_t> mine; // slots of all tokens that chose e
    std::vector<float> in;
    for (size_t slot = 0; slot < slots; ++slot) {
      if (result.indices[slot] != int64_t(e))
        continue;
      const float *token = x.data() + slot / layer.topK * hidden;
      mine.push_back(slot);
      in.insert(in.end(), token, token + hidden);
    }
    if (mine.empty())
      continue;
    std::vector<double> out =
        runMlp({Weight::ExpertGate, Weight::ExpertUp, Weight::ExpertDown, e, layer.intermediate,
                layer.activation, layer.gateBias, layer.upBias, layer.downBias},
               in, mine.size());
    for (size_t i = 0; i < mine.size(); ++i)
      for (size_t h = 0; h < hidden; ++h)
        rows[mine[i] * hidden + h] =
            roundTo(layer.combineType, double(result.weights[mine[i]]) * out[i * hidden + h]);
    done += mine.size();
    if (progress)
      progress(done, slots);
  }
}

/// By part or whole, in ascending order.
using PartialSums = std::map<size_t, std::vector<double>>;

static void add(PartialSums &sums, size_t number, const double *row, size_t hidden) {
  std::vector<double> &sum = sums.try_emplace(number, hidden, 0.0).first->second;
  for (size_t h = 0; h < hidden; ++h)
    sum[h] += row[h];
}

void Runner::addParts(const Sums &sums, size_t token, double *sum) const {
  size_t hidden = layer.hidden;
  PartialSums parts, wholes;
  for (size_t slot = token * layer.topK; slot < (token + 1) * layer.topK; ++slot) {
    std::vector<double> row(rows.begin() + slot * hidden, rows.begin() + (slot + 1) * hidden);
    add(parts, sums.part(token, size_t(result.indices[slot])), row.data(), hidden);
  }
  auto roundAll = [&](PartialSums &all) {
    for (auto &[number, row] : all)
      for (double &value : row)
        value = roundTo(layer.combineType, value);
  };
  roundAll(parts);
  for (auto &[part, row] : parts)
    add(wholes, sums.partsOfWhole ? part / sums.partsOfWhole : part, row.data(), hidden);
  roundAll(wholes);
  for (auto &[whole, row] : wholes)
    for (size_t h = 0; h < hidden; ++h)
      sum[h] += row[h];
  for (size_t h = 0; sums.roundsTotal && h < hidden; ++h)
    sum[h] = roundTo(layer.combineType, sum[h]);
}

void Runner::combine(const Sums &sums) {
  size_t hidden = layer.hidden;
  std::vector<double> sum(tokens * hidden, 0.0);
  for (size_t t = 0; sums.part && t < tokens; ++t)
    addParts(sums, t, &sum[t * hidden]);
  for (size_t slot = 0; !sums.part && slot < tokens * layer.topK; ++slot)
    for (size_t h = 0; h < hidden; ++h)
      sum[slot / layer.topK * hidden + h] += rows[slot * hidden + h];

  if (layer.sharedIntermediate && tokens) {
    std::vector<double> shared = runMlp({Weight::SharedGate, Weight::SharedUp, Weight::SharedDown,
                                         0, layer.sharedIntermediate, layer.sharedActivation},
                                        x, tokens);
    std::vector<double> gate(tokens, 1.0);
    if (layer.sharedGate) {
      gate = multiply(x, tokens, hidden, lookup(Weight::SharedScale, 0), 1, layer.weightsType,
                      threads);
      for (double &g : gate)
        g = 1.0 / (1.0 + std::exp(-g));
    }
    for (size_t t = 0; t < tokens; ++t)
      for (size_t h = 0; h < hidden; ++h)
        sum[t * hidden + h] += gate[t] * shared[t * hidden + h];
  }
  for (size_t i = 0; layer.residual && i < sum.size(); ++i)
    sum[i] += x[i];
  for (double value : sum)
    result.output.push_back(roundToF32(value));
}

Result reference::run(const Layer &layer, Tensor input, size_t tokens, const WeightLookup &lookup,
                      size_t threads, const Progress &progress, const Sums &sums) {
  check(layer);
  if (threads == 0)
    threads = std::max(1u, std::thread::hardware_concurrency());
  Runner runner(layer, tokens, lookup, threads);
  runner.result.tokens = tokens;
  runner.result.hidden = layer.hidden;
  runner.result.topK = layer.topK;
  if (tokens == 0)
    return runner.result;
  runner.readInput(input);
  runner.route();
  runner.runExperts(progress);
  runner.combine(sums);
  return std::move(runner.result);
}
