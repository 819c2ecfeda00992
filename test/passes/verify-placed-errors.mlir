// RUN: moe-opt %s --moe-verify-placed --split-input-file --verify-diagnostics

// expected-error @+1 {{rank 1 must hold 2176 bytes of weights, but machine 'box' has 2175}}
moe.layer @one_byte_short experts 8 on #moe.mesh<"ep2" on "box" ranks 2 memory 2175> placed #moe.placement<[[0, 1, 5], [2, 3, 4, 6, 7]]> (%x: !moe.tokens<16 x bf16>) {
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

// expected-error @+1 {{layer must have a placement, but has none}}
moe.layer @not_placed experts 8 on #moe.mesh<"ep2" on "box" ranks 2> request #moe.placement_request<linear> (%x: !moe.tokens<16 x bf16>) {
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

// expected-error @+1 {{request must be answered, but is still there}}
moe.layer @asked_again experts 2 on #moe.mesh<"ep1" on "box" ranks 1> request #moe.placement_request<linear> placed #moe.placement<[[0, 1]]> (%x: !moe.tokens<16 x bf16>) {
  %w = moe.weight router "gate" : tensor<2x16xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<2x4x16xbf16>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<2x4x16xbf16>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<2x16x4xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<16 x bf16>, tensor<2x16xbf16>) -> !moe.scores<2 x f32>
  %s = moe.score softmax %z : !moe.scores<2 x f32> -> !moe.scores<2 x f32>
  %c = moe.top_k %s : !moe.scores<2 x f32> -> !moe.choices<2 of 2>
  %p = moe.gather_scores %s at %c : (!moe.scores<2 x f32>, !moe.choices<2 of 2>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<16 x bf16>, !moe.choices<2 of 2>, tensor<2x4x16xbf16>, tensor<2x4x16xbf16>, tensor<2x16x4xbf16>) -> !moe.rows<2 x 16 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 16 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}
