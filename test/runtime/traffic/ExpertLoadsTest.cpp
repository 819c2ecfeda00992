//===- ExpertLoadsTest.cpp - Histograms of experts from files -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/traffic/ExpertLoads.h"

#include <gtest/gtest.h>

namespace moec::traffic {
namespace {

using Windows = std::vector<std::vector<double>>;

ExpertLoads parse(std::string_view text) {
  auto loads = parseExpertLoads(text, "h");
  EXPECT_TRUE(loads.ok()) << loads.status().message();
  return loads.ok() ? *loads : ExpertLoads();
}

std::string errorOf(std::string_view text) {
  auto loads = parseExpertLoads(text, "h");
  EXPECT_FALSE(loads.ok()) << text;
  return loads.status().message();
}

Windows ofLayer(std::string_view text, std::optional<uint32_t> layer, uint32_t experts) {
  auto windows = parse(text).of(layer, experts);
  EXPECT_TRUE(windows.ok()) << windows.status().message();
  return windows.ok() ? *windows : Windows();
}

TEST(ExpertLoads, LinesOfExpertAndCount) {
  EXPECT_EQ(ofLayer("0,5\n2,7.5\r\n3,0\n", {}, 4), (Windows{{5, 0, 7.5, 0}}));
  EXPECT_EQ(ofLayer("0,5\n2,7.5\r\n", {}, 0), (Windows{{5, 0, 7.5}})) << "as many as it names";
  EXPECT_EQ(ofLayer("# decode\n\nexpert,count\n1,3\n", 7, 2), (Windows{{0, 3}}))
      << "a file that names no layers is of any";
  EXPECT_EQ(ofLayer("0\t1\n1;2\n", {}, 2), (Windows{{1, 2}}));
}

TEST(ExpertLoads, LinesWithLayersAndWindows) {
  EXPECT_EQ(ofLayer("3,0,5\n4,1,6\n", 4, 2), (Windows{{0, 6}}));
  EXPECT_EQ(ofLayer("count,note,expert,window\n1,x,0,0\n2,y,1,1\n", {}, 2),
            (Windows{{1, 0}, {0, 2}}));
}

TEST(ExpertLoads, NestedLists) {
  EXPECT_EQ(ofLayer("[1, 2, 3]", {}, 3), (Windows{{1, 2, 3}}));
  EXPECT_EQ(ofLayer("[[1, 2], [3, 4]]", 1, 2), (Windows{{3, 4}}));
  EXPECT_EQ(ofLayer(R"({"rank": 0, "logical_count": [[[1, 2]], [[3, 4]]]})", 0, 2),
            (Windows{{1, 2}, {3, 4}}));
}

TEST(ExpertLoads, TheReportOfARun) {
  EXPECT_EQ(ofLayer(R"({"ranks": 2, "expert_tokens": [7, 0, 3]})", {}, 3), (Windows{{7, 0, 3}}));
}

TEST(ExpertLoads, EmptyWindowsAndDenseLayersSayNothing) {
  std::string_view dump = R"({"logical_count": [[[0, 0], [1, 2]], [[0, 0], [0, 0]]]})";
  EXPECT_EQ(ofLayer(dump, 1, 2), (Windows{{1, 2}}));
  EXPECT_EQ(ofLayer(dump, {}, 2), (Windows{{1, 2}})) << "one layer is left";
  EXPECT_EQ(parse(dump).of(0, 2).status().message(), "h: has no layer 0, it holds 1");
}

TEST(ExpertLoads, AsksForTheLayer) {
  EXPECT_EQ(parse("[[1], [2], [3]]").of({}, 1).status().message(),
            "h: holds layers 0..2: which one is meant?");
  EXPECT_EQ(parse("[[1], [2]]").of(5, 1).status().message(), "h: has no layer 5, it holds 0, 1");
  EXPECT_EQ(parse("[1, 2, 3]").of({}, 2).status().message(),
            "h: counts 3 experts, the layer has 2");
}

TEST(ExpertLoads, MissesTheLastExperts) {
  EXPECT_EQ(parse("expert,count\n0,5\n2,7\n").of({}, 4).status().message(),
            "h: wanted counts of the layer's experts 0..3, the last of them too if it is 0, found "
            "0..2");
  EXPECT_EQ(parse("[[1, 2], [3]]").of(1, 2).status().message(),
            "h: wanted counts of the layer's experts 0..1, the last of them too if it is 0, found "
            "0");
}

TEST(ExpertLoads, SaysHowNumbersAloneWereRead) {
  EXPECT_EQ(parse("1,2,3\n4,5,6\n").of({}, 6).status().message(),
            "h: 2 lines of 3 numbers, no square, so no bytes but lines layer,expert,count: holds "
            "layers 1, 4: which one is meant?");
  EXPECT_EQ(parse("layer,expert,count\n1,2,3\n4,5,6\n").of({}, 6).status().message(),
            "h: holds layers 1, 4: which one is meant?");
}

TEST(ExpertLoads, BrokenLinesSayWhere) {
  EXPECT_EQ(errorOf(" \n"), "h: empty, wanted counts of experts");
  EXPECT_EQ(errorOf("0,1\n1,-2\n"), "h:2: wanted a count of 0 or more, found '-2'");
  EXPECT_EQ(errorOf("0,nan\n"), "h:1: wanted a count of 0 or more, found 'nan'");
  EXPECT_EQ(errorOf("0,1\n0,2\n"), "h:2: expert 0 has a count in line 1 already");
  EXPECT_EQ(errorOf("0,1\n1\n"), "h:2: wanted 2 values, found 1");
  EXPECT_EQ(errorOf("1\n"), "h:1: wanted expert,count or layer,expert,count, found 1 value");
  EXPECT_EQ(errorOf("70000,1\n"), "h:1: wanted an expert 0..65535, found '70000'");
  EXPECT_EQ(errorOf("expert,weight\n0,1\n"),
            "h:1: wanted columns 'expert' and 'count', found 'expert,weight\\x0a0,1\\x0a'");
  EXPECT_EQ(errorOf("0,0\n1,0\n"), "h: all counts are 0");
  EXPECT_EQ(errorOf("expert,count\n"), "h: wanted a line expert,count, found none");
}

TEST(ExpertLoads, BrokenJsonSaysWhere) {
  EXPECT_EQ(errorOf("[1, 2").substr(0, 34), "h: not JSON: line 1, column 6: syn");
  EXPECT_EQ(errorOf("[1, -2]"), "h: [1]: wanted a count of 0 or more, found -2");
  EXPECT_EQ(errorOf(R"({"counts": [1]})"),
            "h: wanted a list of counts or an object with \"logical_count\" (SGLang) or "
            "\"expert_tokens\" (moec run --json)");
  EXPECT_EQ(errorOf(R"({"logical_count": [[[1, 2]], [[3]]]})"),
            "h: logical_count[1][0]: wanted 2 counts as before, found 1");
  EXPECT_EQ(errorOf(R"({"logical_count": [[1, "x"]]})"),
            "h: logical_count[0][1]: wanted a count of 0 or more, found \"x\"");
  EXPECT_NE(errorOf(std::string(100000, '[')), "");
  EXPECT_EQ(errorOf("PK\x03\x04zip").substr(0, 30), "h: is a file of torch.save, wa");
}

} // namespace
} // namespace moec::traffic
