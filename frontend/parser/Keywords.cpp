//===- Keywords.cpp - Words that are no keyword here ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds what was meant by a word that no statement of the block starts with.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Parser.h"
#include "frontend/parser/Suggest.h"

namespace moec::frontend {

namespace {
struct Hint {
  BlockKind block;
  std::string_view word;
  std::string_view text;
};
} // namespace

// What users of other formats write first.
static constexpr Hint hints[] = {
    {BlockKind::Router, "top", "write `choose top 8 of score`"},
    {BlockKind::Router, "top_k", "write `choose top 8 of score`"},
    {BlockKind::Router, "topk", "write `choose top 8 of score`"},
    {BlockKind::Router, "normalize", "write `weights score / sum(score)`"},
    {BlockKind::Router, "normalise", "write `weights score / sum(score)`"},
    {BlockKind::Router, "norm_topk_prob", "write `weights score / sum(score)`"},
    {BlockKind::Router, "scale", "write `weights score * 2.5`"},
    {BlockKind::Router, "softmax", "write `score softmax(logits)`"},
    {BlockKind::Router, "sigmoid", "write `score sigmoid(logits)`"},
    {BlockKind::Router, "bias",
     "write `logits linear(x) + router_bias` or `choose top 8 of score + selection_bias`"},
    {BlockKind::Router, "n_group", "write `groups 8 keep 4 by sum(top(2))`"},
    {BlockKind::Layer, "top_k", "write `choose top 8 of score` in the router block"},
    {BlockKind::Layer, "hidden_size", "write `hidden 2048`"},
    {BlockKind::Layer, "num_experts", "write `experts 64 { .. }`"},
    {BlockKind::Layer, "shared_expert", "write `shared { .. }`"},
    {BlockKind::Layer, "shared_experts", "write `shared 2 { .. }`"},
    {BlockKind::Layer, "activation", "write it in the experts block"},
    {BlockKind::Layer, "width", "write it in the experts block"},
    {BlockKind::Experts, "intermediate", "write `width 1024`"},
    {BlockKind::Experts, "intermediate_size", "write `width 1024`"},
    {BlockKind::Experts, "act", "write `activation silu(gate) * up`"},
    {BlockKind::Experts, "silu", "write `activation silu(gate) * up`"},
    {BlockKind::Shared, "intermediate", "write `width 1024`"},
    {BlockKind::Shared, "intermediate_size", "write `width 1024`"},
    {BlockKind::Shared, "gate", "write `scale sigmoid(linear(x))`"},
    {BlockKind::Placement, "expert", "write `pin expert 17 -> gpu 0`"},
    {BlockKind::Placement, "rank", "write `gpu 0 holds 0..7`"},
    {BlockKind::Schedule, "auto", "write `algorithm auto`"},
};

std::string_view hintFor(BlockKind block, std::string_view word) {
  for (const Hint &hint : hints)
    if (hint.block == block && hint.word == word)
      return hint.text;
  return "";
}

static std::string inBlock(BlockKind block) {
  if (block == BlockKind::File)
    return "at the top level";
  return "in the " + std::string(blockName(block)) + " block";
}

const StatementRule *resolveKeyword(BlockKind block, const std::string &word, const Location &place,
                                    Diagnostics &diagnostics) {
  if (const StatementRule *rule = findRule(block, word))
    return rule;
  std::string_view hint = hintFor(block, word);
  if (!hint.empty()) {
    diagnostics.report(DiagnosticId::UnknownStatement, place, {word, inBlock(block)})
        .help(std::string(hint));
    return nullptr;
  }
  std::vector<std::string_view> homes;
  for (const StatementRule &rule : grammar())
    if (rule.keyword == word)
      homes.push_back(rule.block == BlockKind::File ? "top" : blockName(rule.block));
  std::string meant = nearest(word, keywordsOf(block));
  if (!homes.empty() && meant.empty()) {
    std::string where =
        homes.front() == "top" ? "the top level" : "the " + listOf(homes) + " block";
    diagnostics.report(DiagnosticId::MisplacedStatement, place, {word, where, inBlock(block)});
    return nullptr;
  }
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::UnknownStatement, place, {word, inBlock(block)});
  if (meant.empty()) {
    diagnostic.help("known here: " + listOf(keywordsOf(block)));
    return nullptr;
  }
  diagnostic.under("did you mean '" + meant + "'?").fix(place, meant);
  return findRule(block, meant);
}

} // namespace moec::frontend
