//===- LayerText.cpp - A layer's mathematics in words --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/LayerText.h"

#include "runtime/base/Text.h"
#include "runtime/module/Names.h"

namespace moec::rt {

namespace {

/// Lines under a heading that stands before the first of them.
class Block {
public:
  explicit Block(std::string_view heading) : heading(heading) {}

  template <typename... Parts> void line(const Parts &...parts) {
    constexpr size_t width = 10;
    out += "  " + std::string(heading) + std::string(width - heading.size(), ' ') +
           concat(parts...) + "\n";
    heading = {};
  }
  const std::string &text() const { return out; }

private:
  std::string_view heading;
  std::string out;
};

} // namespace

static const char *rejectedText(RejectedValue value) {
  switch (value) {
  case RejectedValue::MinusInfinity:
    return "-inf";
  case RejectedValue::Zero:
    return "0";
  }
  return "";
}

static const char *groupScoreText(GroupScore score) {
  switch (score) {
  case GroupScore::Max:
    return "their best expert";
  case GroupScore::SumOfTop2:
    return "the sum of their two best experts";
  }
  return "";
}

/// "softmax(z)"; identity is z itself.
static std::string scored(ScoreFunction function, const char *argument) {
  if (function == ScoreFunction::Identity)
    return argument;
  return concat(nameOf(function), "(", argument, ")");
}

static std::string routerText(const Layer &layer) {
  const Router &router = layer.router;
  Block block("router");
  block.line("z = x Wr^T", router.logitsBias ? " + bias" : "", ", f32 accumulation, rounded to ",
             nameOf(router.logitsType));
  if (!router.scoreAfterTopK)
    block.line("s = ", scored(router.score, "z"));
  const char *chosen = router.scoreAfterTopK ? "z" : "s";
  if (router.selectionBias) {
    block.line("c = ", chosen, " + selection bias");
    chosen = "c";
  }
  if (const auto &groups = router.groups)
    block.line("only the ", groups->kept, " best of ", groups->count, " groups of ",
               layer.experts / groups->count, " experts by ", groupScoreText(groups->score), "; ",
               chosen, " of the others is ", rejectedText(groups->rejectedValue));
  block.line("choose the ", router.topK, " of ", layer.experts, " experts with the largest ",
             chosen, ", ties to the lower index");
  block.line("w = ", router.scoreAfterTopK ? scored(router.score, "z of the chosen")
                                           : std::string("s of the chosen"));
  if (router.normalize)
    block.line("w = w / ", router.normalizeEpsilon == 0
                               ? std::string("sum(w)")
                               : concat("(sum(w) + ", router.normalizeEpsilon, ")"));
  if (router.scale != 1)
    block.line("w = w * ", router.scale);
  if (router.weightsType != DType::F32)
    block.line("w rounded to ", nameOf(router.weightsType));
  return block.text();
}

/// "(silu(x Wg^T) * (x Wu^T)) Wd^T": the usual ones are written out.
static std::string mlpText(const GatedMlp &mlp, uint32_t hidden) {
  std::string sizes = concat(", ", hidden, " -> ", mlp.intermediate, " -> ", hidden);
  std::string gate = mlp.gateBias ? "x Wg^T + bg" : "x Wg^T",
              up = mlp.upBias ? "x Wu^T + bu" : "x Wu^T";
  std::string down = mlp.downBias ? " Wd^T + bd" : " Wd^T";
  std::optional<KnownActivation> known = recognize(mlp.activation);
  if (known && known->function != Activation::ClampedSwiglu)
    return concat("(", nameOf(mlp.activation.steps[1].op), "(", gate, ") * (", up, "))", down,
                  sizes);
  return concat("(", toText(mlp.activation), ")", down,
                mlp.activation.usesGate() ? ", gate = " + gate : std::string(), ", up = ", up,
                sizes);
}

namespace {

/// In which order rows are added, and what of them comes back.
struct SumText {
  const char *order, *returned;
};

} // namespace

static SumText sumText(plan::SumTree sums) {
  switch (sums) {
  case plan::SumTree::Rows:
    return {" in the order of the slots", "expert rows return"};
  case plan::SumTree::RankPartial:
    return {": a rank's in the order of the slots, then those of the ranks in order",
            "sums of ranks return"};
  case plan::SumTree::NodePartial:
    return {": a rank's in the order of the slots, then those of a node's ranks, then those of the "
            "nodes in order",
            "sums of ranks and nodes return"};
  case plan::SumTree::Switch:
    return {": a rank's in the order of the slots, then those of the ranks by the switch in an "
            "order of its own",
            "sums of ranks, and that of the switch, return"};
  }
  return {"", ""};
}

std::string layerText(const Layer &layer, plan::SumTree sums) {
  Block tokens("tokens"), experts("experts"), shared("shared"), result("result");
  tokens.line("rows of ", layer.hidden, " ", nameOf(layer.tokensType));
  experts.line(layer.experts, " of ", mlpText(layer.expert, layer.hidden), ", weights ",
               nameOf(layer.weightsType));
  if (layer.shared)
    shared.line(mlpText(layer.shared->mlp, layer.hidden),
                layer.shared->gate ? ", times sigmoid(ws . x)" : "");
  auto [order, returned] = sumText(sums);
  result.line("f32 sum of w * expert(x)", order, layer.shared ? ", then the shared expert" : "",
              layer.residual ? ", then x" : "", "; ", returned, " as ", nameOf(layer.combineType));
  return tokens.text() + routerText(layer) + experts.text() + shared.text() + result.text();
}

} // namespace moec::rt
