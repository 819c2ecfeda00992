// RUN: moe-opt %s --moe-place | FileCheck %s

// Requests become placements. All numbers of experts and ranks: placement-test.

// CHECK-LABEL: moe.layer @linear_and_uneven
// CHECK-NOT: request
// CHECK-SAME: placed #moe.placement<{{\[\[}}0, 1, 2], [3, 4, 5], [6, 7]]>
moe.layer @linear_and_uneven experts 8 on #moe.mesh<"ep3" on "box" ranks 3> request #moe.placement_request<linear> (%x: !moe.tokens<16 x bf16>) {
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

// CHECK-LABEL: moe.layer @round_robin
// CHECK-SAME: placed #moe.placement<{{\[\[}}0, 3, 6], [1, 4, 7], [2, 5]]>
moe.layer @round_robin experts 8 on #moe.mesh<"ep3" on "box" ranks 3> request #moe.placement_request<round_robin> (%x: !moe.tokens<16 x bf16>) {
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

// Lists first, then pins, then the rest; expert 4 is on both ranks.
// CHECK-LABEL: moe.layer @pinned
// CHECK-SAME: placed #moe.placement<{{\[\[}}4, 0, 1, 2], [7, 6, 4, 3, 5]]>
moe.layer @pinned experts 8 on #moe.mesh<"ep2" on "box" ranks 2> request #moe.placement_request<linear holds [1: [7, 6]] pins [4: [0, 1]]> (%x: !moe.tokens<16 x bf16>) {
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

// A rank may be empty.
// CHECK-LABEL: moe.layer @more_ranks_than_experts
// CHECK-SAME: placed #moe.placement<{{\[\[}}0], [1], []]>
moe.layer @more_ranks_than_experts experts 2 on #moe.mesh<"ep3" on "box" ranks 3> request #moe.placement_request<linear> (%x: !moe.tokens<16 x bf16>) {
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

// Nothing to do: a placement by hand stays, and answers a request beside it.
// CHECK-LABEL: moe.layer @by_hand
// CHECK-NOT: request
// CHECK-SAME: placed #moe.placement<{{\[\[}}1, 0], [3, 2]]>
moe.layer @by_hand experts 4 on #moe.mesh<"ep2" on "box" ranks 2> request #moe.placement_request<linear> placed #moe.placement<[[1, 0], [3, 2]]> (%x: !moe.tokens<16 x bf16>) {
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

// By load: expert 3 has half of all rows, and so a copy on each rank; what is on a list
// stays there. All sizes: placement-test.
// CHECK-LABEL: moe.layer @by_load
// CHECK-NOT: request
// CHECK-SAME: placed #moe.placement<{{\[\[}}1, 3], [0, 2, 3]]>
moe.layer @by_load experts 4 on #moe.mesh<"ep2" on "box" ranks 2> request #moe.placement_request<by_load load <counts = [[2.0, 4.0, 2.0, 8.0]], redundant = 1> holds [0: [1]]> (%x: !moe.tokens<16 x bf16>) {
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

// The nearest copy serves; what the source says by hand goes before that. Ranks 2 and 3 have no copy
// on its node. All rules: placement-test.
// CHECK-LABEL: moe.layer @served
// CHECK-SAME: placed #moe.placement<{{\[\[}}1, 0], [1, 2], [3], []] turns {{\[\[}}1, 0, 0], [1, 1, 1, 1, 0], [1, 2, 0, 1], [1, 3, 0, 1]]>
moe.layer @served experts 4 on #moe.mesh<"ep4" on "box" ranks 4 nodes 2> request #moe.placement_request<linear pins [1: [0, 1]] serve nearest turns [[1, 1, 1, 1, 0]]> (%x: !moe.tokens<16 x bf16>) {
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
