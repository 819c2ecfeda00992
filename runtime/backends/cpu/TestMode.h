//===- TestMode.h - A machine that is as nasty as it may be -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Test mode runs a plan under the weakest memory model that the comm dialect
// allows (dialects/comm/README.md):
//  - ranks, and the ready tasks of a rank, take turns at random, also within tasks;
//  - a store to a peer lands at a random later time, in any order against stores to
//    other cells, but before a flag that was signalled after it;
//  - memory holds poison until it is written.
// And it watches: each record has a shadow that says what it holds (whose token, of
// which step), who wrote it and who read it since. Reported are
//  - an access that the task does not declare, or a declared write left out;
//  - reading what was never written, or holds something else than the task takes it
//    for;
//  - two accesses that no token, flag or step order puts in order (a race), even if
//    this run came out right.
// One thread; meant for small layers.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_TESTMODE_H
#define MOEC_RUNTIME_BACKENDS_CPU_TESTMODE_H

#include "runtime/backends/cpu/Clock.h"
#include "runtime/backends/cpu/Fiber.h"
#include "runtime/backends/cpu/Shadow.h"
#include "runtime/backends/cpu/TaskContext.h"

#include <map>
#include <random>

namespace moec::rt::cpu {

class TestMode {
public:
  /// What is wrong with the machine for this mode, if something is.
  static Status check(const Machine &machine);
  TestMode(Machine &machine, uint64_t seed);
  ~TestMode();

  /// Forgets what the memory held and fills it (not the flags) with poison.
  Status poison();

  // --- Told by the executor, in the order in which things happen -----------------
  void beginStep(Rank &rank);
  /// `fiber` runs the task; it is suspended now and then.
  void beginTask(Rank &rank, uint32_t task, Fiber &fiber);
  /// What the task did wrong, if it did. `isDone`: it ran to its end.
  Status endTask(Rank &rank, uint32_t task, bool isDone);
  /// Takes the place of the store to the flag of `peer`.
  void signal(Rank &rank, const Task &task, uint32_t peer, uint64_t word);
  void acquire(Rank &rank, const Task &task);
  Probe *probe(const Rank &rank);

  // --- Decisions -------------------------------------------------------------------
  /// The place of one of the candidates, by this run's temper.
  size_t pickTask(const std::vector<uint32_t> &candidates);
  size_t pickRank(const std::vector<uint32_t> &candidates);
  /// Is it time for a store to land?
  bool wantsToLand();
  /// Lets one store land; false: there is none.
  bool land();
  /// Puts of the op that have begun on `rank` and are not all in place, and that its window
  /// counts with this one.
  uint32_t putsInFlight(const Rank &rank, const Task &put) const;

private:
  class RankProbe;
  struct Store;
  struct FlagKey {
    uint32_t rank = 0;
    uint32_t flag = 0;
    uint64_t cell = 0;
    auto operator<=>(const FlagKey &) const = default;
  };
  /// Item sets as a rank's routing made them: what the declared effects mean.
  struct Truth {
    uint32_t all = 0;                                ///< |A(r)|
    std::vector<std::vector<uint32_t>> tokens, rows; ///< D(r,p), Y(r,p) by p
    std::vector<std::vector<uint32_t>> ofNodes;      ///< M(r,b) by b
  };

  bool chance(double probability) { return std::bernoulli_distribution(probability)(random); }
  size_t pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random); }
  size_t findBlocker(size_t index);
  void landStore(size_t index);
  /// The items of a set in truth, as far as its rank has routed.
  std::vector<uint32_t> itemsOf(const plan::ConcreteItems &set, const Rank &rank) const;
  std::vector<uint32_t> nodePieceOf(const Truth &truth, const plan::ConcreteItems &set) const;
  /// The records that a declared region stands for.
  std::vector<uint64_t> recordsOf(const plan::ConcreteRegion &region, const Rank &rank) const;
  void recordTruth(const Rank &rank);

  Machine &machine;
  std::mt19937_64 random;
  Shadow shadow;
  std::vector<std::unique_ptr<RankProbe>> probes;
  std::map<std::pair<uint32_t, uint64_t>, Truth> truths; ///< by rank and step
  std::vector<Store> pending;                            ///< in the order of issue
  uint64_t storeCount = 0;
  std::map<FlagKey, Clock> flagClocks; ///< of what landed last
  Status failure;                      ///< the first
  // This run's temper: how eagerly stores land, how often tasks pause, how often the
  // favourite among the candidates is taken.
  double landing, pausing, stubbornness;
  std::vector<double> rankPriority, taskPriority;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_TESTMODE_H
