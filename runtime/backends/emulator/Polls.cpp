//===- Polls.cpp - Is a thread waiting for memory to change? ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Grid.h"

namespace moec::rt::emulator {

Polls::Word *Polls::find(uint64_t address, uint32_t site) {
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t at = (next + i) % words.size();
    if (words[at].address != address || words[at].site != site)
      continue;
    next = at + 1;
    return &words[at];
  }
  return nullptr;
}

bool Polls::isOld(uint64_t address, uint32_t site, uint64_t value) {
  Word *word = find(address, site);
  if (!word || word->value != value || word->round != round)
    return false;
  ++round;
  return true;
}

bool Polls::note(uint64_t address, uint32_t site, uint64_t value) {
  Word *word = find(address, site);
  const bool isNews = !word || word->value != value;
  if (!word) {
    if (words.size() == mostWords)
      words.clear();
    words.push_back({address, value, site, round});
    word = &words.back();
    next = words.size();
  }
  round += isNews;
  word->value = value;
  word->round = round;
  return isNews;
}

} // namespace moec::rt::emulator
