//===- ModuleJson.cpp - A module as a JSON value -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/ModuleJson.h"

#include "runtime/base/Hash.h"
#include "runtime/module/Inspect.h"
#include "runtime/module/Names.h"

namespace moec::rt {

// --- Manifest ----------------------------------------------------------------

static Json routerJson(const Router &router) {
  Json json = {{"top_k", router.topK},
               {"logits_type", nameOf(router.logitsType)},
               {"logits_bias", router.logitsBias},
               {"score", nameOf(router.score)},
               {"score_after_top_k", router.scoreAfterTopK},
               {"selection_bias", router.selectionBias},
               {"groups", nullptr},
               {"normalize", router.normalize},
               {"normalize_epsilon", router.normalizeEpsilon},
               {"scale", router.scale},
               {"weights_type", nameOf(router.weightsType)}};
  if (const auto &groups = router.groups)
    json["groups"] = {{"count", groups->count},
                      {"kept", groups->kept},
                      {"score", nameOf(groups->score)},
                      {"rejected_value", nameOf(groups->rejectedValue)}};
  return json;
}

static Json mlpJson(const GatedMlp &mlp) {
  return {{"intermediate", mlp.intermediate},
          {"activation", toText(mlp.activation)},
          {"gate_bias", mlp.gateBias},
          {"up_bias", mlp.upBias},
          {"down_bias", mlp.downBias}};
}

static Json weightJson(const WeightName &weight) {
  Json json = {{"role", nameOf(weight.role)}, {"name", weight.name}};
  const WeightLayout &layout = weight.layout;
  if (layout != WeightLayout())
    json["layout"] = {{"stacked", layout.stacked},
                      {"transposed", layout.transposed},
                      {"part", layout.part},
                      {"parts", layout.parts},
                      {"interleaved", layout.interleaved}};
  return json;
}

static Json layerJson(const Layer &layer) {
  Json json = {{"name", layer.name},
               {"hidden", layer.hidden},
               {"experts", layer.experts},
               {"tokens_type", nameOf(layer.tokensType)},
               {"weights_type", nameOf(layer.weightsType)},
               {"combine_type", nameOf(layer.combineType)},
               {"router", routerJson(layer.router)},
               {"expert", mlpJson(layer.expert)},
               {"shared", nullptr},
               {"residual", layer.residual},
               {"weights", Json::array()}};
  if (layer.shared)
    json["shared"] = {{"mlp", mlpJson(layer.shared->mlp)}, {"gate", layer.shared->gate}};
  for (const WeightName &weight : layer.weights)
    json["weights"].push_back(weightJson(weight));
  return json;
}

static Json turnsJson(const std::vector<Turns> &turns) {
  Json json = Json::array();
  for (const Turns &ofExpert : turns)
    json.push_back({{"expert", ofExpert.expert}, {"ranks_by_source", ofExpert.ranks}});
  return json;
}

Json manifestJson(const Manifest &manifest) {
  Json json = {{"compiler", manifest.compiler},
               {"source", manifest.source},
               {"machine", manifest.machine},
               {"mesh", manifest.mesh},
               {"target", manifest.target},
               {"ranks", manifest.ranks},
               {"max_tokens_per_rank", manifest.maxTokensPerRank},
               {"layer", layerJson(manifest.layer)},
               {"placement", manifest.placement.slots}};
  if (!manifest.placement.turns.empty())
    json["turns"] = turnsJson(manifest.placement.turns);
  return json;
}

// --- The rest ----------------------------------------------------------------

static Json sectionsJson(const std::vector<SectionInfo> &sections) {
  Json json = Json::array();
  for (const SectionInfo &section : sections)
    json.push_back({{"name", section.name},
                    {"required", section.required},
                    {"known", section.known},
                    {"offset", section.offset},
                    {"bytes", section.bytes},
                    {"xxh3_128", section.hash}});
  return json;
}

static Json sourcesJson(const std::vector<SourceFile> &sources) {
  Json json = Json::array();
  for (const SourceFile &source : sources) {
    std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(source.text.data()),
                                   source.text.size());
    json.push_back({{"name", source.name},
                    {"bytes", source.text.size()},
                    {"xxh3_128", formatHash(hash128(bytes))},
                    {"text", source.text}});
  }
  return json;
}

static Json provenanceJson(const Provenance &provenance) {
  Json options = Json::array();
  for (const CompileOption &option : provenance.options)
    options.push_back({{"name", option.name}, {"value", option.value}});
  return {{"compiler", provenance.compiler}, {"options", std::move(options)}};
}

Json moduleJson(const Module &module) {
  ModuleVersion version = module.version();
  return {{"file", module.name()},
          {"format",
           {{"version", concat(version.major, ".", version.minor)}, {"bytes", module.fileBytes()}}},
          {"sections", sectionsJson(module.sections())},
          {"manifest", manifestJson(module.manifest())},
          {"plan", planJson(module.plan())},
          {"sources", sourcesJson(module.sources())},
          {"provenance", provenanceJson(module.provenance())},
          {"kernels", kernelsJson(module.kernels(), module.plan())}};
}

std::string dumpJson(const Json &json, int indent) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string inspectJson(const Module &module) { return dumpJson(moduleJson(module), 2) + "\n"; }

} // namespace moec::rt
