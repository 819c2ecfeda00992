//===- FormatTest.cpp - The canonical text and the JSON form --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Ast.h"
#include "test/frontend/Cases.h"

#include <gtest/gtest.h>

using namespace moec::frontend;
using namespace moec::frontend::test;

static std::string format(const std::string &text) {
  Diagnostics diagnostics;
  std::optional<std::string> result = formatSource(text, "test.moe", diagnostics);
  EXPECT_TRUE(result) << renderText(diagnostics);
  return result.value_or("");
}

static std::string toJson(const std::string &text) {
  Diagnostics diagnostics;
  std::optional<std::string> result = sourceToJson(text, "test.moe", diagnostics);
  EXPECT_TRUE(result) << renderText(diagnostics);
  return result.value_or("");
}

/// Formatting twice is formatting once, and JSON loses nothing of it.
static void expectStable(const std::string &text) {
  std::string formatted = format(text), json = toJson(text);
  EXPECT_EQ(format(formatted), formatted);
  EXPECT_EQ(format(json), formatted);
  EXPECT_EQ(toJson(json), json);
}

static const char *untidy = R"(
# What this is

# and more


moe 1;import machine "hgx-h100"   # the box
mesh m on hgx-h100 { axis gpu 8 }
layer   a{# trailing
  hidden 64 ;   experts 16 { width 32; activation  silu( gate )*up
  # last words
  }   # closed


  # two empty lines above
  router
  {
     score softmax(logits)   # why

     choose top 2 of score     # so
     weights ((score/
        sum(score)))*2.50*(1.0+0)
  }
  weights from olmoe layer 0 { }

  # before the brace
}
placement{gpu 0 holds 1,
   # the rest
   2..4, 5..5
}
# the end)";

static const char *tidy = R"(# What this is

# and more

moe 1

import machine "hgx-h100"  # the box

mesh m on hgx-h100 {
  axis gpu 8
}

layer a {  # trailing
  hidden 64
  experts 16 {
    width 32
    activation silu(gate) * up
    # last words
  }  # closed

  # two empty lines above
  router {
    score softmax(logits)  # why

    choose top 2 of score  # so
    weights score / sum(score) * 2.5 * (1 + 0)
  }
  weights from olmoe layer 0

  # before the brace
}

placement {
  # the rest
  gpu 0 holds 1, 2..4, 5
}
# the end
)";

TEST(Format, makes_the_canonical_text) { EXPECT_EQ(format(untidy), tidy); }
TEST(Format, is_stable) { expectStable(untidy); }

TEST(Format, keeps_the_tree_of_an_expression) {
  auto weight = [](const std::string &expression) {
    std::string text = format("moe 1\nlayer a { router { weights " + expression + " } }");
    size_t start = text.find("weights ") + 8;
    return text.substr(start, text.find('\n', start) - start);
  };
  EXPECT_EQ(weight("a-(b - c)"), "a - (b - c)");
  EXPECT_EQ(weight("(a - b) - c"), "a - b - c");
  EXPECT_EQ(weight("a/(b*c)"), "a / (b * c)");
  EXPECT_EQ(weight("a*(b*c)"), "a * (b * c)");
  EXPECT_EQ(weight("-(a+b)*c"), "-(a + b) * c");
  EXPECT_EQ(weight("- -a"), "--a");
  EXPECT_EQ(weight("f(a, (b), -1)"), "f(a, b, -1)");
  EXPECT_EQ(weight("1e-20 + 0.5 + 100000 + 1e300"), "1e-20 + 0.5 + 100000 + 1e+300");
}

/// What a text may say its JSON form may say, and the other way round: the deepest chains.
TEST(Format, keeps_the_longest_expressions) {
  std::string left = "a", right = "a", negated = std::string(255, '-') + "a", calls = "a";
  for (int parts = 1; parts + 2 <= 256; parts += 2) {
    left += " * b";
    right = "(b - " + right + ")";
  }
  for (int parts = 1; parts < 256; ++parts)
    calls = "f(" + calls + ")";
  for (const std::string &expression : {left, right, negated, calls, "(" + right + ")"})
    expectStable("moe 1\nlayer a { router { weights " + expression + " } }");
}

TEST(Format, breaks_long_lists_of_experts) {
  std::string list = "0";
  for (int expert = 2; expert < 400; expert += 2)
    list += "," + std::to_string(expert);
  std::string text = format("moe 1\nplacement { gpu 0 holds " + list + " # all even ones\n}");
  for (size_t start = 0; start < text.size(); start = text.find('\n', start) + 1)
    EXPECT_LE(text.find('\n', start) - start, 120u);
  expectStable(text);
}

TEST(Format, leaves_nothing_out) {
  // One statement of every rule that a block has, with all its parts.
  expectStable(R"(moe 1
import layer "a.moe"
import "b.json"
machine box {
  arch sm_90a
  gpus 8
  nodes 2
  sms 132
  memory 80 GiB at 3.35 TB/s
  link nvlink { rate 450 GB/s; achieved 370.8 GB/s; latency 1.8725 us }
}
mesh m on box { axis node 2; axis gpu 8 over nvlink }
layer a {
  hidden 64
  latent 32 norm rms
  experts text 16 { width 8; activation relu(up); bias gate, up, down; form mlp }
  zero_experts 4 identity
  shared 2 { width 8; activation silu(gate) * up; bias up; scale sigmoid(linear(x)) }
  dense { width 8; activation silu(gate) * up; bias down }
  router {
    input rms_norm(x)
    logits linear(x) + router_bias in bf16
    score softmax(logits) in f32
    lookup 6 from table by token
    groups 4 keep 2 by sum(top(2)) rejected -inf
    choose top 1 of score then top 1 of logits
    weights score in f32
    apply to input
    capacity 1.25 per batch order choices dropped scaled
  }
  combine routed + shared
  accumulate f32 by slots
  residual x + 0.22 * y
  type weights e4m3 block 128x128 scale f32
  type tokens e4m3 block 128
  weights from mixtral layer 3 prefix "a.{layer}." {
    layout stacked gate_up interleaved
    router "say \"gate\" \\"
    router_bias "b"
    selection_bias "c"
    expert_gate "d{expert}"
    expert_up "e{expert}"
    expert_down "f{expert}"
    shared_gate "g"
    shared_up "h"
    shared_down "i"
    shared_scale "j"
  }
}
placement p for a on m {
  linear
  round_robin
  auto load "load.csv" layer 3
  pin expert 1, 3..4 -> gpu 0, 5
  pin group 0 -> node 1
  gpu 3 holds 1, 2
  slots 5 per gpu
  replicate 64 at most 4 per expert
  keep groups on nodes
}
schedule s for a with p {
  algorithm staggered
  window 4
  depth 2
  tokens at most 128 per gpu
  combine rows
  steps serial
  fuse dispatch + up
  tile experts swapped 16 up to 48
  tile experts rows 128
  comm 20 sms
}
)");
}

TEST(Format, every_rule_can_be_described) {
  for (const StatementRule &rule : grammar()) {
    std::string text = describeSyntax(rule);
    EXPECT_EQ(text.rfind(rule.keyword, 0), 0u);
    EXPECT_EQ(findRule(rule.block, rule.keyword), &rule);
  }
}

TEST(Format, refuses_what_does_not_parse) {
  Diagnostics diagnostics;
  EXPECT_FALSE(formatSource("moe 1\nlayer a {", "test.moe", diagnostics));
  EXPECT_EQ(diagnostics.exitCode(), 1);
}

TEST(Format, formats_what_is_not_supported) {
  EXPECT_EQ(format("moe 1\nlayer a { latent 5 }"), "moe 1\n\nlayer a {\n  latent 5\n}\n");
}

TEST(Format, sources_with_windows_line_ends_and_a_byte_order_mark) {
  EXPECT_EQ(format("\xEF\xBB\xBFmoe 1\r\n\r\nmesh m {\r\n  axis gpu 8 # x\r\n}\r\n"),
            "moe 1\n\nmesh m {\n  axis gpu 8  # x\n}\n");
}
