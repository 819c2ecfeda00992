//===- PastSets.h - Which tasks of a rank lie in the past -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A component of a vector clock. Were a rank's tasks a chain, its component would
// be how far the chain is known; they are a graph, so it is a set of them. Few
// different sets occur (what one signal brings, and unions of those), so each is
// kept once and clocks hold numbers.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_PASTSETS_H
#define MOEC_PASSES_SCHEDULING_PASTSETS_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace moec::scheduling {

/// Sets of tasks of one rank, by number; 0 is the empty one.
class PastSets {
public:
  /// `tasks` of the rank over all steps.
  explicit PastSets(uint64_t tasks) : words((tasks + 63) / 64), bits(words) {
    numbers.emplace(hash(0), 0);
  }

  /// The union of these sets, some of them the same, and of these tasks.
  uint32_t unite(std::vector<uint32_t> &united, std::span<const uint64_t> tasks);
  bool contains(uint32_t set, uint64_t task) const {
    return bits[set * words + task / 64] >> (task % 64) & 1;
  }

private:
  uint32_t join(uint32_t a, uint32_t b);
  uint64_t hash(uint32_t set) const;
  /// The number of the set that stands last, which is taken away if it is there twice.
  uint32_t intern();

  size_t words;
  std::vector<uint64_t> bits; ///< set after set
  std::unordered_multimap<uint64_t, uint32_t> numbers;
  std::unordered_map<uint64_t, uint32_t> joined; ///< by both numbers
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_PASTSETS_H
