//===- Heap.h - The ranks' memory -------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One reservation a rank holds its flag words and all buffers of the plan, at the
// same offset on every rank. Memory is committed page by page when it is first
// touched, so that worst-case regions cost address space alone.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_HEAP_H
#define MOEC_RUNTIME_BACKENDS_CPU_HEAP_H

#include "runtime/base/Status.h"
#include "runtime/plan/Plan.h"

#include <atomic>
#include <cstddef>
#include <vector>

namespace moec::rt::cpu {

/// Anonymous memory, zero at first; move-only.
class Reservation {
public:
  Reservation() = default;
  Reservation(Reservation &&other) noexcept { *this = std::move(other); }
  Reservation &operator=(Reservation &&other) noexcept;
  ~Reservation();

  /// `hugePages`: worth asking for where all of it will be touched.
  static Result<Reservation> create(size_t bytes, bool hugePages, const char *what);

  std::byte *data() const { return base; }
  size_t size() const { return bytes; }

private:
  std::byte *base = nullptr;
  size_t bytes = 0;
};

/// Where a plan's flags and buffers lie in a heap, for a given capacity.
struct HeapLayout {
  struct Place {
    size_t offset = 0;      ///< of region 0
    size_t regionBytes = 0; ///< from one region to the next
    uint64_t records = 0;   ///< of one region
  };
  uint32_t maxTokens = 0;
  std::vector<size_t> flags; ///< offset of cell 0; a cell is 8 bytes
  std::vector<Place> buffers;
  size_t flagBytes = 0; ///< all flags lie below this offset
  size_t bytes = 0;
};

Result<HeapLayout> layOutHeap(const plan::Plan &plan, uint32_t maxTokens);

/// A flag's 64-bit word: epoch in the upper half.
using FlagWord = std::atomic<uint64_t>;
static_assert(FlagWord::is_always_lock_free && sizeof(FlagWord) == 8);
constexpr uint64_t packFlag(uint32_t epoch, uint32_t payload) {
  return uint64_t(epoch) << 32 | payload;
}
constexpr uint32_t epochOf(uint64_t word) { return static_cast<uint32_t>(word >> 32); }
constexpr uint32_t payloadOf(uint64_t word) { return static_cast<uint32_t>(word); }
/// `>=` on the circle of 2^32 epochs.
constexpr bool hasReached(uint64_t word, uint32_t epoch) {
  return static_cast<int32_t>(epochOf(word) - epoch) >= 0;
}

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_HEAP_H
