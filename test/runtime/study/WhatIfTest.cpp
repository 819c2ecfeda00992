//===- WhatIfTest.cpp - One layer on several machines ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/WhatIf.h"

#include <cmath>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace moec::study;

/// Lines that were wrapped are one again.
static std::string unwrapped(std::string text) {
  for (const char *wrap : {"\n    ", "\n  "})
    for (size_t at = text.find(wrap); at != std::string::npos; at = text.find(wrap))
      text.replace(at, std::string(wrap).size(), wrap[3] ? " " : "\n");
  return text;
}

static MachineStep cannot(const char *why) {
  MachineStep made;
  made.why = why;
  return made;
}

static MachineStep step(double dispatch, double combine, double compute, double links) {
  MachineStep made;
  made.schedule = "algorithm staggered";
  made.parts = {dispatch + combine + compute, dispatch + combine, dispatch, combine, compute};
  made.linksAloneSeconds = links;
  return made;
}

/// Rails, and a rack that is 8 times as fast in links and twice in GPUs.
static WhatIf railsAndRack() {
  WhatIf study;
  study.layer = "v3";
  study.ranks = 64;
  study.sites = {{"rails", 8, 8, {}}, {"rack", 1, 72, {"nvlink latency 2 us: as another's"}}};
  study.cases.push_back(
      {"uniform", 32, {step(60e-6, 20e-6, 20e-6, 100e-6), step(7.5e-6, 2.5e-6, 10e-6, 30e-6)}});
  return study;
}

TEST(WhatIf, gains_are_over_the_base) {
  const WhatIf study = railsAndRack();
  const std::vector<MachineStep> &steps = study.cases[0].steps;
  Gain none = gainOf(steps[0], steps[0], 0);
  EXPECT_DOUBLE_EQ(none.communication, 1);
  EXPECT_DOUBLE_EQ(none.formula, 1);
  EXPECT_DOUBLE_EQ(none.machine, 1);
  Gain gain = gainOf(steps[1], steps[0], 0);
  EXPECT_DOUBLE_EQ(gain.communication, 8);
  EXPECT_DOUBLE_EQ(gain.formula, 1 / (0.2 + 0.8 / 8)); // a serial plan: the formula is exact
  EXPECT_DOUBLE_EQ(gain.linksAlone, gain.formula);
  EXPECT_DOUBLE_EQ(gain.machine, 5);
  EXPECT_DOUBLE_EQ(gain.exposed.serial, 0.5);
  // 100 us of attention leave less of it.
  gain = gainOf(steps[1], steps[0], 100e-6);
  EXPECT_DOUBLE_EQ(gain.formula, 1 / (0.6 + 0.4 / 8));
  EXPECT_DOUBLE_EQ(gain.machine, 200.0 / 120);
}

TEST(WhatIf, without_communication_there_is_no_ratio) {
  MachineStep alone = step(0, 0, 1e-5, 1e-5);
  EXPECT_EQ(gainOf(alone, alone, 0).communication, 1);
  Gain gain = gainOf(alone, step(1e-5, 0, 1e-5, 2e-5), 0);
  EXPECT_TRUE(std::isinf(gain.communication));
  EXPECT_DOUBLE_EQ(gain.formula, 2);
}

TEST(WhatIf, text_fits_100_columns_and_names_assumptions) {
  WhatIf study = railsAndRack();
  study.cases[0].steps.push_back(cannot("wanted at most 8 ranks, found 64"));
  study.sites.push_back({"box", 0, 8, {}});
  std::string text = whatIfText(study);
  EXPECT_EQ(text.substr(0, text.find("\n\n")),
            "v3 on 64 ranks of each machine: rails (8 nodes), rack (64 of the 72 GPUs of a node), "
            "box (does not\n  fit); factors are over rails");
  std::string whole = "\n" + unwrapped(text);
  for (const char *line :
       {"32 tokens a rank, uniform",
        "rails: algorithm staggered; links are waited for 80 % of a step (75 % if all were "
        "overlapped); no links make it 10x, at most 5.00x",
        "rack: algorithm staggered; communication 8.00x as fast gives 3.33x by the formula, 3.33x "
        "with the GPUs of rails, 5.00x with its own",
        "box: wanted at most 8 ranks, found 64", "rack: nvlink latency 2 us: as another's"})
    EXPECT_NE(whole.find(std::string("\n") + line + "\n"), std::string::npos) << line << whole;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 100u) << line;
}

TEST(WhatIf, nearly_all_of_a_step_makes_ten_times_possible) {
  WhatIf study = railsAndRack();
  study.cases[0].steps[0] = step(90e-6, 8e-6, 2e-6, 100e-6);
  EXPECT_NE(unwrapped(whatIfText(study)).find("10x wants links 12.2 times as fast"),
            std::string::npos)
      << whatIfText(study);
}

TEST(WhatIf, json_has_a_row_for_each_machine_and_case) {
  WhatIf study = railsAndRack();
  study.cases.push_back({"trace.csv", std::nullopt, {cannot("no"), study.cases[0].steps[1]}});
  study.restSeconds = 1e-4;
  nlohmann::json json = nlohmann::json::parse(whatIfJson(study));
  EXPECT_EQ(json["base"], "rails");
  EXPECT_EQ(json["ranks"], 64);
  ASSERT_EQ(json["rows"].size(), 4u);
  const nlohmann::json &rack = json["rows"][1];
  EXPECT_EQ(rack["machine"], "rack");
  EXPECT_EQ(rack["tokens"], 32);
  EXPECT_EQ(rack["why"], nullptr);
  EXPECT_DOUBLE_EQ(rack["seconds"], 120e-6);
  EXPECT_DOUBLE_EQ(rack["communication_factor"], 8);
  EXPECT_DOUBLE_EQ(rack["exposed"]["serial"], 10.0 / 120);
  EXPECT_EQ(json["rows"][2]["why"], "no");
  EXPECT_EQ(json["rows"][2]["tokens"], nullptr);
  EXPECT_FALSE(json["rows"][3].contains("machine_factor")); // there is no base
  EXPECT_EQ(json["assumptions"].back()["machine"], "rack");
}
