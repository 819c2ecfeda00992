//===- Grid.h - Threads, warps and CTAs of a launch -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// State only; what changes it are the calls (calls/) and the scheduler.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_GRID_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_GRID_H

#include "runtime/backends/emulator/Fiber.h"
#include "runtime/backends/emulator/Order.h"
#include "runtime/backends/emulator/Tiles.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace moec::rt::emulator {

inline constexpr uint32_t warpThreads = 32;
inline constexpr uint32_t warpgroupThreads = 128;
inline constexpr uint32_t noSite = 0;

struct Cta;
struct Warp;
struct Collective;
class Engine;

/// What a thread that cannot run waits for. Named in reports of deadlocks.
enum class WaitKind : uint8_t {
  None,
  Ended,
  WarpMates, ///< lanes of its warp that have not reached the op
  Warpgroup, ///< threads of its warpgroup
  Named,     ///< a named barrier; `waitValue` is its id
  Mbarrier,  ///< `waitAddress`, parity in `waitValue`
  Registers, ///< that other warps give registers back
  Memory,    ///< polls `waitAddress`, which held `waitValue`
};

/// What acquiring loads of a thread saw. A loop that sees the same values in a whole
/// round, of one word or of many, polls them.
struct Polls {
  struct Word {
    uint64_t address = 0, value = 0;
    uint32_t site = noSite;
    uint32_t round = 0; ///< in which it was read last
  };
  static constexpr size_t mostWords = 1024;
  std::vector<Word> words;
  uint32_t round = 1; ///< a new one begins with every news, and with every poll

  /// True: nothing has changed since the thread read this word before, in this round.
  bool isOld(uint64_t address, uint32_t site, uint64_t value);
  /// What a load gave in the end. True: it differs from the last time.
  bool note(uint64_t address, uint32_t site, uint64_t value);

private:
  Word *find(uint64_t address, uint32_t site);
  size_t next = 0; ///< where the search begins: loops come in the same order
};

/// Thousands are switched between, and none is in a near cache by then: what a switch
/// touches lies together.
struct alignas(64) Thread : Fiber {
  Thread *next = nullptr; ///< in the queue that it stands in
  bool isReady = false;
  WaitKind waitKind = WaitKind::None;
  uint32_t site = noSite; ///< of the last op
  Cta *cta = nullptr;
  Warp *warp = nullptr;
  uint32_t index = 0;  ///< in the CTA
  uint32_t number = 0; ///< in the launch
  uint32_t lane = 0;

  uint64_t waitAddress = 0, waitValue = 0;
  Polls polls;

  uint64_t copyGroup = 0;                ///< open group of cp.async
  uint64_t bulkGroup = 0;                ///< open group of bulk stores
  uint64_t bulkDone = 0, bulkRead = 0;   ///< groups below are complete, have been read
  uint64_t mmaGroup = 0;                 ///< open group of wgmma
  uint64_t mmaDone = 0;                  ///< groups below have been waited for
  uint32_t openBulk = 0, openCopies = 0; ///< ops in the open groups

  ThreadOrder order;
};

struct Queue {
  Thread *head = nullptr, *tail = nullptr;
  bool empty() const { return !head; }
  void push(Thread &thread) {
    thread.next = nullptr;
    (tail ? tail->next : head) = &thread;
    tail = &thread;
  }
  void pushFront(Thread &thread) {
    thread.next = head;
    head = &thread;
    if (!tail)
      tail = &thread;
  }
  Thread *pop() {
    Thread *thread = head;
    if (thread && !(head = thread->next))
      tail = nullptr;
    return thread;
  }
  /// Takes all of `other`.
  void append(Queue &other) {
    if (other.empty())
      return;
    (tail ? tail->next : head) = other.head;
    tail = other.tail;
    other = {};
  }
};

/// An op that lanes of a warp, or threads of a warpgroup, do together. The last one to
/// come does the work for all.
struct Collective {
  uint32_t site = noSite;
  uint32_t mask = 0;      ///< of a warp: lanes that must come
  uint32_t arrived = 0;   ///< of a warp: lanes; of a warpgroup: how many threads
  bool isAnySite = false; ///< may be met from different places of the kernel
  void (*finish)(Engine &engine, Collective &collective) = nullptr;
  Warp *warp = nullptr;
  /// What each party brought, on its own stack; null: it has exited.
  void *posts[warpgroupThreads] = {};
  Queue waiting;
};

struct Warp {
  uint32_t number = 0; ///< in the launch
  uint32_t live = 0;   ///< lanes that have not exited, one bit each
  uint32_t leader = 0; ///< that elect.sync picks
  uint32_t registers = 0;
  uint32_t polling = 0; ///< lanes parked in polls
  Thread *lanes = nullptr;
  std::vector<std::unique_ptr<Collective>> open;  ///< ops of the warp that wait for lanes
  std::vector<std::unique_ptr<Collective>> spare; ///< to be used again
  WarpOrder order;
};

/// 128 threads that multiply together.
struct Warpgroup {
  Collective op;
  bool isOpen = false;
};

struct NamedBarrier {
  bool isOpen = false;
  bool isWhole = false;             ///< all threads of the CTA
  uint32_t expected = 0;            ///< threads
  std::array<uint32_t, 32> lanes{}; ///< of each warp: who has arrived
  uint32_t site = noSite;           ///< of the first arrival
  Queue waiting;
  Meeting meeting;
};

/// One mbarrier object in shared memory; its state lives here, the memory holds a mark.
struct Mbarrier {
  uint64_t address = 0;
  bool isValid = false;
  uint32_t expected = 0, pending = 0;
  int64_t bytes = 0;           ///< still to come in this phase
  uint64_t phase = 0;          ///< phases completed
  uint32_t copiesInFlight = 0; ///< that will complete on the open phase
  uint32_t site = noSite;      ///< of its init
  uint32_t index = 0;          ///< among the barriers of the CTA
  Queue waiting;
  Meeting meeting;
};

struct Cta {
  uint32_t number = 0; ///< in the launch
  uint32_t x = 0;      ///< among the CTAs of the rank
  uint32_t rank = 0;   ///< blockIdx.z
  uint64_t shared = 0; ///< address of its window
  std::unique_ptr<Thread[]> threads;
  std::vector<Warp> warps;
  std::vector<Warpgroup> warpgroups;
  std::array<NamedBarrier, 16> named;
  std::deque<Mbarrier> mbarriers;
  std::vector<uint16_t> mbarrierAt; ///< 1 + index, by shared offset / 8
  Tiles tiles;                      ///< in a checked launch
  uint32_t live = 0;
  Queue waitingForRegisters;
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_GRID_H
