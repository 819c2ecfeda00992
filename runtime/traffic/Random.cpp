//===- Random.cpp - The same numbers from a seed everywhere ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/Random.h"

#include <cmath>

namespace moec::traffic {

static constexpr double ln2 = 0.693147180559945309417;

double portableLog(double value) {
  int exponent = 0;
  double mantissa = std::frexp(value, &exponent); // exact
  if (mantissa < 0.7071067811865476) {
    mantissa *= 2;
    --exponent;
  }
  // log m = 2 atanh((m - 1) / (m + 1)); the argument is below 0.172.
  double s = (mantissa - 1) / (mantissa + 1), square = s * s, sum = 0;
  for (int power = 23; power >= 1; power -= 2)
    sum = sum * square + 1.0 / power;
  return exponent * ln2 + 2 * s * sum;
}

double portableExp(double value) {
  if (value > 709)
    return HUGE_VAL;
  if (value < -745)
    return 0;
  double whole = std::nearbyint(value / ln2), rest = value - whole * ln2, sum = 1;
  for (int i = 18; i >= 1; --i)
    sum = 1 + sum * rest / i;
  return std::ldexp(sum, static_cast<int>(whole));
}

static uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

uint64_t Random::keyOf(uint64_t key, uint64_t part) {
  return mix(mix(key + 0x9e3779b97f4a7c15) + part * 0xd1342543de82ef95);
}

uint64_t Random::bits() {
  state += 0x9e3779b97f4a7c15;
  return mix(state);
}

double Random::uniform() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-52; }

double Random::normal() {
  for (;;) {
    double x = 2 * uniform() - 1, y = 2 * uniform() - 1, s = x * x + y * y;
    if (s > 0 && s < 1)
      return x * std::sqrt(-2 * portableLog(s) / s);
  }
}

double Random::exponential() { return -portableLog(uniform()); }

} // namespace moec::traffic
