//===- Warps.cpp - What lanes of a warp do together ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/calls/Warps.h"

#include "runtime/backends/emulator/Calls.h"
#include "runtime/backends/emulator/Engine.h"
#include "runtime/backends/emulator/calls/Barriers.h"

#include <algorithm>
#include <bit>

namespace moec::rt::emulator {

/// "0-3,8": the lanes of a mask.
static std::string lanesText(uint32_t mask) {
  std::string text;
  for (uint32_t lane = 0; lane < warpThreads; ++lane) {
    if (!(mask >> lane & 1))
      continue;
    uint32_t last = lane;
    while (last + 1 < warpThreads && (mask >> (last + 1) & 1))
      ++last;
    text += concat(text.empty() ? "" : ",", lane);
    if (last != lane)
      text += concat("-", last);
    lane = last;
  }
  return text.empty() ? "none" : text;
}

// --- Meeting ---------------------------------------------------------------------

static void checkMates(Engine &engine, const Collective &other, uint32_t mask, bool isAnySite) {
  Thread &self = *engine.current;
  const bool isExpected = other.mask >> self.lane & 1;
  const bool meets =
      other.mask == mask && (other.site == self.site || (isAnySite && other.isAnySite));
  if (!isExpected || meets)
    return;
  const Thread *first = other.waiting.head;
  engine.fail(concat("lanes of one warp take different ways: this op waits for lanes ",
                     lanesText(mask), ", lane ", first->lane, " waits for ", lanesText(other.mask),
                     " at ", engine.where(*first, other.site)));
}

static void finishWarp(Engine &engine, Warp &warp, size_t number) {
  std::unique_ptr<Collective> collective = std::move(warp.open[number]);
  warp.open.erase(warp.open.begin() + static_cast<ptrdiff_t>(number));
  collective->finish(engine, *collective);
  engine.wake(collective->waiting);
  warp.spare.push_back(std::move(collective));
}

static void openWarp(Engine &engine, uint32_t mask, Finish finish, bool isAnySite) {
  Warp &warp = *engine.current->warp;
  if (warp.spare.empty())
    warp.spare.push_back(std::make_unique<Collective>());
  Collective &own = *warp.spare.back();
  own.site = engine.current->site;
  own.mask = mask;
  own.arrived = 0;
  own.isAnySite = isAnySite;
  own.finish = finish;
  own.warp = &warp;
  std::fill_n(own.posts, warpThreads, nullptr);
  warp.open.push_back(std::move(warp.spare.back()));
  warp.spare.pop_back();
}

void meetWarp(Engine &engine, uint32_t mask, void *post, Finish finish, bool isAnySite) {
  Thread &self = *engine.current;
  Warp &warp = *self.warp;
  if (!(mask >> self.lane & 1))
    engine.fail(
        concat("lane ", self.lane, " is not among the lanes ", lanesText(mask), " of its op"));
  engine.wakePollers(warp);
  size_t number = warp.open.size();
  for (size_t i = 0; i < warp.open.size(); ++i) {
    checkMates(engine, *warp.open[i], mask, isAnySite);
    if (warp.open[i]->mask == mask)
      number = i;
  }
  if (number == warp.open.size())
    openWarp(engine, mask, finish, isAnySite);
  Collective &open = *warp.open[number];
  open.posts[self.lane] = post;
  open.arrived |= 1u << self.lane;
  if ((mask & warp.live & ~open.arrived) == 0)
    finishWarp(engine, warp, number);
  else
    engine.block(open.waiting, WaitKind::WarpMates, 0, mask);
}

void meetWarpgroup(Engine &engine, void *post, Finish finish) {
  Thread &self = *engine.current;
  Warpgroup &group = self.cta->warpgroups[self.index / warpgroupThreads];
  engine.wakePollers(*self.warp);
  Collective &open = group.op;
  if (!group.isOpen) {
    group.isOpen = true;
    open.site = self.site;
    open.arrived = 0;
    open.finish = finish;
    open.warp = self.warp;
  } else if (open.site != self.site) {
    const Thread *first = open.waiting.head;
    engine.fail(concat("threads of one warpgroup take different ways: thread ", first->index,
                       " waits at ", engine.where(*first, open.site)));
  }
  open.posts[self.index % warpgroupThreads] = post;
  if (++open.arrived < warpgroupThreads)
    return engine.block(open.waiting, WaitKind::Warpgroup);
  group.isOpen = false;
  open.finish(engine, open);
  engine.wake(open.waiting);
}

void leaveKernel(Engine &engine) {
  Thread &self = *engine.current;
  Warp &warp = *self.warp;
  if (engine.isChecked())
    if (const auto *store = engine.copies.unreadStore(self))
      engine.failAt(self, store->site, "the thread exits while this store reads shared memory");
  warp.live &= ~(1u << self.lane);
  self.waitKind = WaitKind::Ended;
  for (size_t i = 0; i < warp.open.size();)
    if ((warp.open[i]->mask & warp.live & ~warp.open[i]->arrived) == 0)
      finishWarp(engine, warp, i);
    else
      ++i;
  recountNamedBarriers(engine, *self.cta);
  engine.wakePollers(warp);
  engine.exitThread();
}

// --- The ops ---------------------------------------------------------------------

/// What a lane brings to an op that gives every lane one word.
struct Word {
  uint64_t value = 0;
  uint32_t a = 0, b = 0;
  uint64_t result = 0;
  bool isValid = true;
};

static Word *wordOf(const Collective &collective, uint32_t lane) {
  return static_cast<Word *>(collective.posts[lane]);
}

static void finishSync(Engine &engine, Collective &collective) {
  if (engine.order)
    engine.order->syncWarp(*collective.warp, collective.arrived);
}

static void finishVote(Engine &, Collective &collective) {
  uint32_t ballot = 0;
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    if (const Word *word = wordOf(collective, lane))
      ballot |= uint32_t(word->value & 1) << lane;
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    if (Word *word = wordOf(collective, lane))
      switch (static_cast<VoteKind>(word->a)) {
      case VoteKind::Any:
        word->result = ballot != 0;
        break;
      case VoteKind::All:
        word->result = ballot == collective.arrived;
        break;
      case VoteKind::Ballot:
        word->result = ballot;
        break;
      case VoteKind::Uniform:
        word->result = ballot == 0 || ballot == collective.arrived;
        break;
      }
}

/// `b` = clamp | segment mask << 8 | kind << 16.
static void finishShuffle(Engine &engine, Collective &collective) {
  for (uint32_t lane = 0; lane < warpThreads; ++lane) {
    Word *word = wordOf(collective, lane);
    if (!word)
      continue;
    const uint32_t clamp = word->b & 31, segment = word->b >> 8 & 31;
    const auto kind = static_cast<ShuffleKind>(word->b >> 16);
    const uint32_t offset = word->a & 31;
    const int high = int((lane & segment) | (clamp & ~segment)), low = int(lane & segment);
    int source = 0;
    switch (kind) {
    case ShuffleKind::Butterfly:
      source = int(lane ^ offset);
      word->isValid = source <= high;
      break;
    case ShuffleKind::Up:
      source = int(lane) - int(offset);
      word->isValid = source >= high; // here the bound is a lower one
      break;
    case ShuffleKind::Down:
      source = int(lane + offset);
      word->isValid = source <= high;
      break;
    case ShuffleKind::Index:
      source = low | int(offset & ~segment);
      word->isValid = source <= high;
      break;
    }
    if (!word->isValid)
      source = int(lane);
    const Word *from = wordOf(collective, uint32_t(source));
    if (!from)
      engine.fail(
          concat("lane ", lane, " shuffles from lane ", source, ", which takes no part in the op"));
    word->result = from->value;
  }
}

static void finishMatch(Engine &, Collective &collective) {
  uint32_t same[warpThreads] = {};
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    for (uint32_t other = 0; other < warpThreads; ++other)
      if (wordOf(collective, lane) && wordOf(collective, other) &&
          wordOf(collective, lane)->value == wordOf(collective, other)->value)
        same[lane] |= 1u << other;
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    if (Word *word = wordOf(collective, lane)) {
      word->isValid = same[lane] == collective.arrived;
      word->result = word->a == 0 || word->isValid ? same[lane] : 0;
    }
}

static uint32_t reduce(ReduceKind kind, uint32_t x, uint32_t y) {
  switch (kind) {
  case ReduceKind::Add:
    return x + y;
  case ReduceKind::And:
    return x & y;
  case ReduceKind::Or:
    return x | y;
  case ReduceKind::Xor:
    return x ^ y;
  case ReduceKind::Max:
    return int32_t(x) > int32_t(y) ? x : y;
  case ReduceKind::Min:
    return int32_t(x) < int32_t(y) ? x : y;
  case ReduceKind::UMax:
    return x > y ? x : y;
  case ReduceKind::UMin:
    return x < y ? x : y;
  }
  return 0;
}

static void finishReduce(Engine &, Collective &collective) {
  bool isFirst = true;
  uint32_t sum = 0;
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    if (const Word *word = wordOf(collective, lane)) {
      const auto value = static_cast<uint32_t>(word->value);
      sum = isFirst ? value : reduce(static_cast<ReduceKind>(word->a), sum, value);
      isFirst = false;
    }
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    if (Word *word = wordOf(collective, lane))
      word->result = sum;
}

static void finishElect(Engine &engine, Collective &collective) {
  const uint32_t lanes = collective.arrived;
  uint32_t leader = uint32_t(std::countr_zero(lanes));
  // Any lane may be elected; compilers count on the same one each time.
  const uint32_t favourite = collective.warp->leader;
  if (engine.isChecked() && (lanes >> favourite & 1))
    leader = favourite;
  for (uint32_t lane = 0; lane < warpThreads; ++lane)
    if (Word *word = wordOf(collective, lane))
      word->result = lane == leader;
}

static Word meetWord(uint32_t site, uint32_t mask, Word word, Finish finish) {
  Engine &engine = *runningEngine;
  engine.current->site = site;
  meetWarp(engine, mask, &word, finish);
  return word;
}

} // namespace moec::rt::emulator

using namespace moec::rt::emulator;

void moecEmuSyncWarp(uint32_t site, uint32_t mask) {
  Engine &engine = *runningEngine;
  engine.current->site = site;
  uint32_t nothing = 0;
  meetWarp(engine, mask, &nothing, finishSync, true);
}

uint32_t moecEmuElect(uint32_t site, uint32_t mask) {
  return static_cast<uint32_t>(meetWord(site, mask, {}, finishElect).result);
}

uint32_t moecEmuVote(uint32_t site, uint32_t mask, uint32_t predicate, uint32_t kind) {
  return static_cast<uint32_t>(meetWord(site, mask, {predicate, kind}, finishVote).result);
}

uint32_t moecEmuShuffle(uint32_t site, uint32_t mask, uint32_t value, uint32_t offset,
                        uint32_t clamp, uint32_t kind, uint32_t *isValid) {
  const uint32_t how = (clamp & 0x1f1f) | kind << 16;
  const Word word = meetWord(site, mask, {value, offset, how}, finishShuffle);
  if (isValid)
    *isValid = word.isValid;
  return static_cast<uint32_t>(word.result);
}

uint32_t moecEmuMatch(uint32_t site, uint32_t mask, uint64_t value, uint32_t isAll,
                      uint32_t *isValid) {
  const Word word = meetWord(site, mask, {value, isAll}, finishMatch);
  if (isValid)
    *isValid = word.isValid;
  return static_cast<uint32_t>(word.result);
}

uint32_t moecEmuReduce(uint32_t site, uint32_t mask, uint32_t value, uint32_t kind) {
  return static_cast<uint32_t>(meetWord(site, mask, {value, kind}, finishReduce).result);
}
