//===- ReadTrafficTest.cpp - Files and arguments of traffic ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/Traffic.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::traffic;

static Traffic read(const std::string &text) {
  rt::Result<Traffic> traffic = readTraffic(text, "f");
  EXPECT_TRUE(traffic.ok()) << traffic.status().message();
  return traffic.ok() ? *traffic : Traffic();
}

TEST(ReadTraffic, TellsFilesApartByTheirContent) {
  EXPECT_EQ(read("0,1\n2,0\n").kind, TrafficKind::Bytes);
  EXPECT_EQ(read("# bytes\n0 1 2\n3 0 4\n5 6 0\n").bytes.at(1, 2), 4);
  EXPECT_EQ(read("{\"bytes\": [[0, 5], [6, 0]]}").bytes.at(1, 0), 6);
  EXPECT_EQ(read("[3, 4, 5]").kind, TrafficKind::Load);
  EXPECT_EQ(read("{\"logical_count\": [[1, 2], [3, 4]]}").kind, TrafficKind::Load);
  EXPECT_EQ(read("layer,expert,load\n1,2,7\n0,0,1\n").kind, TrafficKind::Load);
  EXPECT_EQ(read("0,7\n1,5\n2,6\n").loads->layers.at(0).windows[0][1], 5);
  EXPECT_EQ(read("rank,layer,slot0,slot1\n0,1,5,6\n").trace[1].experts,
            (std::vector<uint32_t>{5, 6}));
  EXPECT_EQ(read("{\"routing\": [[1, 2], [0, 3]], \"ranks\": [0, 1]}").trace[0].ranks[1], 1u);
  EXPECT_EQ(read("{\"routing\": [[[1], [2]], [[3], [4]]]}").trace[1].experts[1], 4u);
}

TEST(ReadTraffic, NcclTestsMatricesGoOutAndIn) {
  Matrix bytes(2);
  bytes.at(0, 1) = 100;
  bytes.at(1, 0) = 32;
  EXPECT_EQ(ncclTestsText(bytes), "0 112\n32 0\n");
  EXPECT_EQ(csvText(bytes), "0,100\n32,0\n");
  EXPECT_EQ(read(ncclTestsText(bytes)).bytes.at(0, 1), 112);
}

TEST(ReadTraffic, RefusesWhatIsBroken) {
  auto message = [](const std::string &text) { return readTraffic(text, "f").status().message(); };
  EXPECT_EQ(message(""), "f: wanted traffic, found an empty file");
  EXPECT_EQ(message("# only\n"), "f: wanted traffic, found comments alone");
  EXPECT_EQ(message("1,2\n3\n"), "f:2: wanted 2 numbers, as there are lines, found 1");
  EXPECT_EQ(message("1,2,3,4\n"), "f:1: wanted 1 numbers, as there are lines, found 4");
  EXPECT_EQ(message("1,x\n3,4\n"), "f:1: wanted a number, found 'x'");
  EXPECT_EQ(message("1,-2\n3,4\n"), "f:1: wanted a number from 0 to 1e18, found -2");
  EXPECT_EQ(message("1,\n3,4\n"), "f:1: wanted a number, found ''");
  EXPECT_EQ(message("1,nan\n3,4\n"), "f:1: wanted a number from 0 to 1e18, found nan");
  EXPECT_EQ(message("rank,slot0\n"), "f: wanted tokens below the header, found none");
  EXPECT_EQ(message("slot0,slot1\n1.5,2\n"), "f:2: wanted a whole number below 65536, found '1.5'");
  EXPECT_EQ(message("slot0,slot1\n1\n"), "f:2: wanted 2 cells as in the header, found 1");
  EXPECT_EQ(message("slot0,slot1\n1,2\n3,3\n"), "f:3: wanted experts that differ, found 3 twice");
  EXPECT_EQ(message("{\"routing\": [[1, 2], [7, 7]]}"),
            "f: routing[1]: wanted experts that differ, found 7 twice");
  EXPECT_FALSE(readTraffic("a,b\n1,2\n", "f").ok());
  EXPECT_FALSE(readTraffic("[1, \"a\"]", "f").ok());
  EXPECT_EQ(message("{"), "f: wanted JSON, found a text that is none");
  EXPECT_EQ(message("{\"bytes\": [[1, 2]]}"), "f: bytes[0]: wanted 1 numbers, one a rank, found 2");
  EXPECT_EQ(message("{\"routing\": [[1], [1, 2]]}"),
            "f: routing[1]: wanted an array of 1 experts, found 2");
  EXPECT_EQ(message("{\"routing\": [[-1]]}"),
            "f: routing[0]: wanted a whole number below 65536, found -1");
  EXPECT_EQ(message("{\"routing\": [[1]], \"ranks\": [1, 2]}"),
            "f: ranks: wanted an array of 1 ranks, one a token, found 2");
  EXPECT_FALSE(readTraffic(std::string(100000, '['), "f").ok());
}

TEST(ParseTraffic, ReadsLaws) {
  EXPECT_EQ(parseTraffic("uniform")->kind, TrafficKind::Uniform);
  Traffic normal = *parseTraffic("lognormal:0.6:17");
  EXPECT_EQ(normal.parameter, 0.6);
  EXPECT_EQ(normal.seed, 17u);
  EXPECT_EQ(normal.of, SkewOf::Experts);
  EXPECT_EQ(parseTraffic("lognormal:1:2:pairs")->of, SkewOf::Pairs);
  EXPECT_EQ(parseTraffic("zipf:1.2:0")->kind, TrafficKind::Zipf);
}

TEST(ParseTraffic, RefusesOthers) {
  auto message = [](const char *text) { return parseTraffic(text).status().message(); };
  EXPECT_EQ(message("lognormal:0.6"), "traffic: wanted lognormal:SIGMA:SEED[:experts|ranks|pairs] "
                                      "with SIGMA from 0 to 10 and a whole SEED, found "
                                      "'lognormal:0.6'");
  EXPECT_EQ(message("zipf:-1:2"),
            "traffic: wanted zipf:A:SEED with A from 0 to 10 and a whole SEED, found 'zipf:-1:2'");
  EXPECT_EQ(message("zipf:1:2:pairs"), "traffic: wanted zipf:A:SEED with A from 0 to 10 and a "
                                       "whole SEED, found 'zipf:1:2:pairs'");
  EXPECT_TRUE(std::string(message("no-such-file.csv"))
                  .starts_with("traffic: wanted uniform, lognormal:SIGMA:SEED, zipf:A:SEED or a "
                               "file: "));
}
