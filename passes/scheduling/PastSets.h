//===- PastSets.h - Which tasks of a rank lie in the past -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A component of a vector clock. Were a rank's tasks a chain, its component would
// be how far the chain is known; they are a graph, so it is a set of them. Few
// different sets occur (what one signal brings, and unions of those), so each is
// kept once and clocks hold numbers. Those that differ do so in little, so a set is
// numbers of blocks, each of which is kept once too.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_PASTSETS_H
#define MOEC_PASSES_SCHEDULING_PASTSETS_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace moec::scheduling {

/// Rows of numbers, each of which is there once; row 0 is all zeros.
template <typename Number> class UniqueRows {
public:
  explicit UniqueRows(size_t width) : width(width), numbers(width) { known.emplace(hash(0), 0); }

  std::span<const Number> operator[](uint32_t row) const {
    return std::span(numbers).subspan(row * width, width);
  }
  uint32_t intern(std::span<const Number> row);

private:
  uint64_t hash(uint32_t row) const;

  size_t width;
  std::vector<Number> numbers; ///< row after row
  std::unordered_multimap<uint64_t, uint32_t> known;
};

/// Sets of tasks of one rank, by number; 0 is the empty one.
class PastSets {
public:
  /// `tasks` of the rank over all steps.
  explicit PastSets(uint64_t tasks);

  /// The union of these sets, some of them the same, and of these tasks. Sorts both.
  uint32_t unite(std::vector<uint32_t> &united, std::vector<uint64_t> &tasks);
  bool contains(uint32_t set, uint64_t task) const {
    uint64_t place = task % tasksOfBlock;
    return blocks[sets[set][task / tasksOfBlock]][place / 64] >> (place % 64) & 1;
  }

private:
  static constexpr size_t wordsOfBlock = 8;
  static constexpr uint64_t tasksOfBlock = 64 * wordsOfBlock;

  uint32_t merge(std::span<const uint32_t> united, std::span<const uint64_t> tasks);

  UniqueRows<uint64_t> blocks;
  UniqueRows<uint32_t> sets;                     ///< of numbers of blocks
  std::unordered_map<uint64_t, uint32_t> joined; ///< two sets, by both numbers
  std::vector<uint32_t> merged;                  ///< the set that is being made
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_PASTSETS_H
