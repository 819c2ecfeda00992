//===- ResolveRouter.cpp - Routers ----------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A router is a row of formulas. Each is checked for its names, then compared
// with the forms that Layer.h can hold; any other is refused as it is written.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Suggest.h"

#include <cmath>

namespace moec::frontend {

namespace {
/// What `choose` ranks.
struct Choice {
  enum class Of : uint8_t { Unknown, Score, Logits } of = Of::Unknown;
  bool bias = false;
  Location location;
};

/// factor * numerator / denominators
struct Product {
  double factor = 1;
  std::vector<const Expression *> numerators, denominators;
};

class RouterResolver {
public:
  RouterResolver(const Statement &block, ResolvedLayer &result, Diagnostics &diagnostics)
      : block(block), result(result), router(result.layer.router), diagnostics(diagnostics) {}
  void run();

private:
  const Expression *expression(const Statement *statement, std::string_view field,
                               ExpressionContext context);
  void unsupported(const Statement &statement, const char *what, const Expression &expression,
                   const char *implemented);
  DType readType(const Statement &statement, DType otherwise);
  void resolveInput();
  void resolveLogits();
  void resolveScore();
  void resolveChoose();
  void resolveWeights();
  void resolveGroups();
  void checkGroups(const Statement &groups, const GroupLimit &limit);
  void joinScoreAndWeights(const Statement &weights, const Expression &base);
  void refuseRest();

  const Statement &block;
  ResolvedLayer &result;
  Router &router;
  Diagnostics &diagnostics;
  const Statement *scoreStatement = nullptr;
  /// The score's function if there is a score and it is implemented.
  std::optional<ScoreFunction> score;
  Choice choice;
};
} // namespace

const Expression *RouterResolver::expression(const Statement *statement, std::string_view field,
                                             ExpressionContext context) {
  const Value *value = statement ? statement->find(field) : nullptr;
  if (!value || !checkExpression(value->expression, context, statement->rule->keyword, diagnostics))
    return nullptr;
  return &value->expression;
}

void RouterResolver::unsupported(const Statement &statement, const char *what,
                                 const Expression &expression, const char *implemented) {
  const Location &place = expression.location.isValid() ? expression.location : statement.location;
  diagnostics
      .report(DiagnosticId::UnsupportedExpression, place, {what, formatExpression(expression)})
      .help(std::string("implemented: ") + implemented);
}

/// The type behind `in`: f32 or bf16.
DType RouterResolver::readType(const Statement &statement, DType otherwise) {
  const Value *type = statement.find("type");
  if (!type)
    return otherwise;
  if (type->text == "bf16")
    return DType::BF16;
  if (type->text != "f32")
    diagnostics
        .report(DiagnosticId::UnsupportedType, type->location,
                {type->text, statement.rule->keyword})
        .help("implemented: f32 and bf16");
  return DType::F32;
}

void RouterResolver::resolveInput() {
  const Statement *statement = findStatement(block, "input");
  const Expression *input = expression(statement, "value", ExpressionContext::RouterInput);
  if (input && !input->isName("x"))
    unsupported(*statement, "the router's input", *input, "x");
}

void RouterResolver::resolveLogits() {
  const Statement *statement = findStatement(block, "logits");
  if (!statement)
    return;
  result.locations.logits = statement->location;
  router.logitsType = readType(*statement, DType::F32);
  const Expression *logits = expression(statement, "value", ExpressionContext::Logits);
  if (!logits)
    return;
  auto isProduct = [](const Expression &e) {
    return e.isCall("linear", 1) && (e.operands[0].isName("x") || e.operands[0].isName("input"));
  };
  if (isProduct(*logits))
    return;
  if (logits->kind == Expression::Kind::Add) {
    const Expression &left = logits->operands[0], &right = logits->operands[1];
    router.logitsBias = (isProduct(left) && right.isName("router_bias")) ||
                        (isProduct(right) && left.isName("router_bias"));
    if (router.logitsBias)
      return;
  }
  unsupported(*statement, "the router's logits", *logits, "linear(x), linear(x) + router_bias");
}

static std::optional<ScoreFunction> scoreFunction(const Expression &expression) {
  if (expression.isName("logits"))
    return ScoreFunction::Identity;
  bool ofLogits = expression.kind == Expression::Kind::Call && expression.operands.size() == 1 &&
                  expression.operands[0].isName("logits");
  if (ofLogits && expression.name == "softmax")
    return ScoreFunction::Softmax;
  if (ofLogits && expression.name == "sigmoid")
    return ScoreFunction::Sigmoid;
  return std::nullopt;
}

void RouterResolver::resolveScore() {
  scoreStatement = findStatement(block, "score");
  if (!scoreStatement)
    return;
  result.locations.score = scoreStatement->location;
  const Value *type = scoreStatement->find("type");
  if (type && type->text != "f32")
    diagnostics.report(DiagnosticId::UnsupportedType, type->location, {type->text, "score"})
        .help("implemented: f32");
  const Expression *value = expression(scoreStatement, "value", ExpressionContext::Score);
  if (!value)
    return;
  score = scoreFunction(*value);
  if (!score)
    unsupported(*scoreStatement, "the score", *value, "softmax(logits), sigmoid(logits), logits");
}

void RouterResolver::resolveChoose() {
  const Statement *statement = findStatement(block, "choose");
  const Statement *lookup = findStatement(block, "lookup");
  if (lookup) {
    if (expression(lookup, "key", ExpressionContext::LookupKey))
      refuse(*lookup, "a choice of experts by a stored table", "", diagnostics);
    return;
  }
  if (!statement) {
    if (!block.bodyDamaged)
      diagnostics.report(DiagnosticId::MissingStatement, block.location, {"router", "choose"})
          .help("write `choose top 8 of score`");
    return;
  }
  result.locations.choose = statement->location;
  uint32_t experts = result.layer.experts;
  std::optional<uint32_t> k = readInteger(*statement, "k", 1, plan::maxTopK, diagnostics);
  router.topK = k.value_or(0);
  if (k && experts && *k > experts)
    diagnostics
        .report(DiagnosticId::TopKTooLarge, statement->find("k")->location,
                {std::to_string(*k), std::to_string(experts)})
        .at(result.locations.experts, std::to_string(experts) + " experts");
  const Expression *by = expression(statement, "by", ExpressionContext::Choose);
  const Expression *then = expression(statement, "then_by", ExpressionContext::Choose);
  if (statement->find("then_k")) {
    if (then)
      refuse(*statement, "a choice in two steps", "implemented: choose top K of EXPRESSION",
             diagnostics);
    return;
  }
  if (!by)
    return;
  choice.location = by->location;
  choice.bias = isSum(*by, "score", "selection_bias") || isSum(*by, "logits", "selection_bias");
  if (by->isName("score") || isSum(*by, "score", "selection_bias"))
    choice.of = Choice::Of::Score;
  else if (by->isName("logits") || isSum(*by, "logits", "selection_bias"))
    choice.of = Choice::Of::Logits;
  else
    unsupported(*statement, "the choice by", *by,
                "score, score + selection_bias, logits, logits + selection_bias");
}

static void flatten(const Expression &expression, bool inverse, Product &product) {
  switch (expression.kind) {
  case Expression::Kind::Multiply:
    flatten(expression.operands[0], inverse, product);
    flatten(expression.operands[1], inverse, product);
    return;
  case Expression::Kind::Divide:
    flatten(expression.operands[0], inverse, product);
    flatten(expression.operands[1], !inverse, product);
    return;
  case Expression::Kind::Number:
    product.factor =
        inverse ? product.factor / expression.number : product.factor * expression.number;
    return;
  case Expression::Kind::Negate:
    product.factor = -product.factor;
    flatten(expression.operands[0], inverse, product);
    return;
  case Expression::Kind::Name:
  case Expression::Kind::Call:
  case Expression::Kind::Add:
  case Expression::Kind::Subtract:
    (inverse ? product.denominators : product.numerators).push_back(&expression);
    return;
  }
}

/// `sum(base)` or `sum(base) + epsilon`; the epsilon, or nothing.
static std::optional<double> normalizer(const Expression &divisor, const Expression &base) {
  auto isBareSum = [&](const Expression &e) {
    return e.isCall("sum", 1) && e.operands[0].sameAs(base);
  };
  if (isBareSum(divisor))
    return 0.0;
  if (divisor.kind != Expression::Kind::Add)
    return std::nullopt;
  for (size_t i = 0; i < 2; ++i) {
    const Expression &epsilon = divisor.operands[1 - i];
    if (isBareSum(divisor.operands[i]) && epsilon.kind == Expression::Kind::Number)
      return epsilon.number;
  }
  return std::nullopt;
}

static constexpr const char *implementedWeights =
    "score, score / sum(score), score / (sum(score) + 1e-20), each times a constant, "
    "with logits, softmax(logits) or sigmoid(logits) of the chosen in place of score";

/// The score may be taken before the choice or after it, of the chosen only.
void RouterResolver::joinScoreAndWeights(const Statement &weights, const Expression &base) {
  if (choice.of == Choice::Of::Unknown)
    return;
  bool isScore = base.isName("score");
  if (isScore && !score)
    return; // missing or unsupported: reported
  std::optional<ScoreFunction> chosen = isScore ? score : scoreFunction(base);
  bool byScore = choice.of == Choice::Of::Score;
  if (byScore && !score)
    return;
  // Ranking by a score that is the logits is ranking by the logits.
  bool byLogits = !byScore || *score == ScoreFunction::Identity;
  // Of one expert alone the sigmoid says the same before and after the choice;
  // the softmax does not.
  bool fitsBefore = byScore && (isScore || (chosen == score && score != ScoreFunction::Softmax));
  bool fitsAfter = byLogits && chosen && (!isScore || *chosen != ScoreFunction::Softmax);
  if (!fitsBefore && !fitsAfter) {
    unsupported(weights, "with this choice the weight", base, implementedWeights);
    return;
  }
  router.score = *chosen;
  router.scoreAfterTopK = !fitsBefore && *chosen != ScoreFunction::Identity;
  bool isOdd = router.scoreAfterTopK && (choice.bias || findStatement(block, "groups"));
  if (isOdd)
    diagnostics
        .report(DiagnosticId::UnsupportedStatement, weights.location,
                {"a score of the chosen experts together with a selection bias or groups"})
        .at(choice.location, "the choice");
}

void RouterResolver::resolveWeights() {
  const Statement *statement = findStatement(block, "weights");
  if (!statement)
    return; // reported as missing
  result.locations.routingWeights = statement->location;
  router.weightsType = readType(*statement, DType::F32);
  const Expression *value = expression(statement, "value", ExpressionContext::RoutingWeights);
  const Statement *choose = findStatement(block, "choose");
  const Value *by = choose ? choose->find("by") : nullptr;
  if (value) {
    bool used = mentions(*value, "score") || (by && mentions(by->expression, "score"));
    if (used && !scoreStatement && !block.bodyDamaged) {
      diagnostics.report(DiagnosticId::MissingScore, value->location)
          .help("write `score softmax(logits)` or `score sigmoid(logits)`");
      return;
    }
    if (!used && scoreStatement && by)
      diagnostics.report(DiagnosticId::UnusedScore, scoreStatement->location);
  }
  if (!value)
    return;
  Product product;
  flatten(*value, false, product);
  bool isSimple = product.numerators.size() == 1 && product.denominators.size() <= 1;
  const Expression *base = isSimple ? product.numerators[0] : nullptr;
  bool isBase = base && (base->isName("score") || scoreFunction(*base));
  std::optional<double> epsilon = isBase && !product.denominators.empty()
                                      ? normalizer(*product.denominators[0], *base)
                                      : std::nullopt;
  if (!isBase || (!product.denominators.empty() && !epsilon)) {
    unsupported(*statement, "the routing weight", *value, implementedWeights);
    return;
  }
  router.normalize = epsilon.has_value();
  router.normalizeEpsilon = epsilon.value_or(0.0);
  router.scale = product.factor;
  if (!(router.scale > 0) || !std::isfinite(router.scale))
    diagnostics.report(DiagnosticId::NotPositive, value->location,
                       {formatNumber(router.scale), "routing weights"});
  joinScoreAndWeights(*statement, *base);
}

void RouterResolver::checkGroups(const Statement &groups, const GroupLimit &limit) {
  uint32_t experts = result.layer.experts;
  const Location &countPlace = groups.find("count")->location;
  if (limit.kept > limit.count) {
    diagnostics.report(DiagnosticId::KeptTooMany, groups.find("kept")->location,
                       {std::to_string(limit.kept), std::to_string(limit.count)});
    return;
  }
  if (experts == 0)
    return;
  if (experts % limit.count != 0) {
    diagnostics
        .report(DiagnosticId::GroupsDoNotDivide, countPlace,
                {std::to_string(limit.count), std::to_string(experts)})
        .at(result.locations.experts, std::to_string(experts) + " experts");
    return;
  }
  uint32_t size = experts / limit.count;
  if (limit.score == GroupScore::SumOfTop2 && size < 2)
    diagnostics.report(DiagnosticId::TopTwoOfOne, groups.find("by")->location)
        .under(counted(limit.count, "group") + " of " + counted(experts, "expert"))
        .at(result.locations.experts, "");
  if (router.topK > uint64_t(limit.kept) * size && router.topK <= experts)
    diagnostics
        .report(DiagnosticId::TopKExceedsGroups, groups.find("kept")->location,
                {std::to_string(router.topK), std::to_string(uint64_t(limit.kept) * size)})
        .under(counted(limit.kept, "group") + " of " + std::to_string(size))
        .at(result.locations.choose, "the choice");
}

void RouterResolver::resolveGroups() {
  const Statement *statement = findStatement(block, "groups");
  if (!statement)
    return;
  result.locations.groups = statement->location;
  std::optional<uint32_t> count = readInteger(*statement, "count", 1, maxExperts, diagnostics);
  std::optional<uint32_t> kept = readInteger(*statement, "kept", 1, maxExperts, diagnostics);
  GroupLimit limit;
  const Expression *by = expression(statement, "by", ExpressionContext::GroupScore);
  bool isTopTwo = by && by->isCall("sum", 1) && by->operands[0].isCall("top", 1) &&
                  by->operands[0].operands[0].kind == Expression::Kind::Number &&
                  by->operands[0].operands[0].number == 2;
  limit.score = isTopTwo ? GroupScore::SumOfTop2 : GroupScore::Max;
  if (by && !isTopTwo && !by->isName("max"))
    unsupported(*statement, "the groups' score", *by, "max, sum(top(2))");
  const Expression *rejected = expression(statement, "rejected", ExpressionContext::Rejected);
  bool isZero = rejected && rejected->kind == Expression::Kind::Number && rejected->number == 0;
  bool isInfinite =
      rejected && rejected->kind == Expression::Kind::Negate && rejected->operands[0].isName("inf");
  limit.rejectedValue = isZero ? RejectedValue::Zero : RejectedValue::MinusInfinity;
  if (rejected && !isZero && !isInfinite)
    unsupported(*statement, "the value of rejected groups", *rejected, "-inf, 0");
  if (!count || !kept)
    return;
  limit.count = *count;
  limit.kept = *kept;
  router.groups = limit;
  checkGroups(*statement, limit);
}

void RouterResolver::refuseRest() {
  const Statement *apply = findStatement(block, "apply");
  const Value *to = apply ? apply->find("to") : nullptr;
  if (to && to->text != "output")
    refuse(*apply, "a routing weight on the expert's " + to->text, "implemented: apply to output",
           diagnostics);
  const Statement *capacity = findStatement(block, "capacity");
  if (capacity && !capacity->broken)
    refuse(*capacity, "a capacity of experts", "every token reaches all its experts", diagnostics);
}

void RouterResolver::run() {
  result.locations.router = block.keyword;
  resolveInput();
  resolveLogits();
  resolveScore();
  resolveChoose();
  router.selectionBias = choice.bias;
  resolveGroups();
  resolveWeights();
  refuseRest();
}

void resolveRouter(const Statement &block, ResolvedLayer &result, Diagnostics &diagnostics) {
  RouterResolver(block, result, diagnostics).run();
}

} // namespace moec::frontend
