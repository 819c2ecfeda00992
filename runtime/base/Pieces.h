//===- Pieces.h - Pieces of a set -------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sets of items are sent in pieces, each a run of the items in their order. An even piece
// follows from the size of the set alone: whoever knows that knows the pieces.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BASE_PIECES_H
#define MOEC_RUNTIME_BASE_PIECES_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace moec {

/// Positions in a set, [begin, end).
struct Piece {
  uint64_t begin = 0, end = 0;
  uint64_t size() const { return end - begin; }
  bool operator==(const Piece &) const = default;
};

/// Piece `piece` of `pieces` of a set of `count` items. Sizes differ by one at most.
inline Piece evenPiece(uint64_t count, uint32_t piece, uint32_t pieces) {
  return {count * piece / pieces, count * (piece + 1) / pieces};
}

/// Positions in `part` of those items that are in `piece` of `whole`. Both ascend, and all
/// of `part` is in `whole`.
inline Piece partOfPiece(const std::vector<uint32_t> &whole, Piece piece,
                         const std::vector<uint32_t> &part) {
  auto place = [&](uint64_t position) {
    auto at = position == whole.size()
                  ? part.end()
                  : std::lower_bound(part.begin(), part.end(), whole[position]);
    return static_cast<uint64_t>(at - part.begin());
  };
  return {place(piece.begin), place(piece.end)};
}

} // namespace moec

#endif // MOEC_RUNTIME_BASE_PIECES_H
