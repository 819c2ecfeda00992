//===- PtxasLogTest.cpp - What ptxas -v says of a kernel ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/PtxasLog.h"

#include <gtest/gtest.h>

using namespace moec::codegen;

TEST(PtxasLog, ReadsEveryFigure) {
  PtxasReport report = parsePtxasLog(
      "ptxas info    : 0 bytes gmem\n"
      "ptxas info    : Compiling entry function 'k' for 'sm_90a'\n"
      "ptxas info    : Function properties for k\n"
      "    16 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads\n"
      "ptxas info    : Used 168 registers, used 2 barriers, 16 bytes cumulative stack size, "
      "1024 bytes smem, 400 bytes cmem[0]\n");
  EXPECT_EQ(report.registers, 168u);
  EXPECT_EQ(report.barriers, 2u);
  EXPECT_EQ(report.stackBytes, 16u);
  EXPECT_EQ(report.spillStoreBytes, 8u);
  EXPECT_EQ(report.spillLoadBytes, 12u);
  EXPECT_EQ(report.sharedBytes, 1024u);
  EXPECT_TRUE(report.remarks.empty());
}

TEST(PtxasLog, CountsOnceWhatNvJitLinkSaysTwice) {
  PtxasReport report = parsePtxasLog("ptxas info    : Used 102 registers, used 6 barriers\n"
                                     "info    : Function properties for 'dispatch':\n"
                                     "info    : used 102 registers, used 6 barriers, 0 stack, "
                                     "0 bytes smem, 536 bytes cmem[0], 0 bytes lmem\n");
  EXPECT_EQ(report.registers, 102u);
  EXPECT_EQ(report.barriers, 6u);
}

TEST(PtxasLog, KeepsWhatCostsSpeedOrCorrectness) {
  PtxasReport report =
      parsePtxasLog("ptxas info    : (C7517) warpgroup.wait is injected in around line 3\n"
                    "ptxas info    : Used 90 registers\n"
                    "ptxas warning : Registers are spilled to local memory in function 'k'\n"
                    "ptxas info    : (C7602) Potential Performance Loss: no registers");
  ASSERT_EQ(report.remarks.size(), 3u);
  EXPECT_EQ(report.remarks[0],
            "ptxas info    : (C7517) warpgroup.wait is injected in around line 3");
  EXPECT_EQ(report.remarks[2], "ptxas info    : (C7602) Potential Performance Loss: no registers");
}

TEST(PtxasLog, AnEmptyLogIsAnEmptyReport) {
  EXPECT_EQ(parsePtxasLog("").registers, 0u);
  EXPECT_TRUE(parsePtxasLog("").remarks.empty());
}
