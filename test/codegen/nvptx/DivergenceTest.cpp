//===- DivergenceTest.cpp - What differs between the lanes of a warp ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each case computes a predicate, branches on it, and asks whether what is behind
// the branch is reached by a whole warp.
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Divergence.h"

#include <gtest/gtest.h>

using namespace moec::codegen;

/// Whether the branch on %p1 parts the lanes of a warp.
static bool parts(const std::string &computation, const std::string &shape = ".reqntid 384") {
  std::string text = ".visible .entry k()\n" + shape +
                     "\n{\n.reg .pred %p<9>;\n.reg .b32 %r<9>;\n.reg .b64 %rd<9>;\n"
                     "mov.u32 %r1, %tid.x;\n" +
                     computation + "\n@%p1 bra SKIP;\nbar.sync 0;\nSKIP: ret;\n}\n";
  auto file = ptx::parse(text);
  EXPECT_TRUE(file.ok()) << file.status().message();
  const ptx::Kernel &kernel = file->kernels[0];
  Divergence divergence(kernel);
  for (unsigned i = 0; i < kernel.instructions.size(); ++i)
    if (kernel.instructions[i].is("bar"))
      return divergence.splitBefore(kernel.blockOf(i)).has_value();
  ADD_FAILURE() << "no barrier";
  return false;
}

TEST(Divergence, ThreadNumbersDiffer) {
  EXPECT_TRUE(parts("setp.eq.b32 %p1, %r1, 0;"));
  EXPECT_TRUE(parts("and.b32 %r2, %r1, 31; setp.eq.b32 %p1, %r2, 0;"));
  EXPECT_TRUE(parts("shr.u32 %r2, %r1, 4; setp.eq.b32 %p1, %r2, 0;"));
  EXPECT_TRUE(parts("setp.lt.u32 %p1, %r1, 33;"));
  EXPECT_TRUE(parts("mov.u32 %r2, %laneid; setp.eq.b32 %p1, %r2, 0;"));
}

TEST(Divergence, WarpNumbersDoNot) {
  EXPECT_FALSE(parts("shr.u32 %r2, %r1, 5; setp.eq.b32 %p1, %r2, 0;"));
  EXPECT_FALSE(parts("and.b32 %r2, %r1, 992; setp.eq.b32 %p1, %r2, 0;"));
  EXPECT_FALSE(parts("setp.lt.u32 %p1, %r1, 128;"));
  EXPECT_FALSE(parts("setp.gt.u32 %p1, %r1, 31;"));
  EXPECT_TRUE(parts("shr.u32 %r2, %r1, 5; setp.eq.b32 %p1, %r2, 0;", ".reqntid 8, 8"))
      << "a warp is more than one row";
}

TEST(Divergence, ExchangesMakeUniform) {
  EXPECT_FALSE(parts("shfl.sync.idx.b32 %r2, %r1, 0, 31, -1; setp.eq.b32 %p1, %r2, 0;"));
  EXPECT_TRUE(parts("shfl.sync.bfly.b32 %r2, %r1, 1, 31, -1; setp.eq.b32 %p1, %r2, 0;"));
  EXPECT_FALSE(parts("setp.eq.b32 %p2, %r1, 0; vote.sync.any.pred %p1, %p2, -1;"));
  EXPECT_FALSE(parts("redux.sync.add.s32 %r2, %r1, -1; setp.eq.b32 %p1, %r2, 0;"));
}

TEST(Divergence, ElectionsAndAtomicsDiffer) {
  EXPECT_TRUE(parts("elect.sync %r2|%p1, -1;"));
  EXPECT_FALSE(parts("elect.sync %r2|%p2, -1; setp.eq.b32 %p1, %r2, 0;")) << "who, all know";
  EXPECT_TRUE(parts("atom.acq_rel.gpu.global.add.u32 %r2, [%rd1], 1; setp.eq.b32 %p1, %r2, 0;"));
  EXPECT_TRUE(parts("ld.acquire.gpu.global.b32 %r2, [%rd1]; setp.eq.b32 %p1, %r2, 0;"));
  EXPECT_FALSE(parts("ld.global.b32 %r2, [%rd1]; setp.eq.b32 %p1, %r2, 0;"));
}

TEST(Divergence, ChoicesCarryIt) {
  const char *merge = "setp.eq.b32 %p2, %r1, 0; mov.b32 %r3, 0; @%p2 bra ONE; mov.b32 %r3, 1; "
                      "ONE: setp.eq.b32 %p1, %r3, 0;";
  EXPECT_TRUE(parts(merge)) << "one of two values, by thread";
  EXPECT_TRUE(parts("setp.eq.b32 %p2, %r1, 0; selp.b32 %r3, 1, 0, %p2; setp.eq.b32 %p1, %r3, 0;"));
  EXPECT_FALSE(parts("setp.eq.b32 %p2, %r1, 0; @%p2 bra ONE; mov.b32 %r4, 1; "
                     "ONE: setp.eq.b32 %p1, %r5, 0;"))
      << "together again behind the branch";
}

TEST(Divergence, SpinLoopsAreLeftTogether) {
  EXPECT_FALSE(parts("{ .reg .pred P; W: mbarrier.try_wait.shared.b64 P, [%rd1], 0; @P bra D; "
                     "bra W; D: } setp.eq.b32 %p1, %r5, 0;"));
}
