//===- ManifestReader.cpp - Decoding the MANF section --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/ManifestReader.h"

#include "runtime/base/FlatBuffer.h"
#include "runtime/module/CheckManifest.h"
#include "runtime/module/Limits.h"
#include "runtime/module/manifest_generated.h"
#include "runtime/plan/Limits.h"

namespace moec::rt {

using plan::maxNameBytes;
using plan::maxPathBytes;

static Status decode(const wire::GroupLimit *groups, const Where &where,
                     std::optional<GroupLimit> &out) {
  if (!groups)
    return {};
  out.emplace();
  out->count = groups->count();
  out->kept = groups->kept();
  MOEC_RETURN_IF_ERROR(decodeEnum(groups->score(), where.at("score"), out->score));
  return decodeEnum(groups->rejected_value(), where.at("rejected value"), out->rejectedValue);
}

static Status decode(const wire::Router *router, const Where &where, Router &out) {
  if (!router)
    return where.invalid("missing");
  out.topK = router->top_k();
  out.logitsBias = router->logits_bias();
  out.scoreAfterTopK = router->score_after_top_k();
  out.selectionBias = router->selection_bias();
  out.normalize = router->normalize();
  out.normalizeEpsilon = router->normalize_epsilon();
  out.scale = router->scale();
  MOEC_RETURN_IF_ERROR(decodeEnum(router->logits_type(), where.at("logits type"), out.logitsType));
  MOEC_RETURN_IF_ERROR(decodeEnum(router->score(), where.at("score"), out.score));
  MOEC_RETURN_IF_ERROR(
      decodeEnum(router->weights_type(), where.at("weights type"), out.weightsType));
  return decode(router->groups(), where.at("groups"), out.groups);
}

static Status decode(const wire::GatedMlp *mlp, const Where &where, GatedMlp &out) {
  if (!mlp)
    return where.invalid("missing");
  out.intermediate = mlp->intermediate();
  out.gateBias = mlp->gate_bias();
  out.upBias = mlp->up_bias();
  out.downBias = mlp->down_bias();
  Where activation = where.at("activation");
  if (!mlp->expression()) {
    Activation known;
    MOEC_RETURN_IF_ERROR(decodeEnum(mlp->activation(), activation, known));
    out.activation = known;
    return {};
  }
  return decodeVector(mlp->expression(), activation, maxActivationSteps, out.activation.steps,
                      [&](const wire::ActivationStep *step, uint32_t i, ActivationStep &to) {
                        to.value = step->value();
                        return decodeEnum(step->op(), activation.at("step", i), to.op);
                      });
}

static void decode(const wire::WeightLayout *layout, WeightLayout &out) {
  if (layout)
    out = {layout->stacked(), layout->transposed(), layout->parts(), layout->part(),
           layout->interleaved()};
}

static Status decode(const wire::SharedExpert *shared, const Where &where,
                     std::optional<SharedExpert> &out) {
  if (!shared)
    return {};
  out.emplace();
  out->gate = shared->gate();
  return decode(shared->mlp(), where.at("mlp"), out->mlp);
}

static Status decode(const wire::Layer *layer, const Where &where, Layer &out) {
  if (!layer)
    return where.invalid("missing");
  MOEC_RETURN_IF_ERROR(decodeText(layer->name(), where.at("name"), maxNameBytes, out.name));
  out.hidden = layer->hidden();
  out.experts = layer->experts();
  out.residual = layer->residual();
  MOEC_RETURN_IF_ERROR(decodeEnum(layer->tokens_type(), where.at("tokens type"), out.tokensType));
  MOEC_RETURN_IF_ERROR(
      decodeEnum(layer->weights_type(), where.at("weights type"), out.weightsType));
  MOEC_RETURN_IF_ERROR(
      decodeEnum(layer->combine_type(), where.at("combine type"), out.combineType));
  MOEC_RETURN_IF_ERROR(decode(layer->router(), where.at("router"), out.router));
  MOEC_RETURN_IF_ERROR(decode(layer->expert(), where.at("expert"), out.expert));
  MOEC_RETURN_IF_ERROR(decode(layer->shared(), where.at("shared"), out.shared));
  return decodeVector(layer->weights(), where.at("weights"), maxWeights, out.weights,
                      [&](const wire::WeightName *weight, uint32_t i, WeightName &to) {
                        Where at = where.at("weight", i);
                        decode(weight->layout(), to.layout);
                        MOEC_RETURN_IF_ERROR(
                            decodeText(weight->name(), at.at("name"), maxWeightNameBytes, to.name));
                        return decodeEnum(weight->role(), at.at("role"), to.role);
                      });
}

/// Lists may be shared inside of the buffer: the sum is what bounds the memory.
static Status decode(const wire::Turns *turns, const Where &where, uint64_t &entries, Turns &out) {
  out.expert = turns->expert();
  return decodeVector(turns->sources(), where.at("sources"), plan::maxRanks, out.ranks,
                      [&](const wire::SourceTurns *source, uint32_t i, std::vector<uint32_t> &to) {
                        entries += source->ranks() ? source->ranks()->size() : 0;
                        MOEC_RETURN_IF_ERROR(decodeCount(entries, where, maxAllTurns));
                        return decodeNumbers(source->ranks(), where.at("source", i), maxTurns, to);
                      });
}

static Status decode(const wire::Placement *placement, const Where &where, Placement &out) {
  if (!placement)
    return where.invalid("missing");
  uint64_t placed = 0, entries = 0;
  MOEC_RETURN_IF_ERROR(
      decodeVector(placement->ranks(), where.at("ranks"), plan::maxRanks, out.slots,
                   [&](const wire::RankSlots *slots, uint32_t rank, std::vector<uint32_t> &to) {
                     // Here too lists may be shared.
                     placed += slots->experts() ? slots->experts()->size() : 0;
                     MOEC_RETURN_IF_ERROR(decodeCount(placed, where, maxPlacedExperts));
                     return decodeNumbers(slots->experts(), where.at("rank", rank), maxExperts, to);
                   }));
  return decodeVector(placement->turns(), where.at("turns"), maxExperts, out.turns,
                      [&](const wire::Turns *turns, uint32_t i, Turns &to) {
                        return decode(turns, where.at("turns", i), entries, to);
                      });
}

static Status decode(const wire::Manifest *manifest, const Where &where, Manifest &out) {
  MOEC_RETURN_IF_ERROR(decodeFeatures(manifest->features(), where.at("features"), {"turns"}));
  auto text = [&](const flatbuffers::String *from, const char *word, uint32_t maxBytes,
                  std::string &to) { return decodeText(from, where.at(word), maxBytes, to); };
  MOEC_RETURN_IF_ERROR(text(manifest->compiler(), "compiler", maxNameBytes, out.compiler));
  MOEC_RETURN_IF_ERROR(text(manifest->source(), "source", maxPathBytes, out.source));
  MOEC_RETURN_IF_ERROR(text(manifest->machine(), "machine", maxNameBytes, out.machine));
  MOEC_RETURN_IF_ERROR(text(manifest->mesh(), "mesh", maxNameBytes, out.mesh));
  MOEC_RETURN_IF_ERROR(text(manifest->target(), "target", maxNameBytes, out.target));
  out.ranks = manifest->ranks();
  out.maxTokensPerRank = manifest->max_tokens_per_rank();
  MOEC_RETURN_IF_ERROR(decode(manifest->layer(), where.at("layer"), out.layer));
  return decode(manifest->placement(), where.at("placement"), out.placement);
}

Result<Manifest> readManifest(std::span<const uint8_t> bytes) {
  constexpr uint32_t maxTables = plan::maxRanks + 64; // a table a rank
  MOEC_ASSIGN_OR_RETURN(const wire::Manifest *root,
                        verifiedRoot<wire::Manifest>(bytes, wire::ManifestIdentifier(), maxTables));
  Manifest manifest;
  MOEC_RETURN_IF_ERROR(decode(root, Where(), manifest));
  MOEC_RETURN_IF_ERROR(checkManifest(manifest));
  return manifest;
}

} // namespace moec::rt
