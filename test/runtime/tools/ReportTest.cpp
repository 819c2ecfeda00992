//===- ReportTest.cpp - What a run tells ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Report.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace moec;
using namespace moec::run;

namespace {
/// Two ranks, four tokens, made-up figures.
struct Sample {
  Sample() {
    report.module = "sample.moex";
    report.manifest = &contents.manifest;
    report.backend = "cpu";
    report.threads = 2;
    report.weightsPlace = "w.safetensors";
    report.tokensPlace = "x.safetensors";
    report.tokens = 4;
    report.tokensPerRank = {2, 2};
    report.weights = 13;
    report.prepareSeconds = 2.5;
    report.loadSeconds = 0.5;
    report.warmupSteps = 1;
    report.stepSeconds = {0.002, 0.001, 0.004};
    report.phases = {{"rt", "route", 0.001}, {"ex", "experts", 0.003}};
    report.dispatchBytes = {64, 128, 64, 0};
    report.combineBytes = {64, 64, 128, 0};
    report.expertTokens = {3, 1, 4, 0};
  }
  std::string print() {
    std::ostringstream out, error;
    printReport(report, {out, error});
    return out.str();
  }
  void addCheck(size_t mismatches) {
    CheckReport check;
    check.comparison.outputError = 3e-6;
    check.comparison.tokens = 4;
    check.comparison.unsureTokens = 1;
    check.comparison.mismatches = mismatches;
    check.comparison.firstToken = 2;
    check.comparison.firstSlot = 1;
    check.wantedExpert = 3;
    check.foundExpert = 0;
    check.tolerance = 1e-5;
    report.check = check;
  }
  ModuleContents contents = test::sampleContents(test::sampleLayer(), 2);
  RunReport report;
};
} // namespace

TEST(Report, tells_the_time_to_make_kernels_ready_apart) {
  Sample sample;
  EXPECT_EQ(sample.print().find("kernels"), std::string::npos) << "cpu has none";
  sample.report.backend = "emulator";
  EXPECT_NE(sample.print().find("loaded in 500 ms\n"
                                "kernels    ready on the emulator backend in 2.50 s\n"),
            std::string::npos)
      << sample.print();
}

TEST(Report, for_a_person) {
  Sample sample;
  sample.addCheck(0);
  EXPECT_EQ(sample.print(), R"(layer      sample: hidden 16, 4 experts of width 8, top 2, f32 tokens
placement  2 ranks, 2 experts a rank, linear
weights    w.safetensors, 13 tensors, loaded in 500 ms
tokens     4, 2 a rank, x.safetensors

tokens per expert   mean 2.0, most 4 (expert 2), 2.00 times the mean; busiest rank 1.00 times its share
      4 ┤             █████
        │▆▆▆▆▆        █████
        │█████        █████
        │█████ ▂▂▂▂▂  █████
      0 ┤█████ █████  █████
         rank 0       rank 1

dispatch traffic   192 B from rank to rank (in brackets: to itself); 192 B come back
           to 0    to 1     sends
from 0      (64)    128██     128 B
from 1       64░░    (0)       64 B
receives     64     128       192 B

time per phase   summed over ranks
  rt  route    1.00 ms  25.0 %  █████████████▎
  ex  experts  3.00 ms  75.0 %  ████████████████████████████████████████

step       2.00 ms, median of 3 (1.00 ms to 4.00 ms) after 1 to warm up: 2000 tokens a second; cpu backend, 2 threads
check      passed: output off by 3.0e-06 of its norm, weights by 0 (at most 1.0e-05); choices equal in the 3 of 4 tokens whose margin exceeds rounding
)");
}

TEST(Report, a_failed_check_says_where) {
  Sample sample;
  sample.addCheck(2);
  EXPECT_NE(sample.print().find(
                "check      FAILED: output off by 3.0e-06 of its norm, weights by 0 (at most "
                "1.0e-05); 2 wrong choices in the 3 of 4 tokens whose margin exceeds rounding, "
                "first token 2 slot 1: wanted 3, found 0\n"),
            std::string::npos)
      << sample.print();
}

TEST(Report, a_check_of_no_tokens_compares_nothing) {
  Sample sample;
  sample.addCheck(0);
  sample.report.check->comparison.tokens = 0;
  EXPECT_NE(sample.print().find("check      nothing was compared: there are no tokens\n"),
            std::string::npos)
      << sample.print();
}

TEST(Report, no_colour_without_a_screen) {
  Sample sample;
  EXPECT_EQ(sample.print().find('\x1b'), std::string::npos);
}

TEST(Report, no_load_without_tokens) {
  Sample sample;
  sample.report.tokens = 0;
  sample.report.tokensPerRank = {0, 0};
  sample.report.expertTokens = {0, 0, 0, 0};
  EXPECT_EQ(sample.print().find("tokens per expert"), std::string::npos) << sample.print();
}

TEST(Report, placements_have_their_name) {
  Sample sample;
  sample.contents.manifest.placement.slots = {{0, 2}, {1, 3}};
  EXPECT_NE(sample.print().find("2 experts a rank, round robin\n"), std::string::npos);
  sample.contents.manifest.placement.slots = {{2, 0, 3}, {1}};
  EXPECT_NE(sample.print().find("1 to 3 experts a rank, as given: rank 0 has 2, 0, 3\n"),
            std::string::npos);
  sample.contents.manifest.placement.slots = {{0, 1}, {1, 2, 3}};
  EXPECT_NE(sample.print().find("1 replica, as given: rank 0 has 0, 1\n"), std::string::npos);
}

TEST(Report, for_a_program) {
  Sample sample;
  sample.addCheck(1);
  std::ostringstream out, error;
  printReportAsJson(sample.report, {out, error});
  nlohmann::json json = nlohmann::json::parse(out.str());
  EXPECT_EQ(json["layer"]["name"], "sample");
  EXPECT_EQ(json["ranks"], 2);
  EXPECT_EQ(json["steps"], 3);
  EXPECT_EQ(json["step_seconds"]["median"], 0.002);
  EXPECT_EQ(json["step_seconds"]["min"], 0.001);
  EXPECT_EQ(json["step_seconds"]["max"], 0.004);
  EXPECT_EQ(json["warmup_steps"], 1);
  EXPECT_EQ(json["dispatch_bytes"], nlohmann::json::parse("[[64,128],[64,0]]"));
  EXPECT_EQ(json["phases"][1]["description"], "experts");
  EXPECT_EQ(json["check"]["passed"], false);
  EXPECT_EQ(json["check"]["first_mismatch"]["wanted"], 3);
  EXPECT_TRUE(json["output"].is_null());
}

TEST(Report, the_median_of_an_even_number) {
  EXPECT_EQ(summarize({4, 1, 3, 2}).median, 2.5);
  EXPECT_EQ(summarize({7}).median, 7);
}
