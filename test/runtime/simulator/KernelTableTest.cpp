//===- KernelTableTest.cpp - Kernel times that were measured --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/KernelTable.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::simulator;
using plan::TaskKind;

namespace {

TEST(KernelTable, TimesAreLinearBetweenLines) {
  auto table = KernelTable::parse("task,rows,seconds\n# an H200\nexperts,100,1e-3\n"
                                  "experts, 300, 2e-3\r\n\nroute,1,5e-6\n",
                                  "t.csv");
  ASSERT_TRUE(table) << table.status().message();
  EXPECT_EQ(table->seconds(TaskKind::Experts, 0), 0);
  EXPECT_DOUBLE_EQ(table->seconds(TaskKind::Experts, 1), 1e-3);
  EXPECT_DOUBLE_EQ(table->seconds(TaskKind::Experts, 100), 1e-3);
  EXPECT_DOUBLE_EQ(table->seconds(TaskKind::Experts, 150), 1.25e-3);
  EXPECT_DOUBLE_EQ(table->seconds(TaskKind::Experts, 300), 2e-3);
  EXPECT_DOUBLE_EQ(table->seconds(TaskKind::Experts, 600), 4e-3);
  EXPECT_DOUBLE_EQ(table->seconds(TaskKind::Route, 3), 15e-6);
  EXPECT_FALSE(table->knows(TaskKind::Shared));
}

TEST(KernelTable, WhatItDoesNotKnowIsTheModels) {
  class OneSecond : public KernelTimes {
    double seconds(const KernelWork &) const override { return 1; }
  } model;
  auto table = KernelTable::parse("experts,10,3", "t.csv");
  ASSERT_TRUE(table);
  MeasuredTimes times(std::move(*table), model);
  EXPECT_EQ(times.seconds({.task = TaskKind::Route, .itemsRead = 10}), 1);
  // Rows of experts are those that they compute, not the tokens that they get.
  EXPECT_EQ(times.seconds({.task = TaskKind::Experts, .itemsRead = 10, .itemsWritten = 20}), 6);
}

TEST(KernelTable, ErrorsSayTheLine) {
  auto errorOf = [](const char *text) {
    auto table = KernelTable::parse(text, "t.csv");
    return table ? "" : table.status().message();
  };
  EXPECT_EQ(errorOf(""), "t.csv: wanted lines task,rows,seconds, found none");
  EXPECT_EQ(errorOf("experts,1,1\nexpert,2,2"),
            "t.csv:2: wanted a task of a plan and a comma, found 'expert,2,2'");
  const char *wanted =
      "t.csv:1: wanted a task, more than 0 rows and not less than 0 seconds, found ";
  for (const char *line : {"experts,0,1", "experts,1,-1", "experts,1", "experts,1,1,1",
                           "experts,x,1", "experts,1,nan", "experts,1,inf", "experts,1e999,1"})
    EXPECT_EQ(errorOf(line), wanted + ("'" + std::string(line) + "'"));
  EXPECT_EQ(errorOf("experts,2,1\nexperts,2,1"),
            "t.csv:2: wanted more rows than in the line of the task before, found 'experts,2,1'");
}

} // namespace
