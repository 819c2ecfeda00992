//===- Scheduler.cpp - Whose turn it is ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Without a seed threads take turns in the order in which they became ready. With one
// they come at random, and some are starved until nobody else can run. A thread that
// reads the same word again and again is parked until something happens. When all are
// parked only the clock can help; it then jumps further and further until something is
// written or a barrier is complete, so that deadlines are cheap, and what outlasts an
// hour of it is a deadlock.
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Engine.h"

#include <algorithm>
#include <map>

namespace moec::rt::emulator {

static constexpr uint32_t starveOneIn = 32;
static constexpr uint64_t nanosecondsPerTurn = 1;
static constexpr uint64_t longestIdleRound = 42; ///< 2^42 ns

uint64_t Engine::random() {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

void Engine::makeReady(Thread &thread) {
  thread.isReady = true;
  if (!isChecked())
    return ready.push(thread);
  const uint64_t draw = random();
  if (draw % starveOneIn == 0)
    starved.push(thread);
  else if (draw >> 32 & 1)
    ready.push(thread);
  else
    ready.pushFront(thread);
}

void Engine::wake(Thread &thread) {
  thread.waitKind = WaitKind::None;
  makeReady(thread);
}

void Engine::wake(Queue &queue) {
  while (Thread *thread = queue.pop())
    wake(*thread);
}

Thread *Engine::next() {
  copies.pump(false);
  while (true) {
    if (!starved.empty() && isChecked() && random() % 1024 == 0)
      ready.append(starved);
    if (Thread *thread = ready.pop()) {
      thread->isReady = false;
      return thread;
    }
    // Late copies or starved threads first, as it comes.
    if (!starved.empty() && (copies.empty() || random() % 64 == 0))
      ready.append(starved);
    else if (!copies.empty())
      copies.pump(true);
    else if (!advanceClock())
      return nullptr;
  }
}

void Engine::dispatch(Thread &from) {
  now += nanosecondsPerTurn;
  loadsSinceSwitch = 0;
  Thread *to = next();
  if (!to) {
    failure = deadlockReport();
    leaveFiber(from, host);
  }
  ++launchCounts.switches;
  current = to;
  // Stacks are cold: begin to fetch the one that comes after this.
  if (const Thread *after = ready.head) {
    for (int line = 0; line < 6; ++line)
      __builtin_prefetch(static_cast<const char *>(after->context) + 64 * line);
    __builtin_prefetch(after->next);
  }
  if (to != &from)
    switchFiber(from, *to);
  current = &from;
}

void Engine::block(Queue &queue, WaitKind kind, uint64_t address, uint64_t value) {
  Thread &self = *current;
  self.waitKind = kind;
  self.waitAddress = address;
  self.waitValue = value;
  queue.push(self);
  dispatch(self);
}

void Engine::yield() {
  Thread &self = *current;
  self.isReady = true;
  if (chance(starveOneIn))
    starved.push(self);
  else
    ready.push(self);
  if (chance(512))
    copies.pump(true);
  dispatch(self);
}

void Engine::poll(uint64_t address, uint64_t value) {
  Thread &self = *current;
  self.waitKind = WaitKind::Memory;
  self.waitAddress = address;
  self.waitValue = value;
  pollers.push_back(&self);
  for (const Polls::Word &word : self.polls.words)
    ++polledWords[word.address / 8];
  ++self.warp->polling;
  dispatch(self);
}

void Engine::forgetPolled(const Thread &thread) {
  for (const Polls::Word &word : thread.polls.words) {
    auto found = polledWords.find(word.address / 8);
    if (--found->second == 0)
      polledWords.erase(found);
  }
}

void Engine::wakePollers(Warp &warp) {
  if (warp.polling == 0)
    return;
  std::erase_if(pollers, [&](Thread *thread) {
    if (thread->warp != &warp)
      return false;
    forgetPolled(*thread);
    wake(*thread);
    return true;
  });
  warp.polling = 0;
}

void Engine::wakePollersOf(uint64_t address, uint64_t bytes) {
  bool isPolled = false;
  for (uint64_t word = address / 8; !isPolled && word * 8 < address + bytes; ++word)
    isPolled = polledWords.contains(word);
  if (!isPolled)
    return;
  std::vector<Warp *> warps;
  for (Thread *thread : pollers)
    for (const Polls::Word &word : thread->polls.words)
      if (word.address < address + bytes && address < word.address + 8) {
        warps.push_back(thread->warp);
        break;
      }
  for (Warp *warp : warps)
    wakePollers(*warp);
}

/// False: even the end of all deadlines helps nobody.
bool Engine::advanceClock() {
  if (pollers.empty() || idleRounds > longestIdleRound)
    return false;
  const uint64_t rounds = idleRounds;
  now += uint64_t{1} << std::min<uint64_t>(10 + rounds, longestIdleRound);
  std::vector<Thread *> all;
  all.swap(pollers);
  polledWords.clear();
  for (Thread *thread : all) {
    thread->warp->polling = 0;
    thread->waitKind = WaitKind::None;
    makeReady(*thread);
  }
  idleRounds = rounds + 1; // until there is progress
  return true;
}

void Engine::exitThread() {
  Thread &self = *current;
  self.waitKind = WaitKind::Ended;
  progress();
  --live;
  --self.cta->live;
  if (live == 0)
    leaveFiber(self, host);
  Thread *to = next();
  if (!to) {
    failure = deadlockReport();
    leaveFiber(self, host);
  }
  ++launchCounts.switches;
  current = to;
  leaveFiber(self, *to);
}

// --- Reports ---------------------------------------------------------------------

std::string Engine::nameOf(const Thread &thread) const {
  return concat("rank ", thread.cta->rank, ", CTA ", thread.cta->x, ", thread ", thread.index);
}

std::string Engine::where(const Thread &thread, uint32_t site) const {
  const SiteTable &sites = *code->sites;
  std::string text;
  if (site < sites.size() && !sites[site].file.empty())
    text = concat(sites[site].file, ":", sites[site].line, ": ");
  text += concat("kernel '", code->name, "'");
  if (site < sites.size() && !sites[site].op.empty())
    text += concat(", ", sites[site].op);
  return concat(text, ", ", nameOf(thread));
}

void Engine::failAt(const Thread &thread, uint32_t site, const std::string &what) {
  failure = concat(where(thread, site), ": ", what);
  leaveFiber(*current, host);
}

std::string Engine::waitText(const Thread &thread) const {
  switch (thread.waitKind) {
  case WaitKind::None:
    return "is ready";
  case WaitKind::Ended:
    return "has exited";
  case WaitKind::WarpMates:
    return "waits for lanes of its warp";
  case WaitKind::Warpgroup:
    return "waits for threads of its warpgroup";
  case WaitKind::Named:
    return concat("waits at barrier ", thread.waitValue);
  case WaitKind::Mbarrier: {
    std::string text =
        concat("waits for phase parity ", thread.waitValue, " of the mbarrier at shared byte ",
               thread.waitAddress - thread.cta->shared - windowStart);
    uint32_t index = thread.cta->mbarrierAt[(thread.waitAddress - thread.cta->shared) / 8];
    if (index != 0) {
      const Mbarrier &barrier = thread.cta->mbarriers[index - 1];
      text += concat(" (", barrier.pending, " of ", barrier.expected, " arrivals and ",
                     barrier.bytes, " bytes to come, ", barrier.phase, " phases done)");
    }
    return text;
  }
  case WaitKind::Registers:
    return "waits for registers that other warps hold";
  case WaitKind::Memory:
    return concat("polls ", memory.describe(thread.waitAddress), ", which holds ",
                  thread.waitValue);
  }
  return "";
}

/// One entry for all threads that wait alike.
std::string Engine::deadlockReport() const {
  struct Group {
    const Thread *first;
    uint32_t count = 0;
  };
  std::map<std::string, Group> groups;
  for (const Cta &cta : ctas)
    for (uint32_t i = 0; i < code->threads; ++i) {
      const Thread &thread = cta.threads[i];
      if (thread.waitKind == WaitKind::Ended)
        continue;
      Group &group = groups.try_emplace(concat(thread.site, waitText(thread)), Group{&thread, 0})
                         .first->second;
      ++group.count;
    }
  std::vector<const Group *> order;
  for (const auto &[key, group] : groups)
    order.push_back(&group);
  std::sort(order.begin(), order.end(),
            [](const Group *a, const Group *b) { return a->first->number < b->first->number; });
  std::string text = concat("deadlock of ", live, " threads of kernel '", code->name, "'");
  constexpr size_t shown = 12;
  for (size_t i = 0; i < std::min(order.size(), shown); ++i) {
    const Group &group = *order[i];
    text += concat("; ", where(*group.first, group.first->site));
    if (group.count > 1)
      text += concat(" and ", group.count - 1, " more");
    text += concat(" ", waitText(*group.first));
  }
  if (order.size() > shown)
    text += concat("; ", order.size() - shown, " more waits");
  return text;
}

} // namespace moec::rt::emulator
