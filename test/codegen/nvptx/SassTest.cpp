//===- SassTest.cpp - What the loops of a kernel spend instructions on ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs/ring.sass: a prologue, a load loop, and a math loop of two blocks in a
// loop over tiles, with the loops that wait again behind the end.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/sass/Mix.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace moec;
using namespace moec::codegen;
using K = SassKind;

static std::string listing() {
  std::ifstream in(MOEC_TEST_DIR "/codegen/nvptx/Inputs/ring.sass");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

static SassMix ring() {
  std::string text = listing();
  auto mixes = sassMix(text);
  EXPECT_TRUE(mixes.ok()) << mixes.status().message();
  EXPECT_EQ(mixes->size(), 1u);
  return mixes->at(0);
}

TEST(Sass, ReadsInstructionsAndFlow) {
  std::string text = listing();
  auto kernels = sass::parse(text);
  ASSERT_TRUE(kernels.ok()) << kernels.status().message();
  ASSERT_EQ(kernels->size(), 1u);
  const sass::Kernel &kernel = kernels->at(0);
  EXPECT_EQ(kernel.name, "ring");
  ASSERT_EQ(kernel.instructions.size(), 46u);
  const sass::Instruction &arrive = kernel.instructions[0x18];
  EXPECT_EQ(arrive.address, 0x180u);
  EXPECT_EQ(arrive.guard, "!P3");
  EXPECT_EQ(arrive.opcode, "SYNCS.ARRIVE.TRANS64.A1T0");
  EXPECT_EQ(arrive.mnemonic(), "SYNCS");
  EXPECT_EQ(arrive.operands, "RZ, [UR4], RZ");
  EXPECT_FALSE(kernel.flow->reachable(kernel.flow->size() - 1)) << "padding";
  EXPECT_EQ(kernel.flow->loops().size(), 6u) << "load, math, tile, and three that wait again";
}

TEST(Sass, CountsTheFastWay) {
  SassMix mix = ring();
  EXPECT_EQ(mix.codeBytes, 46u * 16);
  EXPECT_EQ(mix.counts[K::LocalStore], 1u);
  EXPECT_EQ(mix.counts[K::LocalLoad], 0u);
  ASSERT_EQ(mix.loops.size(), 3u);

  const SassLoop *load = mix.find(SassLoopRole::Load);
  ASSERT_TRUE(load);
  EXPECT_EQ(load->address, 0x60u);
  EXPECT_EQ(load->blocks, 1u);
  EXPECT_EQ(load->counts.total(), 7u); // not the three of the loop that waits again
  EXPECT_DOUBLE_EQ(load->perBlock(), 7.0);

  const SassLoop *math = mix.find(SassLoopRole::Math);
  ASSERT_TRUE(math);
  EXPECT_EQ(math->address, 0xf0u);
  EXPECT_EQ(math->mma, "64x256x16");
  EXPECT_EQ(math->blocks, 2u);
  EXPECT_EQ(math->counts[K::Mma], 3u);
  EXPECT_EQ(math->counts[K::Nop], 1u);
  EXPECT_EQ(math->counts[K::Move], 1u) << "IMAD.MOV moves";
  EXPECT_EQ(math->counts[K::GroupFence], 1u);
  EXPECT_EQ(math->counts[K::GroupWait], 1u);
  EXPECT_EQ(math->counts[K::Arrive], 1u);
  EXPECT_EQ(math->counts[K::TryWait], 2u);
  EXPECT_DOUBLE_EQ(math->perBlock(), (13 - 3) / 2.0);
}

TEST(Sass, CountsATileOutsideTheRing) {
  SassMix mix = ring();
  const SassLoop *tile = mix.find(SassLoopRole::Tile);
  ASSERT_TRUE(tile);
  EXPECT_EQ(tile->around, SassLoopRole::Math);
  EXPECT_EQ(tile->counts[K::Mma], 1u) << "of a peeled block";
  EXPECT_EQ(mix.perTile(), std::vector<unsigned>{4}); // IADD3, F2FP, STL, BRA
}

TEST(Sass, DescribesInLines) {
  std::string text = describe(ring());
  EXPECT_NE(text.find("ring: 44 instructions, 736 bytes: "), std::string::npos) << text;
  EXPECT_NE(text.find("\n  math at 0xf0: 5.0 a block, 2 blocks a round, 3 mma 64x256x16: mma 3, "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\n  tile around math at 0xe0: 4.0 a tile: "), std::string::npos) << text;
}

TEST(Sass, TakesTextThatEndsAnywhere) {
  std::string whole = listing();
  for (size_t size = 0; size < whole.size(); ++size) {
    std::string text = whole.substr(0, size);
    (void)sassMix(text);
  }
}

TEST(Sass, RefusesWhatIsNoListing) {
  auto kernels = sass::parse(".text.k:\n        /*00x0*/   EXIT ;\n");
  ASSERT_FALSE(kernels.ok());
  EXPECT_EQ(kernels.status().message(),
            "line 2 of the listing: wanted an instruction, found '/*00x0*/   EXIT ;'");
  EXPECT_TRUE(sass::parse("")->empty());
  EXPECT_TRUE(sassMix(".text.k:\n")->empty());
}
