//===- MoeVerifiers.cpp - Rules of the moe ops ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function an op, its rules in the order of the op's description; the id of
// a rule stands beside its check and in the test that breaks it.
//===----------------------------------------------------------------------===//

#include "dialects/moe/MoeOps.h"
#include "runtime/module/Limits.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::moe;

//===----------------------------------------------------------------------===//
// Scores and shares, which several ops take alike
//===----------------------------------------------------------------------===//

Type moec::moe::elementOf(Type scoresOrShares) {
  if (auto scores = dyn_cast<ScoresType>(scoresOrShares))
    return scores.getElementType();
  return cast<SharesType>(scoresOrShares).getElementType();
}

static Type withElement(Type scoresOrShares, Type element) {
  if (auto scores = dyn_cast<ScoresType>(scoresOrShares))
    return ScoresType::get(element.getContext(), scores.getExperts(), element);
  return SharesType::get(element.getContext(), cast<SharesType>(scoresOrShares).getTopK(), element);
}

/// Wanted and found extents of a weight, as `what must be [..], but is [..]`.
static LogicalResult verifyShape(Operation *op, StringRef what, RankedTensorType type,
                                 ArrayRef<int64_t> wanted) {
  if (type.getShape() == wanted)
    return success();
  InFlightDiagnostic diagnostic = op->emitOpError() << what << " must be [";
  llvm::interleaveComma(wanted, diagnostic);
  diagnostic << "], but is [";
  llvm::interleaveComma(type.getShape(), diagnostic);
  return diagnostic << "]";
}

static LogicalResult verifyF32(Operation *op, StringRef what, Type element) {
  if (element.isF32())
    return success();
  return op->emitOpError() << what << " must be f32, but is " << element;
}

static LogicalResult verifySameElement(Operation *op, ArrayRef<RankedTensorType> weights) {
  for (RankedTensorType weight : weights.drop_front())
    if (weight.getElementType() != weights.front().getElementType())
      return op->emitOpError() << "weights must have one element type, but have "
                               << weights.front().getElementType() << " and "
                               << weight.getElementType();
  return success();
}

//===----------------------------------------------------------------------===//
// moe.layer
//===----------------------------------------------------------------------===//

/// The number of experts that a type speaks of, if any.
static std::optional<int64_t> expertsOf(Type type) {
  if (auto scores = dyn_cast<ScoresType>(type))
    return scores.getExperts();
  if (auto choices = dyn_cast<ChoicesType>(type))
    return choices.getExperts();
  return std::nullopt;
}

static LogicalResult verifyExperts(LayerOp layer) {
  int64_t experts = layer.getExperts();
  if (experts < 1 || experts > maxExperts)
    return layer.emitOpError() << "experts must be between 1 and " << maxExperts << ", but are "
                               << experts;
  for (Operation &op : layer.getBody().front())
    for (Type type : op.getResultTypes())
      if (auto found = expertsOf(type); found && *found != experts)
        return op.emitOpError() << "result must speak of the layer's " << experts
                                << " experts, but speaks of " << *found;
  return success();
}

static LogicalResult verifyPlacement(LayerOp layer) {
  PlacementAttr placement = layer.getPlacementAttr();
  if (!placement)
    return success();
  int64_t ranks = layer.getMesh().getRanks(), experts = layer.getExperts();
  if (static_cast<int64_t>(placement.getSlots().size()) != ranks) // layer-c3
    return layer.emitOpError() << "placement must list the experts of " << ranks
                               << " ranks, but lists those of " << placement.getSlots().size();
  SmallVector<bool> placed(experts);
  for (auto [rank, list] : llvm::enumerate(placement.getSlots()))
    for (int64_t expert : list.asArrayRef()) { // layer-c4
      if (expert >= experts)
        return layer.emitOpError() << "placement must name experts below " << experts
                                   << ", but rank " << rank << " has " << expert;
      placed[expert] = true;
    }
  const bool *missing = llvm::find(placed, false);
  if (missing != placed.end()) // layer-c4
    return layer.emitOpError() << "placement must hold every expert, but expert "
                               << (missing - placed.begin()) << " is on no rank";
  return success();
}

static LogicalResult verifyRequest(LayerOp layer) {
  PlacementRequestAttr request = layer.getRequestAttr();
  if (!request)
    return success();
  auto below = [&](StringRef what, int64_t number, int64_t end) -> LogicalResult {
    if (number < end)
      return success();
    return layer.emitOpError() << "request must name " << what << " below " << end << ", but names "
                               << number;
  };
  int64_t experts = layer.getExperts(), ranks = layer.getMesh().getRanks();
  if (LoadAttr load = request.getLoad(); load && load.getCounts()[0].size() != experts) // layer-c6
    return layer.emitOpError() << "request must count " << experts << " experts, but counts "
                               << load.getCounts()[0].size();
  for (DenseI64ArrayAttr list : request.getHolds()) { // layer-c6
    if (failed(below("ranks", list[0], ranks)))
      return failure();
    for (int64_t expert : list.asArrayRef().drop_front())
      if (failed(below("experts", expert, experts)))
        return failure();
  }
  for (DenseI64ArrayAttr pin : request.getPins()) { // layer-c6
    if (failed(below("experts", pin[0], experts)))
      return failure();
    for (int64_t rank : pin.asArrayRef().drop_front())
      if (failed(below("ranks", rank, ranks)))
        return failure();
  }
  return success();
}

static LogicalResult verifyRolesOnce(LayerOp layer) {
  SmallVector<WeightOp> seen(getMaxEnumValForWeightRole() + 1);
  for (auto weight : layer.getBody().getOps<WeightOp>()) { // layer-c7
    WeightOp &first = seen[static_cast<uint32_t>(weight.getRole())];
    if (first) {
      InFlightDiagnostic diagnostic = weight.emitOpError()
                                      << "role " << stringifyWeightRole(weight.getRole())
                                      << " must be in a layer once, but is there again";
      diagnostic.attachNote(first.getLoc()) << "first here";
      return diagnostic;
    }
    first = weight;
  }
  return success();
}

LogicalResult LayerOp::verifyRegions() {
  Block &body = getBody().front();
  if (body.getNumArguments() != 1 || !isa<TokensType>(body.getArgument(0).getType())) // layer-c1
    return emitOpError() << "body must have one argument of token rows, but has "
                         << body.getArgumentTypes();
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield)
    return emitOpError() << "body must end in moe.yield, but ends in "
                         << body.getTerminator()->getName();
  if (failed(verifyExperts(*this)) || failed(verifyPlacement(*this)) || // layer-c2
      failed(verifyRequest(*this)) || failed(verifyRolesOnce(*this)))
    return failure();
  if (std::optional<uint64_t> most = getMaxTokens();
      most && (*most < 1 || *most > maxTokensPerRank))
    return emitOpError() << "tokens must be at most between 1 and " << maxTokensPerRank
                         << ", but are " << *most; // layer-c8
  int64_t wanted = cast<TokensType>(getTokens().getType()).getHidden();
  int64_t found = cast<TokensType>(yield.getRows().getType()).getHidden();
  if (wanted != found) // layer-c5
    return yield.emitOpError() << "rows must have the layer's hidden size " << wanted
                               << ", but have " << found;
  return success();
}

//===----------------------------------------------------------------------===//
// moe.weight
//===----------------------------------------------------------------------===//

static int64_t rankOf(WeightRole role) {
  switch (role) {
  case WeightRole::RouterBias:
  case WeightRole::SelectionBias:
    return 1;
  case WeightRole::ExpertGateBias:
  case WeightRole::ExpertUpBias:
  case WeightRole::ExpertDownBias:
  case WeightRole::Router:
  case WeightRole::SharedGate:
  case WeightRole::SharedUp:
  case WeightRole::SharedDown:
  case WeightRole::SharedScale:
    return 2;
  case WeightRole::ExpertGate:
  case WeightRole::ExpertUp:
  case WeightRole::ExpertDown:
    return 3;
  }
  llvm_unreachable("unknown role");
}

LogicalResult WeightOp::verify() {
  std::string fault = checkWeightName(getRole(), getName(), getLayoutAttr()); // weight-c1
  if (!fault.empty())
    return emitOpError() << fault;
  RankedTensorType type = getTensor().getType();
  if (type.getRank() != rankOf(getRole())) // weight-c2
    return emitOpError() << stringifyWeightRole(getRole()) << " must have " << rankOf(getRole())
                         << " extents, but has " << type.getRank();
  if (llvm::any_of(type.getShape(), [](int64_t extent) { return extent < 1; }))
    return emitOpError() << "extents must be positive, but the type is " << type;
  if (type.getRank() == 1) // a bias: weight-c3
    return verifyF32(*this, "elements of a bias", type.getElementType());
  if (!isSupportedElement(type.getElementType()))
    return emitOpError() << "elements must be f32 or bf16, but are " << type.getElementType();
  return success();
}

//===----------------------------------------------------------------------===//
// Router
//===----------------------------------------------------------------------===//

LogicalResult RouterLogitsOp::verify() {
  ScoresType logits = getLogits().getType();
  if (failed(verifyShape(*this, "matrix", getMatrix().getType(),
                         {logits.getExperts(), getTokens().getType().getHidden()})))
    return failure();                                         // router_logits-c1
  return verifyF32(*this, "result", logits.getElementType()); // router_logits-c2
}

LogicalResult AddBiasOp::verify() {
  if (failed(verifyShape(*this, "vector", getBias().getType(), getScores().getType().getExperts())))
    return failure(); // add_bias-c1
  if (failed(verifyF32(*this, "scores", getScores().getType().getElementType())))
    return failure(); // add_bias-c2
  return verifyF32(*this, "vector", getBias().getType().getElementType());
}

/// round-c1, score-c1
static LogicalResult verifySameButElement(Operation *op, Type from, Type to) {
  if (from.getTypeID() == to.getTypeID() && withElement(from, elementOf(to)) == to)
    return success();
  return op->emitOpError() << "operand and result must differ in the element type alone, but are "
                           << from << " and " << to;
}

LogicalResult RoundOp::verify() {
  Type from = getValues().getType(), to = getResult().getType();
  if (failed(verifySameButElement(*this, from, to))) // round-c1
    return failure();
  if (elementOf(to).getIntOrFloatBitWidth() > elementOf(from).getIntOrFloatBitWidth()) // round-c2
    return emitOpError() << "result must not be wider than " << elementOf(from) << ", but is "
                         << elementOf(to);
  return success();
}

LogicalResult ScoreOp::verify() {
  if (failed(verifySameButElement(*this, getValues().getType(), getResult().getType())))
    return failure();                                                  // score-c1
  return verifyF32(*this, "result", elementOf(getResult().getType())); // score-c2
}

LogicalResult GroupLimitOp::verify() {
  int64_t experts = getScores().getType().getExperts(), count = getCount(), kept = getKept();
  if (count < 1 || experts % count != 0) // group_limit-c1
    return emitOpError() << "groups must divide the " << experts << " experts, but are " << count;
  if (kept < 1 || kept > count) // group_limit-c2
    return emitOpError() << "groups that are kept must be between 1 and " << count << ", but are "
                         << kept;
  if (getBy() == GroupScore::SumOfTop2 && experts / count < 2) // group_limit-c3
    return emitOpError() << "a group must have 2 experts or more to sum the best two, but has "
                         << experts / count;
  return success();
}

LogicalResult TopKOp::verify() {
  ChoicesType choices = getChoices().getType();
  int64_t experts = getScores().getType().getExperts();
  if (choices.getExperts() != experts) // topk-c1
    return emitOpError() << "choices must be of the " << experts
                         << " experts of the scores, but are of " << choices.getExperts();
  auto limit = getScores().getDefiningOp<GroupLimitOp>();
  if (!limit || limit.getCount() < 1)
    return success();
  int64_t reachable = experts / limit.getCount() * limit.getKept();
  if (choices.getTopK() <= reachable) // topk-c2
    return success();
  InFlightDiagnostic diagnostic = emitOpError() << "choices must be at most the " << reachable
                                                << " experts of the groups that are kept, but are "
                                                << choices.getTopK();
  diagnostic.attachNote(limit.getLoc()) << "groups are limited here";
  return diagnostic;
}

LogicalResult GatherScoresOp::verify() {
  ScoresType scores = getScores().getType();
  ChoicesType choices = getChoices().getType();
  if (choices.getExperts() != scores.getExperts()) // gather_scores-c1
    return emitOpError() << "choices must be of the " << scores.getExperts()
                         << " experts of the scores, but are of " << choices.getExperts();
  Type wanted = SharesType::get(getContext(), choices.getTopK(), scores.getElementType());
  if (getShares().getType() != wanted) // gather_scores-c2
    return emitOpError() << "result must be " << wanted << ", but is " << getShares().getType();
  return success();
}

LogicalResult NormalizeOp::verify() {
  if (failed(verifyF32(*this, "shares", getShares().getType().getElementType())))
    return failure();                                        // normalize-c1
  if (!getEpsilon().isFinite() || getEpsilon().isNegative()) // normalize-c2
    return emitOpError() << "epsilon must be finite and not negative, but is " << getEpsilonAttr();
  return success();
}

LogicalResult ScaleOp::verify() {
  if (failed(verifyF32(*this, "shares", getShares().getType().getElementType())))
    return failure();          // scale-c1
  if (!getFactor().isFinite()) // scale-c2
    return emitOpError() << "factor must be finite, but is " << getFactorAttr();
  return success();
}

//===----------------------------------------------------------------------===//
// Experts and their sum
//===----------------------------------------------------------------------===//

/// The shape of a weight that may be missing.
static LogicalResult verifyOptionalShape(Operation *op, StringRef what, Value weight,
                                         ArrayRef<int64_t> wanted) {
  if (!weight)
    return success();
  return verifyShape(op, what, cast<RankedTensorType>(weight.getType()), wanted);
}

/// experts-c4, shared_expert-c4
static LogicalResult verifyGate(Operation *op, ActivationAttr activation, Value gate, Value bias) {
  bool isRead = activation.getExpression().usesGate();
  if (isRead != static_cast<bool>(gate))
    return op->emitOpError() << "the activation " << (isRead ? "reads the gate" : "reads no gate")
                             << ", but there is " << (gate ? "one" : "none");
  if (bias && !gate)
    return op->emitOpError() << "there is a bias of the gate, but no gate";
  return success();
}

LogicalResult ExpertsOp::verify() {
  int64_t hidden = getTokens().getType().getHidden();
  int64_t experts = getChoices().getType().getExperts();
  Value first = getGate() ? getGate() : getUp();
  int64_t intermediate = cast<RankedTensorType>(first.getType()).getDimSize(1);
  if (failed(verifyGate(*this, getActivationAttr(), getGate(), getGateBias())))
    return failure(); // experts-c4
  if (failed(verifyOptionalShape(*this, "gate", getGate(), {experts, intermediate, hidden})) ||
      failed(verifyShape(*this, "up", getUp().getType(), {experts, intermediate, hidden})) ||
      failed(verifyShape(*this, "down", getDown().getType(), {experts, hidden, intermediate})) ||
      failed(verifyOptionalShape(*this, "gate bias", getGateBias(), {experts, intermediate})) ||
      failed(verifyOptionalShape(*this, "up bias", getUpBias(), {experts, intermediate})) ||
      failed(verifyOptionalShape(*this, "down bias", getDownBias(), {experts, hidden})))
    return failure(); // experts-c1
  SmallVector<RankedTensorType> stacks;
  for (Value stack : {getGate(), getUp(), getDown()})
    if (stack)
      stacks.push_back(cast<RankedTensorType>(stack.getType()));
  if (failed(verifySameElement(*this, stacks)))
    return failure(); // experts-c2
  RowsType rows = getRows().getType();
  int64_t topK = getChoices().getType().getTopK();
  if (rows.getHidden() != hidden || rows.getTopK() != topK) // experts-c3
    return emitOpError() << "result must hold " << topK << " rows of " << hidden
                         << " elements a token, but holds " << rows.getTopK() << " of "
                         << rows.getHidden();
  return success();
}

LogicalResult SharedExpertOp::verify() {
  int64_t hidden = getTokens().getType().getHidden();
  Value first = getGate() ? getGate() : getUp();
  int64_t intermediate = cast<RankedTensorType>(first.getType()).getDimSize(0);
  if (failed(verifyGate(*this, getActivationAttr(), getGate(), Value())))
    return failure(); // shared_expert-c4
  if (failed(verifyOptionalShape(*this, "gate", getGate(), {intermediate, hidden})) ||
      failed(verifyShape(*this, "up", getUp().getType(), {intermediate, hidden})) ||
      failed(verifyShape(*this, "down", getDown().getType(), {hidden, intermediate})) ||
      failed(verifyOptionalShape(*this, "scale", getScale(), {1, hidden})))
    return failure(); // shared_expert-c1
  SmallVector<RankedTensorType> weights;
  for (Value weight : {getGate(), getUp(), getDown(), getScale()})
    if (weight)
      weights.push_back(cast<RankedTensorType>(weight.getType()));
  if (failed(verifySameElement(*this, weights))) // shared_expert-c2
    return failure();
  TokensType rows = getRows().getType();
  if (rows.getHidden() != hidden) // shared_expert-c3
    return emitOpError() << "result must have the tokens' hidden size " << hidden << ", but has "
                         << rows.getHidden();
  return verifyF32(*this, "result", rows.getElementType());
}

LogicalResult CombineOp::verify() {
  RowsType rows = getRows().getType();
  if (rows.getTopK() != getShares().getType().getTopK()) // combine-c1
    return emitOpError() << "shares must be of the " << rows.getTopK()
                         << " rows a token, but are of " << getShares().getType().getTopK();
  Type wanted = TokensType::get(getContext(), rows.getHidden(), Float32Type::get(getContext()));
  if (getShared() && getShared().getType() != wanted) // combine-c2
    return emitOpError() << "shared must be " << wanted << ", but is " << getShared().getType();
  if (getResidual() && cast<TokensType>(getResidual().getType()).getHidden() != rows.getHidden())
    return emitOpError() << "residual must have the rows' hidden size " << rows.getHidden()
                         << ", but is " << getResidual().getType(); // combine-c2
  if (getResult().getType() != wanted)                              // combine-c2
    return emitOpError() << "result must be " << wanted << ", but is " << getResult().getType();
  return success();
}
