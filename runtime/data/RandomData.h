//===- RandomData.h - Weights and tokens without a checkpoint --*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A value is a function of the seed, the tensor's name, its row and its column, by
// integer hashing and single exactly rounded operations: the same bits on every
// machine, for any number of threads, ranks and tokens.
//
// Experts are not equally popular, as in real models. All tokens share a direction
// u, and the router's row of expert e has a part g_e * u, with normal g_e. So its
// logit is noise plus a number of its own, and the popularity of experts is about
// log-normal: the logarithm of their counts has a deviation of about 0.8, which
// for 8 of 64 puts three times the mean on the busiest.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_DATA_RANDOMDATA_H
#define MOEC_RUNTIME_DATA_RANDOMDATA_H

#include "runtime/data/Tensor.h"
#include "runtime/module/Layer.h"

#include <string>

namespace moec::rt {

class RandomData {
public:
  /// `popularity`: deviation of g_e, the logit that an expert has from its
  /// popularity alone.
  RandomData(uint64_t seed, uint64_t hidden, double popularity = 0.4);

  /// What gives counts of the wanted deviation when `topK` of `experts` are chosen:
  /// the fewer are chosen, the more a logit tells.
  static double popularityFor(uint32_t experts, uint32_t topK);

  /// Writes tensor `name` of the given shape as F32 or BF16. Matrices have the
  /// deviation 1 / sqrt(columns), so that their products keep the size of the
  /// tokens, which is about 1. `threads` at least 1.
  void fillWeight(const std::string &name, WeightRole role, const Shape &shape, ElementType type,
                  uint32_t threads, std::span<uint8_t> out) const;

  /// Writes tokens [count, hidden], beginning with token `first`, as F32 or BF16.
  void fillTokens(uint64_t first, uint64_t count, ElementType type, std::span<uint8_t> out) const;

private:
  uint64_t seed;
  double popularity;
  std::vector<float> direction; ///< u: plus or minus one, [hidden]
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_DATA_RANDOMDATA_H
