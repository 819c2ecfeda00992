// RUN: moe-opt %s --moe-phase-check | FileCheck %s

// Folds come before the proof: a scale of 1 and a limit to all groups are no reason to refuse.

// CHECK-LABEL: moe.layer @after_folding
// CHECK-NOT: moe.scale
// CHECK-NOT: moe.group_limit
// CHECK: moe.yield
moe.layer @after_folding experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %l = moe.group_limit %s groups 2 keep 2 by max rejected zero : !moe.scores<4 x f32>
  %c = moe.top_k %l : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %p1 = moe.scale %p by 0.5 : !moe.shares<2 x f32>
  %p2 = moe.scale %p1 by 2.0 : !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p2 : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}
