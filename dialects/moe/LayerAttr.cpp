//===- LayerAttr.cpp - The closed form of a layer, as attribute and struct -===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/moe/LayerAttr.h"
#include "mlir/IR/Builders.h"
#include "runtime/module/WeightRoles.h"

using namespace mlir;

namespace moec::moe {

// The enums of the dialect and of Layer.h have the same cases and values.
template <class Attr, class Struct> static constexpr bool same(Attr attr, Struct value) {
  return static_cast<uint32_t>(attr) == static_cast<uint32_t>(value);
}
static_assert(same(ScoreFunction::Identity, moec::ScoreFunction::Identity) &&
              same(ScoreFunction::Softmax, moec::ScoreFunction::Softmax) &&
              same(ScoreFunction::Sigmoid, moec::ScoreFunction::Sigmoid));
static_assert(same(GroupScore::Max, moec::GroupScore::Max) &&
              same(GroupScore::SumOfTop2, moec::GroupScore::SumOfTop2));
static_assert(same(RejectedValue::MinusInfinity, moec::RejectedValue::MinusInfinity) &&
              same(RejectedValue::Zero, moec::RejectedValue::Zero));
static_assert(same(WeightRole::Router, moec::WeightRole::Router) &&
              same(WeightRole::RouterBias, moec::WeightRole::RouterBias) &&
              same(WeightRole::SelectionBias, moec::WeightRole::SelectionBias) &&
              same(WeightRole::ExpertGate, moec::WeightRole::ExpertGate) &&
              same(WeightRole::ExpertUp, moec::WeightRole::ExpertUp) &&
              same(WeightRole::ExpertDown, moec::WeightRole::ExpertDown) &&
              same(WeightRole::SharedGate, moec::WeightRole::SharedGate) &&
              same(WeightRole::SharedUp, moec::WeightRole::SharedUp) &&
              same(WeightRole::SharedDown, moec::WeightRole::SharedDown) &&
              same(WeightRole::SharedScale, moec::WeightRole::SharedScale) &&
              same(WeightRole::ExpertGateBias, moec::WeightRole::ExpertGateBias) &&
              same(WeightRole::ExpertUpBias, moec::WeightRole::ExpertUpBias) &&
              same(WeightRole::ExpertDownBias, moec::WeightRole::ExpertDownBias));

DType toDType(Type type) {
  assert(isSupportedElement(type) && "verified attributes have no other element type");
  return type.isF32() ? DType::F32 : DType::BF16;
}

Type toType(DType type, MLIRContext *context) {
  switch (type) {
  case DType::F32:
    return Float32Type::get(context);
  case DType::BF16:
    return BFloat16Type::get(context);
  }
  llvm_unreachable("unknown element type");
}

static GatedMlp toMlp(MlpAttr attribute) {
  return {static_cast<uint32_t>(attribute.getIntermediate()),
          attribute.getActivation().getExpression(), attribute.getGateBias(), attribute.getUpBias(),
          attribute.getDownBias()};
}

WeightLayout toLayout(WeightLayoutAttr attribute) {
  if (!attribute)
    return {};
  return {attribute.getStacked(), attribute.getTransposed(),
          static_cast<uint32_t>(attribute.getParts()), static_cast<uint32_t>(attribute.getPart()),
          attribute.getInterleaved()};
}

WeightLayoutAttr toAttr(const WeightLayout &layout, MLIRContext *context) {
  if (layout == WeightLayout())
    return {};
  return WeightLayoutAttr::get(context, layout.stacked, layout.transposed, layout.part,
                               layout.parts, layout.interleaved);
}

bool isExpertRole(WeightRole role) {
  return moec::isExpertRole(static_cast<moec::WeightRole>(role));
}

std::string checkWeightName(WeightRole role, StringRef name, WeightLayoutAttr layout) {
  if (name.empty())
    return "name must not be empty";
  std::string fault = checkLayout({static_cast<moec::WeightRole>(role), "", toLayout(layout)});
  if (!fault.empty())
    return fault;
  size_t found = name.count(kExpertInName);
  size_t wanted = isExpertRole(role) && !(layout && layout.getStacked()) ? 1 : 0;
  if (found == wanted)
    return "";
  return ("name '" + name + "' of " + stringifyWeightRole(role) + " must hold " + kExpertInName +
          (wanted ? " once" : " nowhere") + ", but holds it " + Twine(found) + " times")
      .str();
}

std::string checkRoles(RouterAttr router, MlpAttr expert, MlpAttr shared,
                       ArrayRef<WeightNameAttr> names) {
  Layer layer;
  layer.router.logitsBias = router.getLogitsBias();
  layer.router.selectionBias = router.getSelectionBias();
  layer.expert = toMlp(expert);
  if (shared)
    layer.shared = SharedExpert{toMlp(shared), shared.getScaled()};
  for (moec::WeightRole wanted : rolesOf(layer)) {
    auto role = static_cast<WeightRole>(wanted);
    size_t found =
        llvm::count_if(names, [&](WeightNameAttr name) { return name.getRole() == role; });
    if (found != 1)
      return ("weight " + stringifyWeightRole(role) + " must be named once, but is named " +
              Twine(found) + " times")
          .str();
  }
  for (WeightNameAttr name : names)
    if (!isNeeded(static_cast<moec::WeightRole>(name.getRole()), layer))
      return ("weight " + stringifyWeightRole(name.getRole()) +
              " is named, but the layer does not read it")
          .str();
  return "";
}

static MlpAttr toAttr(const GatedMlp &mlp, bool scaled, MLIRContext *context) {
  return MlpAttr::get(context, mlp.intermediate, ActivationAttr::get(context, mlp.activation),
                      mlp.gateBias, mlp.upBias, mlp.downBias, scaled);
}

static Router toRouter(RouterAttr attribute) {
  Router router;
  router.topK = attribute.getTopK();
  router.logitsType = toDType(attribute.getLogits());
  router.logitsBias = attribute.getLogitsBias();
  router.score = static_cast<moec::ScoreFunction>(attribute.getScore());
  router.scoreAfterTopK = attribute.getScoreAfterTopK();
  router.selectionBias = attribute.getSelectionBias();
  if (GroupsAttr groups = attribute.getGroups())
    router.groups = GroupLimit{static_cast<uint32_t>(groups.getCount()),
                               static_cast<uint32_t>(groups.getKept()),
                               static_cast<moec::GroupScore>(groups.getScore()),
                               static_cast<moec::RejectedValue>(groups.getRejected())};
  if (FloatAttr epsilon = attribute.getNormalize()) {
    router.normalize = true;
    router.normalizeEpsilon = epsilon.getValueAsDouble();
  }
  if (FloatAttr scale = attribute.getScale())
    router.scale = scale.getValueAsDouble();
  router.weightsType = toDType(attribute.getShares());
  return router;
}

static RouterAttr toAttr(const Router &router, MLIRContext *context) {
  Builder builder(context);
  GroupsAttr groups;
  if (router.groups)
    groups = GroupsAttr::get(context, router.groups->count, router.groups->kept,
                             static_cast<GroupScore>(router.groups->score),
                             static_cast<RejectedValue>(router.groups->rejectedValue));
  FloatAttr normalize, scale;
  if (router.normalize)
    normalize = builder.getF64FloatAttr(router.normalizeEpsilon);
  if (router.scale != 1.0)
    scale = builder.getF64FloatAttr(router.scale);
  return RouterAttr::get(context, router.topK, toType(router.logitsType, context),
                         static_cast<ScoreFunction>(router.score),
                         toType(router.weightsType, context), router.logitsBias,
                         router.scoreAfterTopK, router.selectionBias, groups, normalize, scale);
}

Layer toLayer(LayerAttr attribute, StringRef name) {
  Layer layer;
  layer.name = name.str();
  layer.hidden = attribute.getHidden();
  layer.experts = attribute.getExperts();
  layer.tokensType = toDType(attribute.getTokens());
  layer.weightsType = toDType(attribute.getWeights());
  layer.combineType = toDType(attribute.getCombine());
  layer.router = toRouter(attribute.getRouter());
  layer.expert = toMlp(attribute.getExpert());
  if (MlpAttr shared = attribute.getShared())
    layer.shared = SharedExpert{toMlp(shared), shared.getScaled()};
  layer.residual = attribute.getResidual();
  for (WeightNameAttr weight : attribute.getNames())
    layer.weights.push_back({static_cast<moec::WeightRole>(weight.getRole()),
                             weight.getName().str(), toLayout(weight.getLayout())});
  return layer;
}

LayerAttr toAttr(const Layer &layer, MLIRContext *context) {
  SmallVector<WeightNameAttr> names;
  for (const WeightName &weight : layer.weights)
    names.push_back(WeightNameAttr::get(context, static_cast<WeightRole>(weight.role), weight.name,
                                        toAttr(weight.layout, context)));
  MlpAttr shared;
  if (layer.shared)
    shared = toAttr(layer.shared->mlp, layer.shared->gate, context);
  return LayerAttr::get(context, layer.hidden, layer.experts, toType(layer.tokensType, context),
                        toType(layer.weightsType, context), toType(layer.combineType, context),
                        toAttr(layer.router, context),
                        toAttr(layer.expert, /*scaled=*/false, context), shared, layer.residual,
                        names);
}

Placement toPlacement(PlacementAttr attribute) {
  Placement placement;
  for (DenseI64ArrayAttr experts : attribute.getSlots())
    placement.slots.emplace_back(experts.asArrayRef().begin(), experts.asArrayRef().end());
  for (DenseI64ArrayAttr entry : attribute.getTurns()) {
    if (entry[1] == 0)
      placement.turns.push_back({static_cast<uint32_t>(entry[0]), {}});
    ArrayRef<int64_t> ranks = entry.asArrayRef().drop_front(2);
    placement.turns.back().ranks.emplace_back(ranks.begin(), ranks.end());
  }
  return placement;
}

PlacementAttr toAttr(const Placement &placement, MLIRContext *context) {
  SmallVector<DenseI64ArrayAttr> slots;
  for (const std::vector<uint32_t> &experts : placement.slots)
    slots.push_back(
        DenseI64ArrayAttr::get(context, SmallVector<int64_t>(experts.begin(), experts.end())));
  SmallVector<DenseI64ArrayAttr> turns;
  for (const Turns &ofExpert : placement.turns)
    for (auto [source, ranks] : llvm::enumerate(ofExpert.ranks)) {
      SmallVector<int64_t> entry{ofExpert.expert, int64_t(source)};
      entry.append(ranks.begin(), ranks.end());
      turns.push_back(DenseI64ArrayAttr::get(context, entry));
    }
  return PlacementAttr::get(context, slots, turns);
}

} // namespace moec::moe
