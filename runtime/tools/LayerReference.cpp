//===- LayerReference.cpp - A layer in the reference's terms --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/tools/LayerReference.h"

namespace moec {

static reference::Type toReference(DType type) {
  switch (type) {
  case DType::F32:
    return reference::Type::F32;
  case DType::BF16:
    return reference::Type::BF16;
  }
  return reference::Type::F32;
}

static reference::Score toReference(ScoreFunction score) {
  switch (score) {
  case ScoreFunction::Identity:
    return reference::Score::Identity;
  case ScoreFunction::Softmax:
    return reference::Score::Softmax;
  case ScoreFunction::Sigmoid:
    return reference::Score::Sigmoid;
  }
  return reference::Score::Identity;
}

static void addRouter(const Router &router, reference::Layer &layer) {
  layer.topK = router.topK;
  layer.logitsType = toReference(router.logitsType);
  layer.logitsBias = router.logitsBias;
  layer.score = toReference(router.score);
  layer.scoreAfterTopK = router.scoreAfterTopK;
  layer.selectionBias = router.selectionBias;
  if (router.groups) {
    layer.groups = router.groups->count;
    layer.groupsKept = router.groups->kept;
    layer.groupScore = router.groups->score == GroupScore::SumOfTop2
                           ? reference::GroupScore::SumOfTop2
                           : reference::GroupScore::Max;
    layer.rejectedIsZero = router.groups->rejectedValue == RejectedValue::Zero;
  }
  layer.normalize = router.normalize;
  layer.normalizeEpsilon = router.normalizeEpsilon;
  layer.scale = router.scale;
  layer.routingType = toReference(router.weightsType);
}

reference::Layer toReference(const Layer &layer) {
  reference::Layer out;
  out.hidden = layer.hidden;
  out.experts = layer.experts;
  out.intermediate = layer.expert.intermediate;
  out.tokensType = toReference(layer.tokensType);
  out.weightsType = toReference(layer.weightsType);
  out.combineType = toReference(layer.combineType);
  out.activation = reference::Activation(toPostfix(layer.expert.activation));
  out.gateBias = layer.expert.gateBias;
  out.upBias = layer.expert.upBias;
  out.downBias = layer.expert.downBias;
  out.residual = layer.residual;
  addRouter(layer.router, out);
  if (layer.shared) {
    out.sharedIntermediate = layer.shared->mlp.intermediate;
    out.sharedActivation = reference::Activation(toPostfix(layer.shared->mlp.activation));
    out.sharedGate = layer.shared->gate;
  }
  return out;
}

WeightRole fromReference(reference::Weight weight) {
  switch (weight) {
  case reference::Weight::Router:
    return WeightRole::Router;
  case reference::Weight::RouterBias:
    return WeightRole::RouterBias;
  case reference::Weight::SelectionBias:
    return WeightRole::SelectionBias;
  case reference::Weight::ExpertGate:
    return WeightRole::ExpertGate;
  case reference::Weight::ExpertUp:
    return WeightRole::ExpertUp;
  case reference::Weight::ExpertDown:
    return WeightRole::ExpertDown;
  case reference::Weight::SharedGate:
    return WeightRole::SharedGate;
  case reference::Weight::SharedUp:
    return WeightRole::SharedUp;
  case reference::Weight::SharedDown:
    return WeightRole::SharedDown;
  case reference::Weight::SharedScale:
    return WeightRole::SharedScale;
  case reference::Weight::ExpertGateBias:
    return WeightRole::ExpertGateBias;
  case reference::Weight::ExpertUpBias:
    return WeightRole::ExpertUpBias;
  case reference::Weight::ExpertDownBias:
    return WeightRole::ExpertDownBias;
  }
  return WeightRole::Router;
}

double toleranceOf(const Layer &layer) {
  for (DType type :
       {layer.tokensType, layer.combineType, layer.router.logitsType, layer.router.weightsType})
    if (type == DType::BF16)
      return 2e-2;
  return 1e-5;
}

} // namespace moec
