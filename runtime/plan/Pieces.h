//===- Pieces.h - Even pieces of a set --------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How M(s,b) is cut into the sets P(s,b,k): by its size alone, so that whoever knows that
// knows the pieces.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_PLAN_PIECES_H
#define MOEC_RUNTIME_PLAN_PIECES_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace moec::plan {

/// Positions [begin, end) of piece `piece` of `pieces` in a set of `count` items. Sizes
/// differ by one at most.
struct Run {
  uint64_t begin = 0, end = 0;
  uint64_t size() const { return end - begin; }
};
inline Run evenRun(uint64_t count, uint32_t piece, uint32_t pieces) {
  return {count * piece / pieces, count * (piece + 1) / pieces};
}

/// Positions in `part` of those items that are at `run` of `whole`. Both ascend, and all of
/// `part` is in `whole`.
inline Run partOfRun(const std::vector<uint32_t> &whole, Run run,
                     const std::vector<uint32_t> &part) {
  auto place = [&](uint64_t position) {
    auto at = position == whole.size()
                  ? part.end()
                  : std::lower_bound(part.begin(), part.end(), whole[position]);
    return static_cast<uint64_t>(at - part.begin());
  };
  return {place(run.begin), place(run.end)};
}

} // namespace moec::plan

#endif // MOEC_RUNTIME_PLAN_PIECES_H
