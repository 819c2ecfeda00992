//===- PastSets.cpp - Which tasks of a rank lie in the past ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/PastSets.h"

#include <algorithm>

namespace moec::scheduling {

uint64_t PastSets::hash(uint32_t set) const {
  uint64_t value = 0x9e3779b97f4a7c15;
  for (size_t i = set * words; i < (set + 1) * words; ++i) {
    value = (value ^ bits[i]) * 0xff51afd7ed558ccd;
    value ^= value >> 32;
  }
  return value;
}

uint32_t PastSets::intern() {
  auto last = static_cast<uint32_t>(bits.size() / words - 1);
  uint64_t key = hash(last);
  auto [begin, end] = numbers.equal_range(key);
  for (auto known = begin; known != end; ++known)
    if (std::equal(bits.end() - words, bits.end(), bits.begin() + known->second * words)) {
      uint32_t number = known->second;
      bits.resize(bits.size() - words);
      return number;
    }
  numbers.emplace(key, last);
  return last;
}

uint32_t PastSets::join(uint32_t a, uint32_t b) {
  if (a == b || b == 0)
    return a;
  if (a == 0)
    return b;
  if (a > b)
    std::swap(a, b);
  auto [entry, isNew] = joined.try_emplace(uint64_t(a) << 32 | b, 0);
  if (!isNew)
    return entry->second;
  size_t from = bits.size();
  bits.resize(from + words);
  for (size_t i = 0; i < words; ++i)
    bits[from + i] = bits[a * words + i] | bits[b * words + i];
  return entry->second = intern();
}

uint32_t PastSets::unite(std::vector<uint32_t> &united, std::span<const uint64_t> tasks) {
  bool isOne = std::all_of(united.begin(), united.end(),
                           [&](uint32_t set) { return set == united.front(); });
  if (isOne && tasks.empty())
    return united.empty() ? 0 : united.front();
  std::sort(united.begin(), united.end());
  united.erase(std::unique(united.begin(), united.end()), united.end());
  if (united.size() == 2 && tasks.empty())
    return join(united[0], united[1]);
  size_t from = bits.size();
  bits.resize(from + words);
  for (uint32_t set : united)
    for (size_t i = 0; i < words; ++i)
      bits[from + i] |= bits[set * words + i];
  for (uint64_t task : tasks)
    bits[from + task / 64] |= uint64_t(1) << (task % 64);
  return intern();
}

} // namespace moec::scheduling
