//===- Random.h - The same numbers from a seed everywhere -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integer hashing and single exactly rounded operations (the library is compiled
// without fused multiply-adds): no distribution of std::, no logarithm of libm,
// whose last bits differ from one platform to the next.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TRAFFIC_RANDOM_H
#define MOEC_RUNTIME_TRAFFIC_RANDOM_H

#include <cstdint>

namespace moec::traffic {

/// Natural logarithm of a positive number and the exponential, to about 1e-15.
double portableLog(double value);
double portableExp(double value);

/// splitmix64: a stream a key.
class Random {
public:
  explicit Random(uint64_t key) : state(key) {}
  /// The stream of a part of what `key` stands for.
  static uint64_t keyOf(uint64_t key, uint64_t part);

  uint64_t bits();
  double uniform();     ///< above 0 and below 1
  double normal();      ///< mean 0, deviation 1 (Marsaglia's polar method)
  double exponential(); ///< mean 1

private:
  uint64_t state;
};

} // namespace moec::traffic

#endif // MOEC_RUNTIME_TRAFFIC_RANDOM_H
