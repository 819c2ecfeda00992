//===- Shadow.h - What every record holds -----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_SHADOW_H
#define MOEC_RUNTIME_BACKENDS_CPU_SHADOW_H

#include "runtime/backends/cpu/Clock.h"
#include "runtime/backends/cpu/TaskContext.h"

#include <map>
#include <tuple>

namespace moec::rt::cpu {

/// One record of one rank.
struct CellKey {
  uint32_t rank = 0;
  uint32_t buffer = 0;
  uint64_t region = 0;
  uint64_t record = 0;
  auto operator<=>(const CellKey &) const = default;
};
inline CellKey keyOf(const RegionView &region, uint64_t record) {
  return {region.rank, region.buffer, region.region, record};
}

/// What a record holds, and since which step; step 0: poison.
struct Tag {
  Content content = Content::Any;
  Item item;
  uint64_t step = 0;
};

struct Cell {
  Tag tag;                      ///< of what has landed
  TaskRef writer;               ///< of the last store, landed or not
  std::vector<TaskRef> readers; ///< since then
};

using Shadow = std::map<CellKey, Cell>;

/// "the row of token 3 of rank 1 in step 2"
std::string tagText(const Tag &tag);
/// Is `found` what a task took it for? Content::Any fits every content and slot.
bool describes(const Tag &wanted, const Tag &found);

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_SHADOW_H
