//===- Report.h - What a run tells -----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_REPORT_H
#define MOEC_RUNTIME_TOOLS_REPORT_H

#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"
#include "runtime/tools/Check.h"

#include <optional>
#include <string>
#include <vector>

namespace moec::run {

struct Phase {
  std::string name;        ///< the plan's op
  std::string description; ///< "put recv", "experts"
  double seconds = 0;      ///< mean over the timed steps, summed over ranks
};

struct RunReport {
  std::string module;
  const Manifest *manifest = nullptr;
  std::string backend;
  uint32_t threads = 0;
  std::string weightsPlace, tokensPlace, output; ///< output: empty where none was written
  std::vector<int64_t> tokensPerRank;
  uint64_t tokens = 0;
  uint64_t weights = 0;      ///< tensors
  double prepareSeconds = 0; ///< of the session, without weights: buffers, code of kernels
  double loadSeconds = 0;    ///< of the weights
  uint32_t warmupSteps = 0;
  std::vector<double> stepSeconds; ///< of each timed step
  std::vector<Phase> phases;
  std::vector<uint64_t> dispatchBytes, combineBytes; ///< [ranks, ranks], last step
  std::vector<uint64_t> expertTokens;                ///< [experts], last step
  std::optional<CheckReport> check;
};

struct StepSeconds {
  double median = 0, min = 0, max = 0;
};
/// Wants at least one step.
StepSeconds summarize(std::vector<double> seconds);

/// What an op of the plan does, in two words.
std::string describeOp(const plan::Plan &plan, const std::string &name);

void printReport(const RunReport &report, const Terminal &terminal);
/// One JSON object.
void printReportAsJson(const RunReport &report, const Terminal &terminal);

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_REPORT_H
