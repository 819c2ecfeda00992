//===- RandomData.cpp - Weights and tokens without a checkpoint -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/RandomData.h"

#include "runtime/data/Convert.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <iterator>
#include <system_error>
#include <thread>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace moec::rt {

/// Share of the common direction in a token, beside noise of deviation 1.
static constexpr float directionInTokens = 0.25f;
/// Of the logarithm of the experts' counts.
static constexpr double countDeviation = 0.8;
static constexpr double routerBiasDeviation = 0.2;
static constexpr double selectionBiasDeviation = 0.05;
/// Of noise(): the sum of two even numbers from 0 to 65535.
static const double noiseDeviation = std::sqrt((65536.0 * 65536.0 - 1) / 6);

static uint64_t hash(uint64_t seed, std::string_view label) {
  return XXH3_64bits_withSeed(label.data(), label.size(), seed);
}

/// A well mixed number (the finaliser of splitmix64).
static uint64_t mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// From -65535 to 65535, triangular, mean 0. 32-bit operations, for the lanes of a
/// vector; `key` differs from row to row.
[[gnu::always_inline]] static inline int32_t noise(uint64_t key, uint32_t column) {
  uint32_t bits = column + static_cast<uint32_t>(key);
  bits ^= bits >> 16;
  bits *= 0x7feb352d;
  bits ^= (bits >> 15) ^ static_cast<uint32_t>(key >> 32);
  bits *= 0x846ca68b;
  bits ^= bits >> 16;
  return static_cast<int32_t>(bits & 0xffff) + static_cast<int32_t>(bits >> 16) - 65535;
}

/// Nearly normal, deviation 1: eight numbers of an even distribution.
static double nearlyNormal(uint64_t key) {
  int32_t sum = 0;
  for (uint32_t i = 0; i < 4; ++i)
    sum += noise(key, i);
  return sum / (2 * noiseDeviation);
}

namespace {
/// One row of noise: noise * scale + shift * direction.
struct Row {
  uint64_t key;
  float scale;
  float shift;
  const float *direction; ///< null: no shift
  uint32_t columns;
  ElementType type;
  uint8_t *out;
};
} // namespace

/// Calls `store(column, value)` for the whole row.
template <typename Store>
[[gnu::always_inline]] static inline void forEachValue(const Row &row, Store store) {
  // Copies: a store to `out` might otherwise change them, for all that the compiler knows.
  const uint64_t key = row.key;
  const uint32_t columns = row.columns;
  const float scale = row.scale, shift = row.shift;
  const float *direction = row.direction;
  if (direction) // is 1 or -1: the product is exact
    for (uint32_t i = 0; i < columns; ++i)
      store(i, static_cast<float>(noise(key, i)) * scale + shift * direction[i]);
  else
    for (uint32_t i = 0; i < columns; ++i)
      store(i, static_cast<float>(noise(key, i)) * scale);
}

[[gnu::always_inline]] static inline void fillRowInline(const Row &row) {
  uint8_t *out = row.out;
  if (row.type == ElementType::BF16)
    forEachValue(row, [out](uint32_t i, float value) {
      uint16_t bits = bf16FromF32(value);
      std::memcpy(out + i * sizeof(bits), &bits, sizeof(bits));
    });
  else
    forEachValue(row, [out](uint32_t i, float value) {
      std::memcpy(out + i * sizeof(value), &value, sizeof(value));
    });
}

// The same operations for wider vectors.
static void fillRowAnywhere(const Row &row) { fillRowInline(row); }
#if defined(__x86_64__)
[[gnu::target("avx2")]] static void fillRowAvx2(const Row &row) { fillRowInline(row); }
#endif

static void fillRow(const Row &row) {
#if defined(__x86_64__)
  static const bool hasAvx2 = __builtin_cpu_supports("avx2");
  if (hasAvx2)
    return fillRowAvx2(row);
#endif
  fillRowAnywhere(row);
}

/// Deviation of the elements of a weight.
static double deviationOf(WeightRole role, uint64_t columns) {
  switch (role) {
  case WeightRole::RouterBias:
  case WeightRole::ExpertGateBias:
  case WeightRole::ExpertUpBias:
  case WeightRole::ExpertDownBias:
    return routerBiasDeviation;
  case WeightRole::SelectionBias:
    return selectionBiasDeviation;
  case WeightRole::Router:
  case WeightRole::ExpertGate:
  case WeightRole::ExpertUp:
  case WeightRole::ExpertDown:
  case WeightRole::SharedGate:
  case WeightRole::SharedUp:
  case WeightRole::SharedDown:
  case WeightRole::SharedScale:
    return 1 / std::sqrt(static_cast<double>(columns));
  }
  return 0;
}

double RandomData::popularityFor(uint32_t experts, uint32_t topK) {
  // By how much the logarithm of a count rises with the logit, when logits are normal and 1/2,
  // 1/4, 1/8, .. of the experts are chosen (density over tail at the quantile). A table, because
  // the logarithms of two libraries may differ in the last bit.
  static constexpr double slopes[] = {0.80, 1.27, 1.65, 1.97, 2.24, 2.49, 2.71};
  size_t step = 0;
  while (step + 1 < std::size(slopes) && experts >> (step + 2) >= topK)
    ++step;
  double wanted = countDeviation / slopes[step];
  // The noise of the router's rows along u is one part of it already.
  double rest = wanted * wanted - double(directionInTokens) * double(directionInTokens);
  return rest > 0 ? std::sqrt(rest) : 0;
}

RandomData::RandomData(uint64_t seed, uint64_t hidden, double popularity)
    : seed(seed), popularity(popularity), direction(hidden) {
  uint64_t key = hash(seed, "direction");
  for (uint64_t i = 0; i < hidden; ++i)
    direction[i] = mix(key + i) & 1 ? 1.0f : -1.0f;
}

void RandomData::fillWeight(const std::string &name, WeightRole role, const Shape &shape,
                            ElementType type, uint32_t threads, std::span<uint8_t> out) const {
  assert(!shape.empty() && out.size() == bytesOf(type, shape));
  uint64_t columns = shape.back(), rows = columns ? elementsOf(shape) / columns : 0;
  uint64_t key = hash(seed, name), popularityKey = hash(key, "popularity");
  float scale = static_cast<float>(deviationOf(role, columns) / noiseDeviation);
  // u . u is `hidden`, and a token has directionInTokens of u.
  double shiftOfOne = popularity / (directionInTokens * static_cast<double>(columns));
  bool isRouter = role == WeightRole::Router && columns == direction.size();
  auto fillRows = [&](uint64_t begin, uint64_t end) {
    for (uint64_t r = begin; r < end; ++r) {
      float shift =
          isRouter ? static_cast<float>(nearlyNormal(mix(popularityKey + r)) * shiftOfOne) : 0;
      fillRow({mix(key + r), scale, shift, isRouter ? direction.data() : nullptr,
               static_cast<uint32_t>(columns), type, out.data() + r * columns * bitsOf(type) / 8});
    }
  };
  constexpr uint64_t elementsWorthAThread = 1 << 18;
  uint64_t parts = std::min<uint64_t>({threads, rows, 1 + rows * columns / elementsWorthAThread});
  std::vector<std::thread> helpers;
  helpers.reserve(parts);
  for (uint64_t i = 1; i < parts; ++i) {
    uint64_t begin = rows * i / parts, end = rows * (i + 1) / parts;
    try {
      helpers.emplace_back(fillRows, begin, end);
    } catch (const std::system_error &) { // no more threads to be had
      fillRows(begin, end);
    }
  }
  fillRows(0, parts ? rows / parts : 0);
  for (std::thread &helper : helpers)
    helper.join();
}

void RandomData::fillTokens(uint64_t first, uint64_t count, ElementType type,
                            std::span<uint8_t> out) const {
  uint64_t hidden = direction.size(), key = hash(seed, "tokens");
  assert(out.size() == bytesOf(type, {count, hidden}));
  for (uint64_t t = 0; t < count; ++t)
    fillRow({mix(key + first + t), static_cast<float>(1 / noiseDeviation), directionInTokens,
             direction.data(), static_cast<uint32_t>(hidden), type,
             out.data() + t * hidden * bitsOf(type) / 8});
}

} // namespace moec::rt
