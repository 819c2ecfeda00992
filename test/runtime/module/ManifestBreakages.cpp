//===- ManifestBreakages.cpp - Broken manifests --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Layout.h"
#include "test/runtime/module/Breakages.h"
#include "test/runtime/module/Sample.h"

#include <limits>

namespace moec::test {

namespace {

/// The sample on two ranks with one thing changed, encoded unchecked.
std::function<Bytes()> contents(std::function<void(ModuleContents &)> change) {
  return [change = std::move(change)] {
    ModuleContents contents = sampleContents(sampleLayer(), 2);
    contents.sources.clear();
    contents.provenance = {};
    change(contents);
    return codegen::layOut(codegen::encodeSections(contents));
  };
}

std::function<Bytes()> manifest(std::function<void(Manifest &)> change) {
  return contents([change = std::move(change)](ModuleContents &c) { change(c.manifest); });
}
std::function<Bytes()> layer(std::function<void(Layer &)> change) {
  return contents([change = std::move(change)](ModuleContents &c) { change(c.manifest.layer); });
}
std::function<Bytes()> router(std::function<void(Router &)> change) {
  return layer([change = std::move(change)](Layer &l) { change(l.router); });
}
/// With a group limit of its own.
std::function<Bytes()> groups(GroupLimit limit) {
  return router([limit](Router &r) { r.groups = limit; });
}
/// With turns of expert 0, which rank 0 alone holds.
std::function<Bytes()> turns(std::function<void(Turns &)> change) {
  return manifest([change = std::move(change)](Manifest &m) {
    m.placement.turns = {{0, {{0}, {0}}}};
    change(m.placement.turns[0]);
  });
}
/// With a source text and a provenance.
std::function<Bytes()> documented(std::function<void(ModuleContents &)> change) {
  return contents([change = std::move(change)](ModuleContents &c) {
    c.sources = {{"a.moe", "moe 1\n"}, {"b.moe", "moe 1\n"}};
    c.provenance = {"moec 0.1.0", {{"ranks", "2"}, {"seed", "1"}}};
    change(c);
  });
}

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();
constexpr size_t routerWeight = 0, expertGate = 1, expertUp = 2; // positions in the sample

} // namespace

static std::vector<Breakage> layerBreakages() {
  return {
      {"manifest-layer-name-empty", layer([](Layer &l) { l.name.clear(); })},
      {"manifest-layer-name-control", layer([](Layer &l) { l.name = "a\x1b[2J"; })},
      {"manifest-layer-name-long", layer([](Layer &l) { l.name.assign(257, 'x'); })},
      {"manifest-hidden-zero", layer([](Layer &l) { l.hidden = 0; })},
      {"manifest-hidden-large", layer([](Layer &l) { l.hidden = UINT32_MAX; })},
      {"manifest-experts-zero", layer([](Layer &l) { l.experts = 0; })},
      {"manifest-intermediate-zero", layer([](Layer &l) { l.expert.intermediate = 0; })},
      {"manifest-shared-intermediate-zero", layer([](Layer &l) { l.shared.emplace(); })},
      {"manifest-tokens-type", layer([](Layer &l) { l.tokensType = DType(9); })},
      {"manifest-activation",
       layer([](Layer &l) { l.expert.activation.steps[1].op = ActivationOp(21); })},
      {"manifest-activation-empty", layer([](Layer &l) { l.expert.activation.steps.clear(); })},
      {"manifest-activation-operands",
       layer([](Layer &l) { l.expert.activation.steps.erase(l.expert.activation.steps.begin()); })},
      {"manifest-activation-long",
       layer([](Layer &l) { l.expert.activation.steps.resize(65, {ActivationOp::Up}); })},
      {"manifest-activation-infinite",
       layer([](Layer &l) { l.expert.activation = ActivationExpr::clampedSwiglu(infinity, 1); })},
      {"manifest-gate-bias-without-gate", layer([](Layer &l) {
         l.expert.activation = ActivationExpr({{ActivationOp::Up}, {ActivationOp::Relu}});
         l.expert.gateBias = true;
       })},
      {"manifest-shared-bias", layer([](Layer &l) {
         l.shared = SharedExpert{{4}, false};
         l.shared->mlp.downBias = true;
       })},
      {"manifest-score", router([](Router &r) { r.score = ScoreFunction(200); })},
      {"manifest-top-k-zero", router([](Router &r) { r.topK = 0; })},
      {"manifest-top-k-large", router([](Router &r) { r.topK = 5; })},
      {"manifest-scale-infinite", router([](Router &r) { r.scale = infinity; })},
      {"manifest-epsilon-not-a-number", router([](Router &r) { r.normalizeEpsilon = notANumber; })},
      {"manifest-epsilon-negative", router([](Router &r) { r.normalizeEpsilon = -1; })},
      {"manifest-epsilon-without-normalize", router([](Router &r) {
         r.normalize = false;
         r.normalizeEpsilon = 1e-6;
       })},
      {"manifest-groups-zero", groups({0, 1})},
      {"manifest-groups-not-dividing", groups({3, 1})},
      {"manifest-groups-kept-large", groups({2, 3})},
      {"manifest-groups-kept-small", groups({4, 1})},
      {"manifest-groups-of-one", groups({4, 2, GroupScore::SumOfTop2})},
      {"manifest-groups-rejected-value", groups({2, 1, GroupScore::Max, RejectedValue(7)})},
  };
}

static std::vector<Breakage> weightBreakages() {
  return {
      {"weights-missing", layer([](Layer &l) { l.weights.erase(l.weights.begin()); })},
      {"weights-unneeded",
       layer([](Layer &l) { l.weights.push_back({WeightRole::SelectionBias, "bias"}); })},
      {"weights-role-unknown", layer([](Layer &l) { l.weights[0].role = WeightRole(13); })},
      {"weights-role-twice",
       layer([](Layer &l) { l.weights.push_back({WeightRole::Router, "another"}); })},
      {"weights-name-twice",
       layer([](Layer &l) { l.weights[expertUp].name = l.weights[expertGate].name; })},
      {"weights-name-empty", layer([](Layer &l) { l.weights[expertUp].name.clear(); })},
      {"weights-name-not-utf8", layer([](Layer &l) { l.weights[expertUp].name = "{expert}\xff"; })},
      {"weights-placeholder-missing", layer([](Layer &l) { l.weights[expertUp].name = "up"; })},
      {"weights-placeholder-twice",
       layer([](Layer &l) { l.weights[expertUp].name = "{expert}.{expert}"; })},
      {"weights-placeholder-unneeded",
       layer([](Layer &l) { l.weights[routerWeight].name = "gate.{expert}"; })},
      {"weights-part-twice", layer([](Layer &l) {
         l.weights[expertUp].name = l.weights[expertGate].name;
         l.weights[expertUp].layout.parts = l.weights[expertGate].layout.parts = 2;
       })},
      {"weights-part-large", layer([](Layer &l) { l.weights[expertUp].layout.part = 1; })},
      {"weights-parts-zero", layer([](Layer &l) { l.weights[expertUp].layout.parts = 0; })},
      {"weights-interleaved-alone",
       layer([](Layer &l) { l.weights[expertUp].layout.interleaved = true; })},
      {"weights-stacked-router",
       layer([](Layer &l) { l.weights[routerWeight].layout.stacked = true; })},
      {"weights-stacked-placeholder",
       layer([](Layer &l) { l.weights[expertUp].layout.stacked = true; })},
      {"weights-transposed-bias", layer([](Layer &l) {
         l.router.logitsBias = true;
         l.weights = sampleWeights(l);
         l.weights[1].layout.transposed = true;
       })},
      {"weights-too-many", layer([](Layer &l) { l.weights.resize(17); })},
  };
}

static std::vector<Breakage> placementBreakages() {
  return {
      {"manifest-ranks-zero", manifest([](Manifest &m) { m.ranks = 0; })},
      {"manifest-target-empty", manifest([](Manifest &m) { m.target.clear(); })},
      {"manifest-tokens-large", manifest([](Manifest &m) { m.maxTokensPerRank = UINT32_MAX; })},
      {"placement-ranks", manifest([](Manifest &m) { m.placement.slots.pop_back(); })},
      {"placement-expert-nowhere", manifest([](Manifest &m) { m.placement.slots[1].pop_back(); })},
      {"placement-expert-unknown",
       manifest([](Manifest &m) { m.placement.slots[1].push_back(4); })},
      {"turns-expert-unknown", turns([](Turns &t) { t.expert = 99; })},
      {"turns-expert-again",
       manifest([](Manifest &m) { m.placement.turns = {{0, {{0}, {0}}}, {0, {{0}, {0}}}}; })},
      {"turns-sources", turns([](Turns &t) { t.ranks.pop_back(); })},
      {"turns-list-empty", turns([](Turns &t) { t.ranks[1].clear(); })},
      {"turns-list-long", turns([](Turns &t) { t.ranks[1].assign(1025, 0); })},
      {"turns-rank-without-it", turns([](Turns &t) { t.ranks[1] = {0, 1}; })},
      {"turns-rank-unknown", turns([](Turns &t) { t.ranks[0] = {2}; })},
      {"placement-expert-twice", manifest([](Manifest &m) { m.placement.slots[0].push_back(0); })},
  };
}

static std::vector<Breakage> documentBreakages() {
  return {
      {"sources-name-twice", documented([](auto &c) { c.sources[1].name = "a.moe"; })},
      {"sources-name-empty", documented([](auto &c) { c.sources[1].name.clear(); })},
      {"provenance-option-twice",
       documented([](auto &c) { c.provenance.options[1].name = "ranks"; })},
      {"sources-hash",
       [] {
         ModuleContents contents = sampleContents(sampleLayer(), 2);
         std::vector<codegen::Section> sections = codegen::encodeSections(contents);
         std::string_view text = "layer sample";
         Bytes &bytes = sections[2].bytes;
         auto at = std::search(bytes.begin(), bytes.end(), text.begin(), text.end());
         *at = 'L';
         return codegen::layOut(sections);
       }},
  };
}

static std::vector<Breakage> agreementBreakages() {
  auto plan = [](std::function<void(plan::Plan &)> change) {
    return contents([change = std::move(change)](ModuleContents &c) { change(c.plan); });
  };
  return {
      {"agreement-ranks",
       contents([](ModuleContents &c) { c.plan = directRowsPlan(c.manifest.layer, 3); })},
      {"agreement-top-k", contents([](ModuleContents &c) {
         Layer other = c.manifest.layer;
         other.router.topK = 1;
         c.plan = directRowsPlan(other, 2);
       })},
      {"agreement-tokens-row", contents([](ModuleContents &c) {
         Layer other = c.manifest.layer;
         other.hidden = 8;
         c.plan = directRowsPlan(other, 2);
       })},
      {"agreement-combine-row", contents([](ModuleContents &c) {
         Layer other = c.manifest.layer;
         other.combineType = DType::BF16;
         c.plan = directRowsPlan(other, 2);
       })},
      {"agreement-result-row", plan([](plan::Plan &p) { p.buffers.back().bytesPerRecord = 32; })},
      {"agreement-no-route", plan([](plan::Plan &p) {
         p.ops[0].task = plan::TaskKind::Shared;
         p.buffers[1].bytesPerRecord = 24;
       })},
      {"agreement-unwanted-shared", contents([](ModuleContents &c) {
         Layer other = c.manifest.layer;
         other.shared = SharedExpert{{4}, false};
         c.plan = directRowsPlan(other, 2);
       })},
      {"agreement-missing-residual", layer([](Layer &l) { l.residual = true; })},
      {"agreement-missing-shared", layer([](Layer &l) {
         l.shared = SharedExpert{{4}, false};
         l.weights = sampleWeights(l);
       })},
  };
}

std::vector<Breakage> manifestBreakages() {
  std::vector<Breakage> all = layerBreakages();
  for (const auto &more :
       {weightBreakages(), placementBreakages(), documentBreakages(), agreementBreakages()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

} // namespace moec::test
