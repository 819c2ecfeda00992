//===- ReportJson.cpp - What a run tells a program ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Report.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

namespace moec::run {

using Json = nlohmann::ordered_json;

static const char *nameOf(DType type) { return type == DType::F32 ? "f32" : "bf16"; }

/// JSON has no infinity: it becomes null.
static Json numberOf(double value) { return std::isfinite(value) ? Json(value) : Json(); }

static Json layerOf(const Manifest &manifest) {
  const Layer &layer = manifest.layer;
  return {{"name", layer.name},
          {"hidden", layer.hidden},
          {"experts", layer.experts},
          {"top_k", layer.router.topK},
          {"intermediate", layer.expert.intermediate},
          {"shared_intermediate", layer.shared ? layer.shared->mlp.intermediate : 0},
          {"tokens_dtype", nameOf(layer.tokensType)},
          {"weights_dtype", nameOf(layer.weightsType)},
          {"combine_dtype", nameOf(layer.combineType)}};
}

static Json matrixOf(const std::vector<uint64_t> &bytes, size_t ranks) {
  Json rows = Json::array();
  for (size_t r = 0; r < ranks; ++r)
    rows.push_back(
        std::vector<uint64_t>(bytes.begin() + r * ranks, bytes.begin() + (r + 1) * ranks));
  return rows;
}

static Json checkOf(const CheckReport &check) {
  const reference::Comparison &found = check.comparison;
  Json json = {
      {"passed", found.tokens ? Json(check.passed()) : Json()}, // null: nothing was compared
      {"tolerance", check.tolerance},
      {"output_error", numberOf(found.outputError)},
      {"weights_error", numberOf(found.weightsError)},
      {"finite", !found.notFinite},
      {"mismatched_choices", found.mismatches},
      {"tokens", found.tokens},
      {"unsure_tokens", found.unsureTokens},
      {"left_out_tokens", found.leftOut},
      {"reference_seconds", check.seconds}};
  if (found.mismatches)
    json["first_mismatch"] = {{"token", found.firstToken},
                              {"slot", found.firstSlot},
                              {"wanted", check.wantedExpert},
                              {"found", check.foundExpert}};
  return json;
}

void printReportAsJson(const RunReport &report, const Terminal &terminal) {
  const Manifest &manifest = *report.manifest;
  StepSeconds step = summarize(report.stepSeconds);
  Json phases = Json::array();
  for (const Phase &phase : report.phases)
    phases.push_back(
        {{"name", phase.name}, {"description", phase.description}, {"seconds", phase.seconds}});
  Json json = {{"module", report.module},
               {"layer", layerOf(manifest)},
               {"ranks", manifest.ranks},
               {"placement", manifest.placement.slots},
               {"backend", report.backend},
               {"threads", report.threads},
               {"tokens", report.tokens},
               {"tokens_per_rank", report.tokensPerRank},
               {"tokens_from", report.tokensPlace},
               {"weights_from", report.weightsPlace},
               {"weights", report.weights},
               {"prepare_seconds", report.prepareSeconds},
               {"load_seconds", report.loadSeconds},
               {"warmup_steps", report.warmupSteps},
               {"steps", report.stepSeconds.size()},
               {"step_seconds", {{"median", step.median}, {"min", step.min}, {"max", step.max}}},
               {"phases", phases},
               {"dispatch_bytes", matrixOf(report.dispatchBytes, manifest.ranks)},
               {"combine_bytes", matrixOf(report.combineBytes, manifest.ranks)},
               {"expert_tokens", report.expertTokens},
               {"check", report.check ? checkOf(*report.check) : Json()},
               {"output", report.output.empty() ? Json() : Json(report.output)}};
  terminal.out << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

} // namespace moec::run
