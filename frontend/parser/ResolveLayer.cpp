//===- ResolveLayer.cpp - Layers: sizes, types, experts -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"

namespace moec::frontend {

namespace {
class LayerResolver {
public:
  LayerResolver(const Statement &block, Diagnostics &diagnostics)
      : block(block), diagnostics(diagnostics) {}
  ResolvedLayer run();

private:
  void resolveStatement(const Statement &statement);
  void resolveExperts(const Statement &experts);
  void resolveShared(const Statement &shared);
  void resolveMlp(const Statement &mlp, GatedMlp &result);
  void resolveSharedScale(const Statement &statement, SharedExpert &expert);
  void resolveType(const Statement &statement);
  void resolveCombine(const Statement &statement);
  void refuseAccumulation(const Statement &statement);

  const Statement &block;
  Diagnostics &diagnostics;
  ResolvedLayer result;
};
} // namespace

void LayerResolver::resolveMlp(const Statement &mlp, GatedMlp &to) {
  for (const Statement &statement : mlp.body) {
    if (statement.name() == "width")
      to.intermediate = readInteger(statement, "size", 1, maxIntermediate, diagnostics).value_or(0);
    else if (statement.name() == "activation")
      resolveActivation(statement, to, diagnostics);
    else if (statement.name() == "form" && statement.find("form") &&
             statement.find("form")->text != "mlp")
      refuse(statement, "an expert of two embedding rows", "", diagnostics);
  }
}

void LayerResolver::resolveExperts(const Statement &experts) {
  if (experts.find("name")) {
    refuse(experts, "more than one set of experts", "write `experts N { .. }` without a name",
           diagnostics);
    return;
  }
  if (result.locations.experts.isValid()) {
    diagnostics.report(DiagnosticId::DuplicateStatement, experts.location, {"experts"})
        .at(result.locations.experts, "first here");
    return;
  }
  result.locations.experts = experts.location;
  result.layer.experts = readInteger(experts, "count", 1, maxExperts, diagnostics).value_or(0);
  resolveMlp(experts, result.layer.expert);
  if (const Statement *bias = findStatement(experts, "bias"))
    resolveBias(*bias, result.layer.expert, diagnostics);
  if (const Statement *activation = findStatement(experts, "activation"))
    result.locations.activation = activation->location;
}

void LayerResolver::resolveSharedScale(const Statement &statement, SharedExpert &expert) {
  const Value *value = statement.find("value");
  result.locations.sharedScale = statement.location;
  if (!value ||
      !checkExpression(value->expression, ExpressionContext::SharedScale, "scale", diagnostics))
    return;
  const Expression &scale = value->expression;
  bool isGate = scale.isCall("sigmoid", 1) && scale.operands[0].isCall("linear", 1) &&
                scale.operands[0].operands[0].isName("x");
  if (isGate)
    expert.gate = true;
  else
    diagnostics
        .report(DiagnosticId::UnsupportedExpression, value->location,
                {"the scale", formatExpression(scale)})
        .help("implemented: sigmoid(linear(x))");
}

/// n shared experts of one width, all added, are one of n times the width.
void LayerResolver::resolveShared(const Statement &shared) {
  if (result.layer.shared)
    return; // reported as given twice
  result.locations.shared = shared.location;
  SharedExpert &expert = result.layer.shared.emplace();
  uint64_t count = 1;
  if (shared.find("count"))
    count = readInteger(shared, "count", 1, maxExperts, diagnostics).value_or(0);
  GatedMlp &mlp = expert.mlp;
  resolveMlp(shared, mlp);
  if (const Statement *bias = findStatement(shared, "bias"))
    refuse(*bias, "a bias inside the shared expert", "", diagnostics);
  if (const Statement *scale = findStatement(shared, "scale"))
    resolveSharedScale(*scale, expert);
  uint64_t width = count * mlp.intermediate;
  mlp.intermediate = width <= maxIntermediate ? static_cast<uint32_t>(width) : 0;
  if (width > maxIntermediate)
    diagnostics.report(DiagnosticId::OutOfRange, shared.location,
                       {"width of all shared experts", "1.." + std::to_string(maxIntermediate),
                        std::to_string(width)});
}

void LayerResolver::resolveType(const Statement &statement) {
  const Value *of = statement.find("of"), *type = statement.find("type");
  if (!of || !type)
    return;
  LayerLocations &places = result.locations;
  bool isFormat = statement.find("block") || statement.find("scale");
  bool isPlain = type->text == "f32" || type->text == "bf16";
  DType dtype = type->text == "f32" ? DType::F32 : DType::BF16;
  if (isFormat || !isPlain) {
    diagnostics
        .report(DiagnosticId::UnsupportedType, statement.location,
                {isFormat ? type->text + " in scaled blocks" : type->text, of->text})
        .help("implemented: f32 and bf16, without blocks");
    return;
  }
  if (of->text == "tokens") {
    result.layer.tokensType = dtype;
    places.tokensType = statement.location;
  } else if (of->text == "weights") {
    result.layer.weightsType = dtype;
    places.weightsType = statement.location;
  } else if (of->text == "combine") {
    result.layer.combineType = dtype;
    places.combineType = statement.location;
  } else if (of->text == "selection_bias" && dtype != DType::F32) {
    diagnostics.report(DiagnosticId::UnsupportedType, statement.location, {type->text, of->text})
        .help("implemented: f32");
  }
}

/// The wire carries the tokens as they are; checked once both types are known.
static void checkWire(const Statement &block, const moec::Layer &layer, Diagnostics &diagnostics) {
  for (const Statement &statement : block.body) {
    const Value *of = statement.find("of"), *type = statement.find("type");
    bool isWire = statement.name() == "type" && of && type && of->text == "wire" &&
                  (type->text == "f32" || type->text == "bf16");
    if (isWire && (type->text == "f32") != (layer.tokensType == DType::F32))
      diagnostics.report(DiagnosticId::UnsupportedType, statement.location, {type->text, "wire"})
          .help("implemented: the type of the tokens");
  }
}

void LayerResolver::resolveCombine(const Statement &statement) {
  const Value *value = statement.find("value");
  result.locations.combine = statement.location;
  if (!value ||
      !checkExpression(value->expression, ExpressionContext::Combine, "combine", diagnostics))
    return;
  const Expression &sum = value->expression;
  const Statement *shared = findStatement(block, "shared");
  if (mentions(sum, "shared") && !shared && !block.bodyDamaged) {
    diagnostics.report(DiagnosticId::NoShared, value->location);
    return;
  }
  if (!mentions(sum, "shared") && shared) {
    diagnostics.report(DiagnosticId::SharedLeftOut, value->location)
        .at(shared->location, "the shared expert");
    return;
  }
  if (!sum.isName("routed") && !isSum(sum, "routed", "shared"))
    diagnostics
        .report(DiagnosticId::UnsupportedExpression, value->location,
                {"the combination", formatExpression(sum)})
        .help("implemented: routed, routed + shared");
}

void LayerResolver::refuseAccumulation(const Statement &statement) {
  const Value *type = statement.find("type"), *order = statement.find("order");
  bool isOwn = type && type->text == "f32" && (!order || order->text == "slots");
  if (type && !isOwn)
    refuse(statement, "this accumulation of experts' results",
           "implemented: accumulate f32 by slots", diagnostics);
}

void LayerResolver::resolveStatement(const Statement &statement) {
  std::string_view keyword = statement.name();
  if (keyword == "hidden") {
    result.layer.hidden = readInteger(statement, "size", 1, maxHidden, diagnostics).value_or(0);
    result.locations.hidden = statement.location;
  } else if (keyword == "experts") {
    resolveExperts(statement);
  } else if (keyword == "shared") {
    resolveShared(statement);
  } else if (keyword == "type") {
    resolveType(statement);
  } else if (keyword == "combine") {
    resolveCombine(statement);
  } else if (keyword == "accumulate") {
    refuseAccumulation(statement);
  } else if (keyword == "latent") {
    refuse(statement, "a latent width between the layer and its experts", "", diagnostics);
  } else if (keyword == "zero_experts") {
    refuse(statement, "a set of experts without weights", "", diagnostics);
  } else if (keyword == "dense") {
    refuse(statement, "a dense branch beside the experts", "", diagnostics);
  } else if (keyword == "residual" && statement.find("value")) {
    const Value &value = *statement.find("value");
    if (!checkExpression(value.expression, ExpressionContext::Residual, "residual", diagnostics))
      return;
    result.layer.residual = isSum(value.expression, "x", "y");
    if (!result.layer.residual)
      diagnostics
          .report(DiagnosticId::UnsupportedExpression, value.location,
                  {"the residual", formatExpression(value.expression)})
          .help("implemented: x + y");
  }
}

ResolvedLayer LayerResolver::run() {
  if (const Value *name = block.find("name"))
    result.layer.name = name->text;
  result.locations.layer = block.location;
  for (const Statement &statement : block.body)
    resolveStatement(statement);
  checkWire(block, result.layer, diagnostics);
  if (const Statement *router = findStatement(block, "router"))
    resolveRouter(*router, result, diagnostics);
  const Statement *weights = findStatement(block, "weights");
  if (!block.bodyDamaged && block.hasBody)
    resolveCheckpoint(weights, result, diagnostics);
  return std::move(result);
}

ResolvedLayer resolveLayer(const Statement &block, Diagnostics &diagnostics) {
  return LayerResolver(block, diagnostics).run();
}

} // namespace moec::frontend
