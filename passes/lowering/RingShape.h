//===- RingShape.h - Slots and phases of a folded ring ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A ring of `count` blocks over `slots` slots, run again and again, each time from
// slot 0. Where the slots do not divide the blocks, the first slots are used once
// more a pass than the others: their phases differ, by one bit a class. Knows no
// MLIR.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_RINGSHAPE_H
#define MOEC_PASSES_LOWERING_RINGSHAPE_H

namespace moec::lowering {

struct RingShape {
  unsigned count = 1;
  unsigned slots = 1;

  /// Turns through all slots.
  unsigned rounds() const { return count / slots; }
  /// Blocks that are left after them, in slots 0, 1, ..
  unsigned rest() const { return count % slots; }
  /// The slots of the rest have a phase bit of their own.
  bool isEarly(unsigned slot) const { return slot < rest(); }
  /// Does the parity of a slot of this class change from one pass to the next?
  bool flips(bool early) const { return (rounds() + early) % 2 == 1; }
  /// The slot of the block `lag` blocks before one in `slot`.
  unsigned slotBefore(unsigned slot, unsigned lag) const {
    return (slot + slots - lag % slots) % slots;
  }

  bool operator==(const RingShape &) const = default;
};

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_RINGSHAPE_H
