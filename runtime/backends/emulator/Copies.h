//===- Copies.h - Asynchronous copies under way -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What TMA, bulk and cp.async instructions started. In a launch without a seed a copy
// is complete when it is issued; else it reads its source, and writes its target, at
// random later times and in any order, at the latest when someone cannot go on
// without it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_COPIES_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_COPIES_H

#include "runtime/backends/emulator/TensorMap.h"

#include <array>
#include <cstdint>
#include <vector>

namespace moec::rt::emulator {

class Engine;
struct Mbarrier;
struct Thread;

enum class CopyKind : uint8_t {
  Load,    ///< global to shared, completes on an mbarrier
  Store,   ///< shared to global, belongs to a bulk group of its thread
  Element, ///< cp.async: global to shared by 4 to 16 bytes, group of its thread
  Put,     ///< a plain store to a peer that has not landed yet
};

/// Contiguous bytes of a copy; without a global address they are zeros.
struct CopyRun {
  uint64_t shared = 0, global = 0, bytes = 0;
};

struct Copy {
  CopyKind kind = CopyKind::Load;
  Thread *owner = nullptr;
  uint32_t site = 0;
  uint64_t group = 0;
  uint32_t moment = 0; ///< Put: when its thread issued it
  bool isRead = false; ///< a store whose source has been read
  bool isLate = false; ///< ends only when it must
  uint64_t bytes = 0;  ///< of the transaction, counted by the mbarrier
  Mbarrier *barrier = nullptr;
  std::vector<CopyRun> runs;
  std::vector<char> data; ///< what was read, in the order of the runs
};

class Copies {
public:
  explicit Copies(Engine &engine) : engine(engine) {}

  void issue(Copy copy);
  bool empty() const { return pending.empty(); }
  size_t size() const { return pending.size(); }
  const std::vector<Copy> &all() const { return pending; }
  /// The launch is over: what landed is known.
  void settleAll();
  void clear() {
    pending.clear();
    unsettled.clear();
    puts = 0;
  }

  /// Lets one copy make progress, if it is its time. `isNeeded`: nothing else can.
  void pump(bool isNeeded);
  /// Completes what `thread` started up to this group; stores with `readOnly` only read.
  void complete(Thread &thread, CopyKind kind, uint64_t upToGroup, bool readOnly);
  /// Lets the puts land that touch these bytes.
  void landPuts(uint64_t address, uint64_t bytes);
  /// Those of them that `thread` knows of.
  void landPutsBefore(const Thread &thread, uint64_t address, uint64_t bytes);
  /// All that `thread` knows of, to any address: it releases.
  void landPutsKnownTo(const Thread &thread);
  bool hasPuts() const { return puts != 0; }
  /// Every access looks through those under way: there are not too many.
  bool takesPuts() const { return puts < 64; }
  /// A bulk store of `thread` whose end it has not waited for, or null.
  struct Unsettled;
  const Unsettled *unsettledStore(const Thread &thread) const;
  /// One that has not read all of its source, or null.
  const Copy *unreadStore(const Thread &thread) const;

  /// What a thread must wait for before it may count on it.
  struct Unsettled {
    Thread *owner = nullptr;
    CopyKind kind = CopyKind::Store;
    uint32_t site = 0;
    uint64_t group = 0;
    std::vector<CopyRun> runs;
  };

private:
  template <typename Predicate> void landPutsIf(Predicate isDue);
  bool isKnown(const Thread &thread, const Copy &put) const;
  void read(Copy &copy);
  void finish(Copy &copy);
  void finishAt(size_t index);

  Engine &engine;
  void settle(Thread &thread, CopyKind kind, uint64_t upToGroup);

  std::vector<Copy> pending;
  std::vector<Unsettled> unsettled;
  size_t puts = 0;
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_COPIES_H
