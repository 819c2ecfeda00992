//===- Overlap.cpp - Whether sets in a region share records ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/scheduling/Overlap.h"

namespace moec::scheduling {

using plan::ConcreteItems, plan::ItemSetKind;

static bool isEvenPiece(ItemSetKind kind) {
  return kind == ItemSetKind::P || kind == ItemSetKind::Q;
}

/// Pieces of one set, or of one and of what is in it: the frame is where both lie.
static bool areApart(const Placed &a, const Placed &b, bool byLanes) {
  if (!a.frame || a.frame != b.frame)
    return false;
  if (a.items.kind == ItemSetKind::S && b.items.kind == ItemSetKind::S)
    return a.items != b.items;
  auto isPiece = [&](ItemSetKind kind) {
    return isEvenPiece(kind) || (byLanes && kind == ItemSetKind::S);
  };
  return isPiece(a.items.kind) && isPiece(b.items.kind) && a.items.stage != b.items.stage;
}

bool overlaps(plan::BufferLayout layout, const Placed &a, const Placed &b, bool byLanes) {
  const ConcreteItems &one = a.items, &other = b.items;
  switch (layout) {
  case plan::BufferLayout::Seq: // both begin at record 0, but for pieces
    return !areApart(a, b, byLanes);
  case plan::BufferLayout::Slot: // the rows of one source are apart for each expert rank
    return !(one.kind == ItemSetKind::Y && other.kind == ItemSetKind::Y &&
             one.first == other.first && one.second != other.second);
  }
  return true;
}

} // namespace moec::scheduling
