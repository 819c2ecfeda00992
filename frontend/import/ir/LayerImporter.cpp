//===- LayerImporter.cpp - Builds the body of a moe.layer -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of the ops is that of runtime/module/Layer.h. What a layer does not
// do (no bias, no rounding, a scale of 1) is no op.
//===----------------------------------------------------------------------===//

#include "frontend/import/ir/LayerImporter.h"
#include "runtime/module/WeightRoles.h"

namespace moec {
using namespace mlir;

Location Places::get(const frontend::Location &place, Location otherwise) const {
  if (!place.isValid())
    return otherwise;
  return FileLineColLoc::get(context, sources.name(place.file), place.line, place.column);
}

LayerImporter::LayerImporter(const Layer &layer, const frontend::LayerLocations &locations,
                             const Places &places, OpBuilder &builder)
    : layer(layer), locations(locations), places(places), builder(builder),
      layerPlace(places.get(locations.layer)) {}

Type LayerImporter::scores(DType type) const {
  return moe::ScoresType::get(builder.getContext(), layer.experts,
                              moe::toType(type, builder.getContext()));
}

Type LayerImporter::shares(DType type) const {
  return moe::SharesType::get(builder.getContext(), layer.router.topK,
                              moe::toType(type, builder.getContext()));
}

RankedTensorType LayerImporter::weightType(WeightRole role) const {
  std::vector<int64_t> shape = shapeOf(role, layer);
  if (isExpertRole(role))
    shape.insert(shape.begin(), layer.experts);
  return RankedTensorType::get(shape, isBias(role)
                                          ? builder.getF32Type()
                                          : moe::toType(layer.weightsType, builder.getContext()));
}

void LayerImporter::importWeights() {
  Location place = at(locations.checkpoint);
  for (const WeightName &name : layer.weights)
    weights[static_cast<size_t>(name.role)] = moe::WeightOp::create(
        builder, place, weightType(name.role), static_cast<moe::WeightRole>(name.role), name.name,
        moe::toAttr(name.layout, builder.getContext()));
}

Value LayerImporter::importLogits() {
  Location place = places.get(locations.logits, at(locations.router));
  Value logits = moe::RouterLogitsOp::create(builder, place, scores(DType::F32), tokens,
                                             weight(WeightRole::Router));
  if (layer.router.logitsBias)
    logits = moe::AddBiasOp::create(builder, place, logits, weight(WeightRole::RouterBias));
  if (layer.router.logitsType != DType::F32)
    logits = moe::RoundOp::create(builder, place, scores(layer.router.logitsType), logits);
  return logits;
}

Value LayerImporter::importChoices(Value base) {
  const Router &router = layer.router;
  Location place = places.get(locations.choose, at(locations.router));
  Value chooser = base;
  if (router.selectionBias) {
    if (chooser.getType() != scores(DType::F32)) // a bias is added in f32
      chooser = moe::ScoreOp::create(builder, place, scores(DType::F32),
                                     moe::ScoreFunction::Identity, chooser);
    chooser = moe::AddBiasOp::create(builder, place, chooser, weight(WeightRole::SelectionBias));
  }
  if (router.groups)
    chooser =
        moe::GroupLimitOp::create(builder, places.get(locations.groups, place), chooser.getType(),
                                  chooser, router.groups->count, router.groups->kept,
                                  static_cast<moe::GroupScore>(router.groups->score),
                                  static_cast<moe::RejectedValue>(router.groups->rejectedValue));
  Type choices = moe::ChoicesType::get(builder.getContext(), router.topK, layer.experts);
  return moe::TopKOp::create(builder, place, choices, chooser);
}

Value LayerImporter::importShares(Value base, Value choices) {
  const Router &router = layer.router;
  Location place = places.get(locations.routingWeights, at(locations.router));
  DType type = router.scoreAfterTopK ? router.logitsType : DType::F32;
  Value result = moe::GatherScoresOp::create(builder, place, shares(type), base, choices);
  if (router.scoreAfterTopK)
    result = moe::ScoreOp::create(builder, places.get(locations.score, place), shares(DType::F32),
                                  static_cast<moe::ScoreFunction>(router.score), result);
  if (router.normalize)
    result = moe::NormalizeOp::create(builder, place, result,
                                      builder.getF64FloatAttr(router.normalizeEpsilon));
  if (router.scale != 1.0)
    result = moe::ScaleOp::create(builder, place, result, builder.getF64FloatAttr(router.scale));
  if (router.weightsType != DType::F32)
    result = moe::RoundOp::create(builder, place, shares(router.weightsType), result);
  return result;
}

Value LayerImporter::importShared() {
  if (!layer.shared)
    return {};
  Type rows = moe::TokensType::get(builder.getContext(), layer.hidden, builder.getF32Type());
  return moe::SharedExpertOp::create(
      builder, at(locations.shared), rows,
      moe::ActivationAttr::get(builder.getContext(), layer.shared->mlp.activation), tokens,
      weight(WeightRole::SharedGate), weight(WeightRole::SharedUp), weight(WeightRole::SharedDown),
      layer.shared->gate ? weight(WeightRole::SharedScale) : Value());
}

void LayerImporter::importBody(moe::LayerOp op) {
  MLIRContext *context = builder.getContext();
  Block &body = op.getBody().emplaceBlock();
  tokens = body.addArgument(
      moe::TokensType::get(context, layer.hidden, moe::toType(layer.tokensType, context)),
      at(locations.hidden));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&body);

  importWeights();
  Value base = importLogits();
  if (!layer.router.scoreAfterTopK)
    base = moe::ScoreOp::create(builder, places.get(locations.score, at(locations.router)),
                                scores(DType::F32),
                                static_cast<moe::ScoreFunction>(layer.router.score), base);
  Value choices = importChoices(base);
  Value routing = importShares(base, choices);
  Value rows =
      moe::ExpertsOp::create(builder, at(locations.experts),
                             moe::RowsType::get(context, layer.router.topK, layer.hidden,
                                                moe::toType(layer.combineType, context)),
                             moe::ActivationAttr::get(context, layer.expert.activation), tokens,
                             choices, weight(WeightRole::ExpertGate), weight(WeightRole::ExpertUp),
                             weight(WeightRole::ExpertDown), weight(WeightRole::ExpertGateBias),
                             weight(WeightRole::ExpertUpBias), weight(WeightRole::ExpertDownBias));
  Value shared = importShared();
  Location combinePlace = at(locations.combine);
  Value result = moe::CombineOp::create(
      builder, combinePlace, moe::TokensType::get(context, layer.hidden, builder.getF32Type()),
      rows, routing, shared, layer.residual ? Value(tokens) : Value());
  moe::YieldOp::create(builder, combinePlace, result);
}

} // namespace moec
