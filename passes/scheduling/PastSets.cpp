//===- PastSets.cpp - Which tasks of a rank lie in the past ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/PastSets.h"

#include <algorithm>
#include <array>
#include <optional>

namespace moec::scheduling {

template <typename Number> static uint64_t hashOf(std::span<const Number> row) {
  uint64_t value = 0x9e3779b97f4a7c15;
  for (Number number : row) {
    value = (value ^ number) * 0xff51afd7ed558ccd;
    value ^= value >> 32;
  }
  return value;
}

template <typename Number> uint64_t UniqueRows<Number>::hash(uint32_t row) const {
  return hashOf((*this)[row]);
}

template <typename Number> uint32_t UniqueRows<Number>::intern(std::span<const Number> row) {
  uint64_t key = hashOf(row);
  auto [begin, end] = known.equal_range(key);
  for (auto place = begin; place != end; ++place)
    if (std::ranges::equal(row, (*this)[place->second]))
      return place->second;
  auto number = static_cast<uint32_t>(numbers.size() / width);
  numbers.insert(numbers.end(), row.begin(), row.end());
  known.emplace(key, number);
  return number;
}

PastSets::PastSets(uint64_t tasks)
    : blocks(wordsOfBlock), sets((tasks + tasksOfBlock - 1) / tasksOfBlock) {}

/// Block by block: where all sets that have one have the same, it is that one.
uint32_t PastSets::merge(std::span<const uint32_t> united, std::span<const uint64_t> tasks) {
  merged.assign(sets[0].size(), 0);
  size_t next = 0;
  for (size_t i = 0; i < merged.size(); ++i) {
    uint32_t only = 0;
    std::optional<std::array<uint64_t, wordsOfBlock>> words; // of more than `only`
    auto startWith = [&](uint32_t block) {
      if (!words)
        std::ranges::copy(blocks[block], words.emplace().begin());
    };
    for (uint32_t set : united) {
      uint32_t block = sets[set][i];
      if (only == 0)
        only = block;
      if (block == 0 || block == only)
        continue;
      startWith(only);
      for (size_t word = 0; word < wordsOfBlock; ++word)
        (*words)[word] |= blocks[block][word];
    }
    for (; next < tasks.size() && tasks[next] / tasksOfBlock == i; ++next) {
      startWith(only);
      uint64_t place = tasks[next] % tasksOfBlock;
      (*words)[place / 64] |= uint64_t(1) << (place % 64);
    }
    merged[i] = words ? blocks.intern(*words) : only;
  }
  return sets.intern(merged);
}

uint32_t PastSets::unite(std::vector<uint32_t> &united, std::vector<uint64_t> &tasks) {
  std::ranges::sort(united);
  united.erase(std::unique(united.begin(), united.end()), united.end());
  if (tasks.empty() && !united.empty() && united.front() == 0)
    united.erase(united.begin());
  if (tasks.empty() && united.size() <= 1)
    return united.empty() ? 0 : united.front();
  std::ranges::sort(tasks);
  if (united.size() != 2 || !tasks.empty())
    return merge(united, tasks);
  auto [entry, isNew] = joined.try_emplace(uint64_t(united[0]) << 32 | united[1], 0);
  if (isNew)
    entry->second = merge(united, tasks);
  return entry->second;
}

} // namespace moec::scheduling
