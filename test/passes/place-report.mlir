// RUN: moe-opt %s --moe-place=report -o /dev/null 2>&1 | FileCheck %s

// A rank holds its experts, and every rank the router: 8 x 16 x 2 bytes. What is
// printed can be put into a source: import-program-test reads it back.

// CHECK: placement for uneven on ep3 {
// CHECK-NEXT: gpu 0 holds 0..2 # 1408 bytes of weights
// CHECK-NEXT: gpu 1 holds 3..5 # 1408 bytes of weights
// CHECK-NEXT: gpu 2 holds 6..7 # 1024 bytes of weights
// CHECK-NEXT: }
moe.layer @uneven experts 8 on #moe.mesh<"ep3" on "box" ranks 3> request #moe.placement_request<linear> (%x: !moe.tokens<16 x bf16>) {
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
