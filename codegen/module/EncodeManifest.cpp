//===- EncodeManifest.cpp - MANF, SRCM and PROV as bytes -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Encoders.h"

#include "codegen/module/Finish.h"
#include "runtime/base/Hash.h"
#include "runtime/module/manifest_generated.h"
#include "runtime/module/provenance_generated.h"
#include "runtime/module/sources_generated.h"

namespace moec::codegen {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

// The wire's enumerators are the structs' own: a cast is the whole conversion.
static_assert(int(wire::DType::MAX) == int(DType::BF16));
static_assert(int(wire::ScoreFunction::MAX) == int(ScoreFunction::Sigmoid));
static_assert(int(wire::GroupScore::MAX) == int(GroupScore::SumOfTop2));
static_assert(int(wire::RejectedValue::MAX) == int(RejectedValue::Zero));
static_assert(int(wire::ActivationOp::MAX) == int(ActivationOp::Softplus));
static_assert(size_t(wire::WeightRole::MAX) + 1 == weightRoles);

static Offset<wire::Router> encode(FlatBufferBuilder &builder, const Router &router) {
  Offset<wire::GroupLimit> groups;
  if (router.groups)
    groups = wire::CreateGroupLimit(builder, router.groups->count, router.groups->kept,
                                    static_cast<wire::GroupScore>(router.groups->score),
                                    static_cast<wire::RejectedValue>(router.groups->rejectedValue));
  return wire::CreateRouter(builder, router.topK, static_cast<wire::DType>(router.logitsType),
                            router.logitsBias, static_cast<wire::ScoreFunction>(router.score),
                            router.scoreAfterTopK, router.selectionBias, groups, router.normalize,
                            router.normalizeEpsilon, router.scale,
                            static_cast<wire::DType>(router.weightsType));
}

static Offset<wire::GatedMlp> encode(FlatBufferBuilder &builder, const GatedMlp &mlp) {
  bool isGelu = mlp.activation == ActivationExpr(Activation::GeluTanh);
  Offset<flatbuffers::Vector<const wire::ActivationStep *>> expression;
  if (!isGelu && mlp.activation != ActivationExpr(Activation::Silu)) {
    std::vector<wire::ActivationStep> steps;
    for (const ActivationStep &step : mlp.activation.steps)
      steps.emplace_back(step.value, static_cast<wire::ActivationOp>(step.op));
    expression = builder.CreateVectorOfStructs(steps);
  }
  return wire::CreateGatedMlp(builder, mlp.intermediate,
                              isGelu ? wire::Activation::GeluTanh : wire::Activation::Silu,
                              expression, mlp.gateBias, mlp.upBias, mlp.downBias);
}

static Offset<wire::WeightName> encode(FlatBufferBuilder &builder, const WeightName &weight) {
  const WeightLayout &layout = weight.layout;
  Offset<wire::WeightLayout> wireLayout;
  if (layout != WeightLayout())
    wireLayout = wire::CreateWeightLayout(builder, layout.stacked, layout.transposed, layout.parts,
                                          layout.part, layout.interleaved);
  return wire::CreateWeightName(builder, static_cast<wire::WeightRole>(weight.role),
                                builder.CreateString(weight.name), wireLayout);
}

static Offset<wire::Layer> encode(FlatBufferBuilder &builder, const Layer &layer) {
  std::vector<Offset<wire::WeightName>> weights;
  for (const WeightName &weight : layer.weights)
    weights.push_back(encode(builder, weight));
  Offset<wire::SharedExpert> shared;
  if (layer.shared)
    shared =
        wire::CreateSharedExpert(builder, encode(builder, layer.shared->mlp), layer.shared->gate);
  // Named, because the order in which arguments are evaluated is the compiler's choice.
  auto name = builder.CreateString(layer.name);
  auto router = encode(builder, layer.router);
  auto expert = encode(builder, layer.expert);
  auto weightList = builder.CreateVector(weights);
  return wire::CreateLayer(
      builder, name, layer.hidden, layer.experts, static_cast<wire::DType>(layer.tokensType),
      static_cast<wire::DType>(layer.weightsType), static_cast<wire::DType>(layer.combineType),
      router, expert, shared, weightList, layer.residual);
}

static Offset<wire::Placement> encode(FlatBufferBuilder &builder, const Placement &placement) {
  std::vector<Offset<wire::RankSlots>> ranks;
  for (const std::vector<uint32_t> &experts : placement.slots)
    ranks.push_back(wire::CreateRankSlots(builder, builder.CreateVector(experts)));
  std::vector<Offset<wire::Turns>> turns;
  for (const Turns &ofExpert : placement.turns) {
    std::vector<Offset<wire::SourceTurns>> sources;
    for (const std::vector<uint32_t> &list : ofExpert.ranks)
      sources.push_back(wire::CreateSourceTurns(builder, builder.CreateVector(list)));
    turns.push_back(wire::CreateTurns(builder, ofExpert.expert, builder.CreateVector(sources)));
  }
  auto rankList = builder.CreateVector(ranks);
  // Absent rather than empty: modules without them stay what they were.
  return wire::CreatePlacement(builder, rankList, turns.empty() ? 0 : builder.CreateVector(turns));
}

/// What a reader must not overlook.
static Offset<flatbuffers::Vector<Offset<flatbuffers::String>>>
encodeFeatures(FlatBufferBuilder &builder, const Manifest &manifest) {
  if (manifest.placement.turns.empty())
    return 0;
  return builder.CreateVector(std::vector{builder.CreateString("turns")});
}

Bytes encodeManifest(const Manifest &manifest) {
  FlatBufferBuilder builder;
  auto compiler = builder.CreateString(manifest.compiler);
  auto source = builder.CreateString(manifest.source);
  auto machine = builder.CreateString(manifest.machine);
  auto mesh = builder.CreateString(manifest.mesh);
  auto target = builder.CreateString(manifest.target);
  auto layer = encode(builder, manifest.layer);
  auto placement = encode(builder, manifest.placement);
  auto features = encodeFeatures(builder, manifest);
  auto root = wire::CreateManifest(builder, compiler, source, machine, mesh, target, manifest.ranks,
                                   manifest.maxTokensPerRank, layer, placement, features);
  return finish(builder, root, wire::ManifestIdentifier());
}

Bytes encodeSources(const std::vector<SourceFile> &sources) {
  FlatBufferBuilder builder;
  std::vector<Offset<wire::SourceText>> files;
  for (const SourceFile &source : sources) {
    auto name = builder.CreateString(source.name);
    auto text = builder.CreateString(source.text);
    rt::Hash128 hash =
        rt::hash128({reinterpret_cast<const uint8_t *>(source.text.data()), source.text.size()});
    wire::TextHash wireHash(hash.low, hash.high);
    files.push_back(wire::CreateSourceText(builder, name, text, &wireHash));
  }
  auto root = wire::CreateSources(builder, builder.CreateVector(files));
  return finish(builder, root, wire::SourcesIdentifier());
}

Bytes encodeProvenance(const Provenance &provenance) {
  FlatBufferBuilder builder;
  std::vector<Offset<wire::CompileOption>> options;
  for (const CompileOption &option : provenance.options) {
    auto name = builder.CreateString(option.name);
    auto value = builder.CreateString(option.value);
    options.push_back(wire::CreateCompileOption(builder, name, value));
  }
  auto compiler = builder.CreateString(provenance.compiler);
  auto optionList = builder.CreateVector(options);
  auto root = wire::CreateProvenance(builder, compiler, optionList);
  return finish(builder, root, wire::ProvenanceIdentifier());
}

} // namespace moec::codegen
