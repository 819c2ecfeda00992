//===- ChartsTest.cpp - What is drawn -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Charts.h"
#include "runtime/tools/Format.h"

#include <gtest/gtest.h>
#include <sstream>

using namespace moec::run;

static size_t widest(const std::string &text) {
  std::istringstream lines(text);
  size_t width = 0;
  for (std::string line; std::getline(lines, line);)
    width = std::max(width, columnsOf(line));
  return width;
}

static size_t countLines(const std::string &text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Charts, columns_in_groups) {
  EXPECT_EQ(drawColumns({{"rank 0", {8, 1}}, {"rank 1", {4, 0}}}, 2),
            "      8 ┤█████\n"
            "      0 ┤█████ ▂▂▂▂▂  █████\n"
            "         rank 0       rank 1\n");
}

TEST(Charts, something_is_never_drawn_as_nothing) {
  EXPECT_EQ(drawColumns({{"", {1000, 1, 0}}}, 1), "   1000 ┤█████ ▁▁▁▁▁\n");
}

TEST(Charts, many_columns_share) {
  std::vector<ColumnGroup> groups(64);
  for (ColumnGroup &group : groups)
    group.values = {1, 2, 3, 4};
  groups.front().label = "rank 0";
  groups.back().label = "rank 63";
  EXPECT_LE(widest(drawColumns(groups, 3)), 100u);
  EXPECT_NE(drawColumns(groups, 3).find("\n         rank 0 to rank 63\n"), std::string::npos);
  std::vector<ColumnGroup> one = {{"all", std::vector<double>(256, 1)}};
  one[0].values[77] = 9;
  std::string drawn = drawColumns(one, 2);
  EXPECT_LE(widest(drawn), 100u);
  EXPECT_NE(drawn.find("9 ┤"), std::string::npos); // the largest still shows
}

TEST(Charts, no_columns_at_all) { EXPECT_EQ(drawColumns({}, 3), ""); }

TEST(Charts, bars_end_in_eighths) {
  EXPECT_EQ(drawBars({{"a", 4, "4 s"}, {"long", 1, "1 s"}, {"no", 0, "0 s"}}, 2),
            "  a     4 s  ██\n"
            "  long  1 s  ▌\n"
            "  no    0 s\n");
}

TEST(HeatMap, numbers_shades_and_totals) {
  // Rank 0 keeps 5, sends 100 and 0; rank 1 sends 40 and 60; rank 2 nothing.
  EXPECT_EQ(drawHeatMap({5, 100, 0, 40, 6, 60, 0, 0, 7}, 3, false),
            "           to 0    to 1    to 2     sends\n"
            "from 0       (5)    100██     0       100 B\n"
            "from 1       40▒▒    (6)     60▓▓     100 B\n"
            "from 2        0       0      (7)        0 B\n"
            "receives     40     100      60       200 B\n");
}

TEST(HeatMap, equal_traffic_has_one_shade) {
  EXPECT_EQ(drawHeatMap({0, 9, 9, 0}, 2, false), "           to 0    to 1     sends\n"
                                                 "from 0       (0)      9██       9 B\n"
                                                 "from 1        9██    (0)        9 B\n"
                                                 "receives      9       9        18 B\n");
}

TEST(HeatMap, colour_takes_the_place_of_shades) {
  std::string drawn = drawHeatMap({0, 9, 3, 0}, 2, true);
  EXPECT_NE(drawn.find("\x1b[48;5;220;30m     9  \x1b[0m"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("\x1b[48;5;18;97m     3  \x1b[0m"), std::string::npos) << drawn;
  EXPECT_EQ(drawn.find("█"), std::string::npos);
}

TEST(HeatMap, many_ranks_fit_on_a_screen) {
  for (size_t ranks : {11u, 32u, 33u, 64u, 100u, 1024u}) {
    std::vector<uint64_t> bytes(ranks * ranks);
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = i % 7 * 1000000;
    std::string drawn = drawHeatMap(bytes, ranks, false);
    EXPECT_LE(widest(drawn), 100u) << ranks;
    EXPECT_LE(countLines(drawn), 36u) << ranks;
    EXPECT_TRUE(drawn.starts_with("to           0 ")) << drawn;
    EXPECT_NE(drawn.find("\nreceives "), std::string::npos) << drawn;
    EXPECT_NE(drawn.find("\nfrom, to     ░░ "), std::string::npos) << drawn;
  }
}

TEST(HeatMap, units_keep_numbers_short) {
  EXPECT_EQ(drawHeatMap({0, 9u << 20, 3u << 20, 0}, 2, false),
            "           to 0    to 1     sends\n"
            "from 0       (0)   9216██    9216 KiB\n"
            "from 1     3072░░    (0)     3072 KiB\n"
            "receives   3072    9216     12288 KiB\n");
  EXPECT_NE(drawHeatMap({0, 10u << 20, 3u << 20, 0}, 2, false).find(" 10.0██"), std::string::npos);
}
