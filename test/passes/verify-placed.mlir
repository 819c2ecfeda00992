// RUN: moe-opt %s --moe-verify-placed | FileCheck %s

// Nothing is changed. Rank 0 needs 256 bytes of router and 3 x 384 of experts: just enough.

// CHECK-LABEL: moe.layer @just_fits
// CHECK-SAME: memory 1408> placed
moe.layer @just_fits experts 8 on #moe.mesh<"ep3" on "box" ranks 3 memory 1408> placed #moe.placement<[[0, 1, 2], [3, 4, 5], [6, 7]]> (%x: !moe.tokens<16 x bf16>) {
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

// CHECK-LABEL: moe.layer @machine_does_not_say
moe.layer @machine_does_not_say experts 8 on #moe.mesh<"ep1" on "box" ranks 1> placed #moe.placement<[[0, 1, 2, 3, 4, 5, 6, 7]]> (%x: !moe.tokens<16 x bf16>) {
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
