//===- RingShapeTest.cpp - Parities of folded rings -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/RingShape.h"
#include "gtest/gtest.h"
#include <vector>

namespace moec::lowering {
namespace {

/// Two bits and the number of the round give, in every pass over the slots, the parity
/// of as many phases as the slot has been through.
TEST(RingShape, TwoBitsSayEveryParity) {
  for (unsigned slots = 1; slots <= 7; ++slots)
    for (unsigned count = 1; count <= 4 * slots + 3; ++count) {
      RingShape shape{count, slots};
      std::vector<unsigned> uses(slots);
      unsigned bits[2] = {0, 0}; // late, early
      for (unsigned pass = 0; pass < 5; ++pass) {
        for (unsigned block = 0; block < count; ++block) {
          unsigned slot = block % slots, round = block / slots;
          EXPECT_EQ((bits[shape.isEarly(slot)] + round) % 2, uses[slot]++ % 2)
              << count << " blocks, " << slots << " slots, pass " << pass << ", block " << block;
        }
        for (bool early : {false, true})
          bits[early] ^= shape.flips(early);
      }
    }
}

TEST(RingShape, SlotBeforeIsTheSlotOfTheEarlierBlock) {
  for (unsigned slots = 1; slots <= 6; ++slots) {
    RingShape shape{20, slots};
    for (unsigned block = 0; block < 20; ++block)
      for (unsigned lag = 0; lag <= block; ++lag)
        EXPECT_EQ(shape.slotBefore(block % slots, lag), (block - lag) % slots);
  }
}

TEST(RingShape, RoundsAndRestMakeTheCount) {
  RingShape shape{113, 4};
  EXPECT_EQ(shape.rounds(), 28u);
  EXPECT_EQ(shape.rest(), 1u);
  EXPECT_TRUE(shape.isEarly(0));
  EXPECT_FALSE(shape.isEarly(1));
  EXPECT_TRUE(shape.flips(true));
  EXPECT_FALSE(shape.flips(false));
}

} // namespace
} // namespace moec::lowering
