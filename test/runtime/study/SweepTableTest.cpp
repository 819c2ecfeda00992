//===- SweepTableTest.cpp - Rows of a sweep as text -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/SweepTable.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace moec::study;

static std::vector<SweepRow> twoRows() {
  SweepRow good;
  good.machine = "box";
  good.ranks = 8;
  good.nodes = 1;
  good.traffic = "uniform";
  good.tokens = 128;
  good.times = {2e-3, 1e-3, 5e-4, 4e-4};
  good.boundSeconds = 1e-3;
  good.boundBy = "gpu 0 nvlink out";
  good.alone = PhaseTimes{9e-4, 5e-4};
  good.aloneBound = {8e-4, 4e-4};
  good.allTokens = 1024;
  SweepRow bad;
  bad.machine = "box";
  bad.ranks = 9;
  bad.schedule = {"two_tier; window 0", "partial"};
  bad.traffic = "a,b.csv";
  bad.why = "a \"b\" | c";
  return {good, bad};
}

TEST(SweepTable, choices_are_statements_of_a_schedule) {
  EXPECT_EQ(ScheduleChoice().statements(), "");
  EXPECT_EQ((ScheduleChoice{"two_tier; window 0", "partial"}).statements(),
            "algorithm two_tier; window 0; combine partial");
}

TEST(SweepTable, names_of_formats) {
  EXPECT_EQ(tableFormatFromName("md"), TableFormat::Markdown);
  EXPECT_EQ(tableFormatFromName("csv"), TableFormat::Csv);
  EXPECT_EQ(tableFormatFromName("jsonl"), TableFormat::JsonLines);
  EXPECT_FALSE(tableFormatFromName("xml"));
}

TEST(SweepTable, csv_has_every_column_and_quotes) {
  EXPECT_EQ(tableText(twoRows(), TableFormat::Csv),
            "machine,ranks,nodes,algorithm,combine,traffic,tokens,seconds,bound_seconds,"
            "ratio,bound_by,dispatch_seconds,experts_seconds,combine_seconds,tokens_per_second,"
            "why,dispatch_alone_seconds,dispatch_bound_seconds,combine_alone_seconds,"
            "combine_bound_seconds\n"
            "box,8,1,,,uniform,128,0.002,0.001,2,gpu 0 nvlink out,0.001,0.0005,0.0004,512000,,"
            "0.0009,0.0008,0.0005,0.0004\n"
            "box,9,,two_tier; window 0,partial,\"a,b.csv\",,,,,,,,,,\"a \"\"b\"\" | c\",,,,\n");
  std::vector<SweepRow> without = twoRows();
  without[0].alone.reset();
  EXPECT_EQ(tableText(without, TableFormat::Csv).find("alone"), std::string::npos);
}

TEST(SweepTable, json_lines_have_all_keys_and_null_for_none) {
  std::istringstream lines(tableText(twoRows(), TableFormat::JsonLines));
  std::string line;
  std::vector<nlohmann::json> rows;
  while (std::getline(lines, line))
    rows.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["ratio"], 2.0);
  EXPECT_EQ(rows[0]["tokens_per_second"], 512000.0);
  EXPECT_EQ(rows[0]["dispatch_bound_seconds"], 8e-4);
  EXPECT_EQ(rows[0]["combine_bound_seconds"], 4e-4);
  EXPECT_EQ(rows[0]["algorithm"], nullptr);
  EXPECT_EQ(rows[0]["why"], nullptr);
  EXPECT_EQ(rows[1]["nodes"], nullptr);
  EXPECT_EQ(rows[1]["algorithm"], "two_tier; window 0");
  EXPECT_EQ(rows[1]["seconds"], nullptr);
  EXPECT_EQ(rows[1]["tokens"], nullptr);
  EXPECT_EQ(rows[1]["why"], "a \"b\" | c");
  // Of those rows alone for which phases were asked for, and could be.
  EXPECT_EQ(rows[0]["dispatch_alone_seconds"], 9e-4);
  EXPECT_EQ(rows[0].size(), rows[1].size() + 4);
}

TEST(SweepTable, markdown_leaves_out_what_nobody_asked_for) {
  std::vector<SweepRow> rows = twoRows();
  std::string both = tableText(rows, TableFormat::Markdown);
  EXPECT_NE(both.find("| algorithm "), std::string::npos);
  EXPECT_NE(both.find("| source "), std::string::npos);
  EXPECT_NE(both.find("a \"b\" \\| c"), std::string::npos);
  EXPECT_NE(both.find("| dispatch ratio | combine ratio |"), std::string::npos);
  EXPECT_NE(both.find("|          1.125 |         1.250 |"), std::string::npos);
  rows[0].alone.reset();
  std::string one = tableText(std::span(rows).first(1), TableFormat::Markdown);
  EXPECT_EQ(one,
            "| machine | ranks | nodes | traffic | tokens |     us | bound us | ratio | bound by"
            "         | dispatch us | experts us | combine us | tokens/s |\n"
            "| :------ | ----: | ----: | :------ | -----: | -----: | -------: | ----: | "
            ":--------------- | ----------: | ---------: | ---------: | -------: |\n"
            "| box     |     8 |     1 | uniform |    128 | 2000.0 |   1000.0 |  2.00 | gpu 0 "
            "nvlink out |      1000.0 |      500.0 |      400.0 | 5.12e+05 |\n");
}

TEST(SweepTable, no_rows_are_a_head_alone) {
  EXPECT_EQ(tableText({}, TableFormat::JsonLines), "");
  EXPECT_EQ(tableText({}, TableFormat::Markdown).substr(0, 9), "| machine");
}
