// RUN: moe-opt %s --moe-place --split-input-file --verify-diagnostics

// expected-error @+1 {{request cannot be met: expert 2 is on no list, has no pin, and there is no rule for it}}
moe.layer @no_rule_and_one_left experts 4 on #moe.mesh<"ep2" on "box" ranks 2> request #moe.placement_request<none holds [0: [1, 0], 1: [3]]> (%x: !moe.tokens<16 x bf16>) {
  %w = moe.weight router "gate" : tensor<4x16xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x4x16xbf16>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x4x16xbf16>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x16x4xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<16 x bf16>, tensor<4x16xbf16>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<16 x bf16>, !moe.choices<2 of 4>, tensor<4x4x16xbf16>, tensor<4x4x16xbf16>, tensor<4x16x4xbf16>) -> !moe.rows<2 x 16 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 16 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}

// -----

// expected-error @+1 {{request cannot be met: expert 1 is placed on rank 0 twice}}
moe.layer @listed_and_pinned experts 8 on #moe.mesh<"ep2" on "box" ranks 2> request #moe.placement_request<linear holds [0: [1]] pins [1: [0]]> (%x: !moe.tokens<16 x bf16>) {
  %w = moe.weight router "gate" : tensor<8x16xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<8x4x16xbf16>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<8x4x16xbf16>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<8x16x4xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<16 x bf16>, tensor<8x16xbf16>) -> !moe.scores<8 x f32>
  %s = moe.score softmax %z : !moe.scores<8 x f32> -> !moe.scores<8 x f32>
  %c = moe.top_k %s : !moe.scores<8 x f32> -> !moe.choices<2 of 8>
  %p = moe.gather_scores %s at %c : (!moe.scores<8 x f32>, !moe.choices<2 of 8>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<16 x bf16>, !moe.choices<2 of 8>, tensor<8x4x16xbf16>, tensor<8x4x16xbf16>, tensor<8x16x4xbf16>) -> !moe.rows<2 x 16 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 16 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}

// -----

// expected-error @+1 {{layer must have a request or a placement, but has neither}}
moe.layer @nothing_asked experts 8 on #moe.mesh<"ep2" on "box" ranks 2> (%x: !moe.tokens<16 x bf16>) {
  %w = moe.weight router "gate" : tensor<8x16xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<8x4x16xbf16>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<8x4x16xbf16>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<8x16x4xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<16 x bf16>, tensor<8x16xbf16>) -> !moe.scores<8 x f32>
  %s = moe.score softmax %z : !moe.scores<8 x f32> -> !moe.scores<8 x f32>
  %c = moe.top_k %s : !moe.scores<8 x f32> -> !moe.choices<2 of 8>
  %p = moe.gather_scores %s at %c : (!moe.scores<8 x f32>, !moe.choices<2 of 8>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<16 x bf16>, !moe.choices<2 of 8>, tensor<8x4x16xbf16>, tensor<8x4x16xbf16>, tensor<8x16x4xbf16>) -> !moe.rows<2 x 16 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 16 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}

// -----

// expected-error @+1 {{request cannot be met: 9 copies of experts do not fit 8 slots}}
moe.layer @more_copies_than_ranks experts 4 on #moe.mesh<"ep2" on "box" ranks 2> request #moe.placement_request<by_load load <counts = [[1.0, 1.0, 1.0, 1.0]], redundant = 5>> (%x: !moe.tokens<16 x bf16>) {
  %w = moe.weight router "gate" : tensor<4x16xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x4x16xbf16>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x4x16xbf16>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x16x4xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<16 x bf16>, tensor<4x16xbf16>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<1 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<1 of 4>) -> !moe.shares<1 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<16 x bf16>, !moe.choices<1 of 4>, tensor<4x4x16xbf16>, tensor<4x4x16xbf16>, tensor<4x16x4xbf16>) -> !moe.rows<1 x 16 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<1 x 16 x f32>, !moe.shares<1 x f32>) -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}

// -----

// expected-error @+1 {{request cannot be met: 4 experts need 1664 bytes of weights, machine 'box' has 1600}}
moe.layer @too_large experts 4 on #moe.mesh<"ep2" on "box" ranks 2 memory 1600> request #moe.placement_request<by_load load <counts = [[1.0, 1.0, 1.0, 1.0]], slots = 4>> (%x: !moe.tokens<16 x bf16>) {
  %w = moe.weight router "gate" : tensor<4x16xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x4x16xbf16>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x4x16xbf16>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x16x4xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<16 x bf16>, tensor<4x16xbf16>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<1 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<1 of 4>) -> !moe.shares<1 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<16 x bf16>, !moe.choices<1 of 4>, tensor<4x4x16xbf16>, tensor<4x4x16xbf16>, tensor<4x16x4xbf16>) -> !moe.rows<1 x 16 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<1 x 16 x f32>, !moe.shares<1 x f32>) -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}
// -----

// expected-error @+1 {{request cannot be met: gpu 2 has turns for expert 1 and no copy of it}}
moe.layer @no_copy experts 4 on #moe.mesh<"ep4" on "box" ranks 4> request #moe.placement_request<linear turns [[1, 0, 2]]> (%x: !moe.tokens<16 x bf16>) {
  %w = moe.weight router "gate" : tensor<4x16xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x4x16xbf16>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x4x16xbf16>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x16x4xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<16 x bf16>, tensor<4x16xbf16>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<1 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<1 of 4>) -> !moe.shares<1 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<16 x bf16>, !moe.choices<1 of 4>, tensor<4x4x16xbf16>, tensor<4x4x16xbf16>, tensor<4x16x4xbf16>) -> !moe.rows<1 x 16 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<1 x 16 x f32>, !moe.shares<1 x f32>) -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}
// -----

// expected-error @+1 {{request cannot be met: turns name expert 4 and gpu 0}}
moe.layer @no_expert experts 4 on #moe.mesh<"ep4" on "box" ranks 4> request #moe.placement_request<linear turns [[4, 0, 2]]> (%x: !moe.tokens<16 x bf16>) {
  %w = moe.weight router "gate" : tensor<4x16xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x4x16xbf16>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x4x16xbf16>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x16x4xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<16 x bf16>, tensor<4x16xbf16>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<1 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<1 of 4>) -> !moe.shares<1 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<16 x bf16>, !moe.choices<1 of 4>, tensor<4x4x16xbf16>, tensor<4x4x16xbf16>, tensor<4x16x4xbf16>) -> !moe.rows<1 x 16 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<1 x 16 x f32>, !moe.shares<1 x f32>) -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}
