//===- ClosedForm.cpp - From the ops of a layer to its closed form --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks from the result back to the tokens. All ops are pure, so whatever the walk
// does not meet has no part in the result. A body may also hold ops of other
// dialects: every step asks what a value comes from.
//===----------------------------------------------------------------------===//

#include "passes/check/ClosedForm.h"
#include "mlir/IR/Builders.h"

namespace moec {
namespace {
using namespace mlir;

/// Collects the closed form of one layer; the members are filled from the
/// result backwards.
class BodyReader {
public:
  explicit BodyReader(moe::LayerOp layer) : layer(layer) {}
  FailureOr<moe::LayerAttr> read();

private:
  LogicalResult readShares(Value shares);
  LogicalResult readScores(Operation *user, Value scores);
  LogicalResult readChoice(Value choosing);
  LogicalResult readExperts();
  LogicalResult readShared();
  /// Reports unless the bias has the role that its place in the body gives it.
  LogicalResult expectRole(Operation *user, Value weight, moe::WeightRole role);
  LogicalResult expectType(Operation *user, Value weight, StringRef what);

  moe::LayerOp layer;
  moe::ExpertsOp experts;
  moe::SharedExpertOp shared;
  moe::TopKOp topK;
  Value scores, logits; ///< what gather_scores reads, and z
  Type logitsType, sharesType;
  moe::ScoreFunction function = moe::ScoreFunction::Identity;
  bool scoreAfterTopK = false, logitsBias = false, selectionBias = false;
  moe::GroupsAttr groups;
  FloatAttr normalize, scale;
};
} // namespace

static InFlightDiagnostic unsupported(Operation *op) { return op->emitError() << kUnsupported; }

/// "moe.scale", or what a value without an op is.
static std::string sourceOf(Value value) {
  if (Operation *op = value.getDefiningOp())
    return op->getName().getStringRef().str();
  return "the layer's tokens";
}

/// The value below scores that widen and do nothing else.
static Value withoutIdentity(Value value) {
  while (auto score = value.getDefiningOp<moe::ScoreOp>()) {
    if (score.getFunction() != moe::ScoreFunction::Identity)
      break;
    value = score.getValues();
  }
  return value;
}

LogicalResult BodyReader::expectRole(Operation *user, Value weight, moe::WeightRole role) {
  auto found = weight.getDefiningOp<moe::WeightOp>();
  if (!found)
    return unsupported(user) << "weights must come from moe.weight, but one comes from "
                             << sourceOf(weight);
  if (found.getRole() == role)
    return success();
  return user->emitError() << "weight here must be " << stringifyWeightRole(role) << ", but is "
                           << stringifyWeightRole(found.getRole());
}

LogicalResult BodyReader::expectType(Operation *user, Value weight, StringRef what) {
  Type wanted = experts.getUp().getType().getElementType();
  Type found = cast<RankedTensorType>(weight.getType()).getElementType();
  if (wanted == found)
    return success();
  return unsupported(user) << what << " must be " << wanted << " like the experts, but is "
                           << found;
}

/// round(scale(normalize(score?(gather_scores))))
LogicalResult BodyReader::readShares(Value shares) {
  sharesType = moe::elementOf(shares.getType());
  if (auto round = shares.getDefiningOp<moe::RoundOp>())
    shares = round.getValues();
  if (auto op = shares.getDefiningOp<moe::ScaleOp>()) {
    scale = op.getFactor().convertToDouble() == 1.0 ? FloatAttr() : op.getFactorAttr();
    shares = op.getShares();
  }
  if (auto op = shares.getDefiningOp<moe::NormalizeOp>()) {
    normalize = op.getEpsilonAttr();
    shares = op.getShares();
  }
  if (auto op = withoutIdentity(shares).getDefiningOp<moe::ScoreOp>()) {
    function = op.getFunction();
    scoreAfterTopK = true;
    shares = op.getValues();
  }
  auto gather = withoutIdentity(shares).getDefiningOp<moe::GatherScoresOp>();
  if (!gather) {
    Operation *end = shares.getDefiningOp(); // no block argument is shares in a verified layer
    return unsupported(end) << "shares must be gathered scores that are scored, normalised, scaled "
                               "and rounded, each at most once and in this order, but "
                            << sourceOf(shares) << " is there";
  }
  scores = gather.getScores();
  topK = gather.getChoices().getDefiningOp<moe::TopKOp>();
  if (!topK)
    return unsupported(gather) << "choices must come from moe.top_k, but come from "
                               << sourceOf(gather.getChoices());
  return readScores(gather, scores);
}

/// score?(round?(add_bias?(router_logits)))
LogicalResult BodyReader::readScores(Operation *user, Value value) {
  value = withoutIdentity(value);
  if (auto op = value.getDefiningOp<moe::ScoreOp>()) {
    if (scoreAfterTopK)
      return unsupported(op) << "scores must be before the choice or after it, but are both";
    function = op.getFunction();
    value = withoutIdentity(op.getValues());
  }
  logits = value;
  logitsType = moe::elementOf(value.getType());
  if (auto op = value.getDefiningOp<moe::RoundOp>())
    value = op.getValues();
  if (auto op = value.getDefiningOp<moe::AddBiasOp>()) {
    if (failed(expectRole(op, op.getBias(), moe::WeightRole::RouterBias)))
      return failure();
    logitsBias = true;
    value = op.getScores();
  }
  auto product = value.getDefiningOp<moe::RouterLogitsOp>();
  if (!product)
    return unsupported(user)
           << "scores must be router logits with at most a bias, a rounding and a "
              "score function, in this order, but "
           << sourceOf(value) << " is there";
  if (failed(expectRole(product, product.getMatrix(), moe::WeightRole::Router)))
    return failure();
  if (product.getTokens() != layer.getTokens())
    return unsupported(product) << "router must read the layer's tokens, but reads "
                                << sourceOf(product.getTokens());
  return expectType(product, product.getMatrix(), "router matrix");
}

/// group_limit?(add_bias?(scores))
LogicalResult BodyReader::readChoice(Value value) {
  if (auto op = value.getDefiningOp<moe::GroupLimitOp>()) {
    groups = moe::GroupsAttr::get(layer.getContext(), op.getCount(), op.getKept(), op.getBy(),
                                  op.getRejected());
    value = op.getScores();
  }
  if (value != scores && withoutIdentity(value) != withoutIdentity(scores)) {
    if (auto op = value.getDefiningOp<moe::AddBiasOp>()) {
      if (failed(expectRole(op, op.getBias(), moe::WeightRole::SelectionBias)))
        return failure();
      selectionBias = true;
      value = op.getScores();
    }
  }
  if (withoutIdentity(value) == withoutIdentity(scores))
    return success();
  return unsupported(topK)
         << "choice must be on the gathered scores with at most a bias and a group "
            "limit, in this order, but "
         << sourceOf(value) << " is there";
}

LogicalResult BodyReader::readExperts() {
  if (experts.getTokens() != layer.getTokens())
    return unsupported(experts) << "experts must read the layer's tokens, but read "
                                << sourceOf(experts.getTokens());
  if (experts.getChoices() != topK.getChoices())
    return unsupported(experts)
           << "experts must be those whose scores are gathered, but are others";
  const std::pair<Value, moe::WeightRole> weights[] = {
      {experts.getGate(), moe::WeightRole::ExpertGate},
      {experts.getUp(), moe::WeightRole::ExpertUp},
      {experts.getDown(), moe::WeightRole::ExpertDown},
      {experts.getGateBias(), moe::WeightRole::ExpertGateBias},
      {experts.getUpBias(), moe::WeightRole::ExpertUpBias},
      {experts.getDownBias(), moe::WeightRole::ExpertDownBias}};
  for (auto [weight, role] : weights)
    if (weight && failed(expectRole(experts, weight, role)))
      return failure();
  return success();
}

LogicalResult BodyReader::readShared() {
  if (shared.getTokens() != layer.getTokens())
    return unsupported(shared) << "shared expert must read the layer's tokens, but reads "
                               << sourceOf(shared.getTokens());
  if ((shared.getGate() &&
       failed(expectRole(shared, shared.getGate(), moe::WeightRole::SharedGate))) ||
      failed(expectRole(shared, shared.getUp(), moe::WeightRole::SharedUp)) ||
      failed(expectRole(shared, shared.getDown(), moe::WeightRole::SharedDown)))
    return failure();
  if (shared.getScale() &&
      failed(expectRole(shared, shared.getScale(), moe::WeightRole::SharedScale)))
    return failure();
  return expectType(shared, shared.getUp(), "shared expert");
}

FailureOr<moe::LayerAttr> BodyReader::read() {
  moe::YieldOp yield = layer.getYield();
  auto combine = yield.getRows().getDefiningOp<moe::CombineOp>();
  if (!combine) {
    unsupported(yield) << "result must come from moe.combine, but comes from "
                       << sourceOf(yield.getRows());
    return failure();
  }
  experts = combine.getRows().getDefiningOp<moe::ExpertsOp>();
  if (!experts) {
    unsupported(combine) << "rows must come from moe.experts, but come from "
                         << sourceOf(combine.getRows());
    return failure();
  }
  if (combine.getShared()) {
    shared = combine.getShared().getDefiningOp<moe::SharedExpertOp>();
    if (!shared) {
      unsupported(combine) << "what is added must come from moe.shared_expert, but comes from "
                           << sourceOf(combine.getShared());
      return failure();
    }
  }
  if (combine.getResidual() && combine.getResidual() != layer.getTokens()) {
    unsupported(combine) << "residual must be the layer's tokens, but comes from "
                         << sourceOf(combine.getResidual());
    return failure();
  }
  if (failed(readShares(combine.getShares())) || failed(readChoice(topK.getScores())) ||
      failed(readExperts()) || (shared && failed(readShared())))
    return failure();

  MLIRContext *context = layer.getContext();
  auto router = moe::RouterAttr::get(context, topK.getChoices().getType().getTopK(), logitsType,
                                     function, sharesType, logitsBias, scoreAfterTopK,
                                     selectionBias, groups, normalize, scale);
  auto mlp = moe::MlpAttr::get(context, experts.getUp().getType().getDimSize(1),
                               experts.getActivation(), experts.getGateBias() != nullptr,
                               experts.getUpBias() != nullptr, experts.getDownBias() != nullptr,
                               /*scaled=*/false);
  moe::MlpAttr sharedMlp;
  if (shared)
    sharedMlp = moe::MlpAttr::get(context, shared.getUp().getType().getDimSize(0),
                                  shared.getActivation(), /*gate_bias=*/false, /*up_bias=*/false,
                                  /*down_bias=*/false, shared.getScale() != nullptr);
  SmallVector<moe::WeightNameAttr> names;
  for (auto weight : layer.getBody().getOps<moe::WeightOp>())
    if (!weight.use_empty())
      names.push_back(moe::WeightNameAttr::get(context, weight.getRole(), weight.getName(),
                                               weight.getLayoutAttr()));
  auto tokens = cast<moe::TokensType>(layer.getTokens().getType());
  auto emitError = [&] { return layer.emitError(); };
  auto attribute = moe::LayerAttr::getChecked(
      llvm::function_ref<InFlightDiagnostic()>(emitError), context, tokens.getHidden(),
      static_cast<int64_t>(layer.getExperts()), tokens.getElementType(),
      experts.getUp().getType().getElementType(), experts.getRows().getType().getElementType(),
      router, mlp, sharedMlp, combine.getResidual() != nullptr,
      ArrayRef<moe::WeightNameAttr>(names));
  if (!attribute)
    return failure();
  return attribute;
}

FailureOr<moe::LayerAttr> closedForm(moe::LayerOp layer) { return BodyReader(layer).read(); }

} // namespace moec
