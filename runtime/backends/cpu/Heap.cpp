//===- Heap.cpp - The ranks' memory ----------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Heap.h"

#include "runtime/plan/Expand.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace moec::rt::cpu {

static constexpr size_t pageBytes = 4096;
static constexpr size_t lineBytes = 64;
/// What one rank may reserve: half of the smallest user address space in use.
static constexpr size_t maxHeapBytes = size_t(1) << 46;

Reservation &Reservation::operator=(Reservation &&other) noexcept {
  std::swap(base, other.base);
  std::swap(bytes, other.bytes);
  return *this;
}

Reservation::~Reservation() {
  if (base)
    munmap(base, bytes);
}

Result<Reservation> Reservation::create(size_t bytes, bool hugePages, const char *what) {
  Reservation reservation;
  if (bytes == 0)
    return reservation;
  void *address = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED)
    return invalidError("cannot reserve ", formatBytes(bytes), " for ", what, ": ",
                        std::strerror(errno));
  if (hugePages)
    madvise(address, bytes, MADV_HUGEPAGE); // a wish: refusal changes nothing
  reservation.base = static_cast<std::byte *>(address);
  reservation.bytes = bytes;
  return reservation;
}

static size_t roundUp(size_t value, size_t step) { return (value + step - 1) / step * step; }

Result<HeapLayout> layOutHeap(const plan::Plan &plan, uint32_t maxTokens) {
  HeapLayout layout;
  layout.maxTokens = maxTokens;
  for (const plan::Flag &flag : plan.flags) {
    layout.flags.push_back(layout.bytes);
    layout.bytes += plan::cellCount(flag.extents) * sizeof(FlagWord);
  }
  layout.bytes = layout.flagBytes = roundUp(layout.bytes, pageBytes);
  for (const plan::Buffer &buffer : plan.buffers) {
    HeapLayout::Place place;
    place.offset = layout.bytes;
    // 32 bits each: 64 hold the product of two, and a cap is checked before the next.
    place.records = uint64_t(maxTokens) * buffer.recordsPerToken;
    if (place.records > maxHeapBytes / std::max(buffer.bytesPerRecord, 1u))
      return invalidError("buffer ", quote(buffer.name), ": wanted at most ",
                          formatBytes(maxHeapBytes), " a rank, found ", place.records,
                          " records of ", buffer.bytesPerRecord, " bytes");
    place.regionBytes = roundUp(place.records * buffer.bytesPerRecord, lineBytes);
    uint64_t regions = plan::cellCount(buffer.extents);
    if (place.regionBytes && regions > (maxHeapBytes - layout.bytes) / place.regionBytes)
      return invalidError("buffer ", quote(buffer.name), ": wanted at most ",
                          formatBytes(maxHeapBytes), " a rank, found ", regions, " regions of ",
                          formatBytes(place.regionBytes));
    layout.bytes = roundUp(layout.bytes + regions * place.regionBytes, pageBytes);
    layout.buffers.push_back(place);
  }
  return layout;
}

} // namespace moec::rt::cpu
