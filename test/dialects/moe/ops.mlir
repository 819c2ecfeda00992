// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt --mlir-print-op-generic %s | moe-opt | FileCheck %s

// Every op and every attribute once, in three layers of published models.

#laptop = #moe.mesh<"ep2" on "laptop" ranks 2>
#hgx = #moe.mesh<"ep8" on "hgx-h100" ranks 8 memory 85899345920>

// OLMoE: softmax over all experts, not renormalised; logits and shares in bf16.
// CHECK-LABEL: moe.layer @softmax_before_the_choice experts 64
// CHECK-SAME: on #moe.mesh<"ep8" on "hgx-h100" ranks 8 memory 85899345920>
// CHECK-SAME: tokens_at_most 128 request #moe.placement_request<linear>
// CHECK-SAME: schedule #moe.schedule<window = 4, depth = 1, fuse = dispatch_up>
// CHECK-SAME: (%[[X:.*]]: !moe.tokens<2048 x bf16>) {
moe.layer @softmax_before_the_choice experts 64 on #hgx tokens_at_most 128
    request #moe.placement_request<linear> schedule #moe.schedule<window = 4, depth = 1, fuse = dispatch_up> (%x: !moe.tokens<2048 x bf16>) {
  // CHECK: %[[W:.*]] = moe.weight router "model.layers.0.mlp.gate.weight" : tensor<64x2048xbf16>
  %w = moe.weight router "model.layers.0.mlp.gate.weight" : tensor<64x2048xbf16>
  // CHECK: %[[G:.*]] = moe.weight expert_gate "model.layers.0.mlp.experts.{expert}.gate_proj.weight" : tensor<64x1024x2048xbf16>
  %g = moe.weight expert_gate "model.layers.0.mlp.experts.{expert}.gate_proj.weight" : tensor<64x1024x2048xbf16>
  %u = moe.weight expert_up "model.layers.0.mlp.experts.{expert}.up_proj.weight" : tensor<64x1024x2048xbf16>
  %d = moe.weight expert_down "model.layers.0.mlp.experts.{expert}.down_proj.weight" : tensor<64x2048x1024xbf16>
  // CHECK: %[[Z:.*]] = moe.router_logits %[[X]], %[[W]] : (!moe.tokens<2048 x bf16>, tensor<64x2048xbf16>) -> !moe.scores<64 x f32>
  %z = moe.router_logits %x, %w : (!moe.tokens<2048 x bf16>, tensor<64x2048xbf16>) -> !moe.scores<64 x f32>
  // CHECK: %[[ZR:.*]] = moe.round %[[Z]] : !moe.scores<64 x f32> -> !moe.scores<64 x bf16>
  %zr = moe.round %z : !moe.scores<64 x f32> -> !moe.scores<64 x bf16>
  // CHECK: %[[S:.*]] = moe.score softmax %[[ZR]] : !moe.scores<64 x bf16> -> !moe.scores<64 x f32>
  %s = moe.score softmax %zr : !moe.scores<64 x bf16> -> !moe.scores<64 x f32>
  // CHECK: %[[C:.*]] = moe.top_k %[[S]] : !moe.scores<64 x f32> -> !moe.choices<8 of 64>
  %c = moe.top_k %s : !moe.scores<64 x f32> -> !moe.choices<8 of 64>
  // CHECK: %[[P:.*]] = moe.gather_scores %[[S]] at %[[C]] : (!moe.scores<64 x f32>, !moe.choices<8 of 64>) -> !moe.shares<8 x f32>
  %p = moe.gather_scores %s at %c : (!moe.scores<64 x f32>, !moe.choices<8 of 64>) -> !moe.shares<8 x f32>
  // CHECK: %[[PR:.*]] = moe.round %[[P]] : !moe.shares<8 x f32> -> !moe.shares<8 x bf16>
  %pr = moe.round %p : !moe.shares<8 x f32> -> !moe.shares<8 x bf16>
  // CHECK: %[[E:.*]] = moe.experts silu %[[X]] at %[[C]] gate %[[G]] up %{{.*}} down %{{.*}} : ({{.*}}) -> !moe.rows<8 x 2048 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<2048 x bf16>, !moe.choices<8 of 64>, tensor<64x1024x2048xbf16>, tensor<64x1024x2048xbf16>, tensor<64x2048x1024xbf16>) -> !moe.rows<8 x 2048 x f32>
  // CHECK: %[[Y:.*]] = moe.combine %[[E]] weighted %[[PR]] : (!moe.rows<8 x 2048 x f32>, !moe.shares<8 x bf16>) -> !moe.tokens<2048 x f32>
  %y = moe.combine %e weighted %pr : (!moe.rows<8 x 2048 x f32>, !moe.shares<8 x bf16>) -> !moe.tokens<2048 x f32>
  // CHECK: moe.yield %[[Y]] : !moe.tokens<2048 x f32>
  moe.yield %y : !moe.tokens<2048 x f32>
}

// DeepSeek-V3, narrowed: sigmoid, selection bias, group limit, normalise, scale, shared expert.
// CHECK-LABEL: moe.layer @sigmoid_with_selection_bias experts 16
// CHECK-SAME: placed #moe.placement<{{\[\[}}0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14, 15, 0]]>
moe.layer @sigmoid_with_selection_bias experts 16 on #laptop
    placed #moe.placement<[[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14, 15, 0]]> (%x: !moe.tokens<64 x bf16>) {
  %w = moe.weight router "l.gate.weight" : tensor<16x64xbf16>
  %b = moe.weight selection_bias "l.gate.e_score_correction_bias" : tensor<16xf32>
  %g = moe.weight expert_gate "l.{expert}.gate" : tensor<16x32x64xbf16>
  %u = moe.weight expert_up "l.{expert}.up" : tensor<16x32x64xbf16>
  %d = moe.weight expert_down "l.{expert}.down" : tensor<16x64x32xbf16>
  %sg = moe.weight shared_gate "l.shared.gate" : tensor<48x64xbf16>
  %su = moe.weight shared_up "l.shared.up" : tensor<48x64xbf16>
  %sd = moe.weight shared_down "l.shared.down" : tensor<64x48xbf16>
  %z = moe.router_logits %x, %w : (!moe.tokens<64 x bf16>, tensor<16x64xbf16>) -> !moe.scores<16 x f32>
  // CHECK: moe.score sigmoid
  %s = moe.score sigmoid %z : !moe.scores<16 x f32> -> !moe.scores<16 x f32>
  // CHECK: moe.add_bias %{{.*}}, %{{.*}} : !moe.scores<16 x f32>, tensor<16xf32>
  %sb = moe.add_bias %s, %b : !moe.scores<16 x f32>, tensor<16xf32>
  // CHECK: moe.group_limit %{{.*}} groups 4 keep 2 by sum_of_top2 rejected minus_infinity : !moe.scores<16 x f32>
  %sl = moe.group_limit %sb groups 4 keep 2 by sum_of_top2 rejected minus_infinity : !moe.scores<16 x f32>
  %c = moe.top_k %sl : !moe.scores<16 x f32> -> !moe.choices<4 of 16>
  %p = moe.gather_scores %s at %c : (!moe.scores<16 x f32>, !moe.choices<4 of 16>) -> !moe.shares<4 x f32>
  // CHECK: moe.normalize %{{.*}} epsilon 9.9999999999999995E-21 : !moe.shares<4 x f32>
  %pn = moe.normalize %p epsilon 1.0e-20 : !moe.shares<4 x f32>
  // CHECK: moe.scale %{{.*}} by 2.500000e+00 : !moe.shares<4 x f32>
  %ps = moe.scale %pn by 2.5 : !moe.shares<4 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<64 x bf16>, !moe.choices<4 of 16>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xbf16>) -> !moe.rows<4 x 64 x f32>
  // CHECK: %[[SH:.*]] = moe.shared_expert silu %{{.*}} gate %{{.*}} up %{{.*}} down %{{.*}} : (!moe.tokens<64 x bf16>, tensor<48x64xbf16>, tensor<48x64xbf16>, tensor<64x48xbf16>) -> !moe.tokens<64 x f32>
  %sh = moe.shared_expert silu %x gate %sg up %su down %sd
    : (!moe.tokens<64 x bf16>, tensor<48x64xbf16>, tensor<48x64xbf16>, tensor<64x48xbf16>) -> !moe.tokens<64 x f32>
  // CHECK: moe.combine %{{.*}} weighted %{{.*}} plus %[[SH]]
  %y = moe.combine %e weighted %ps plus %sh : (!moe.rows<4 x 64 x f32>, !moe.shares<4 x f32>, !moe.tokens<64 x f32>) -> !moe.tokens<64 x f32>
  moe.yield %y : !moe.tokens<64 x f32>
}

// Choice on biased logits, softmax over the chosen; the shared expert has a gate of its own.
// CHECK-LABEL: moe.layer @softmax_over_the_chosen experts 5
// CHECK-SAME: request #moe.placement_request<round_robin holds [0: [3, 1], 1: [2]] pins [4: [0, 1]]>
moe.layer @softmax_over_the_chosen experts 5 on #laptop
    request #moe.placement_request<round_robin holds [0: [3, 1], 1: [2]] pins [4: [0, 1]]> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "r.weight" : tensor<5x8xf32>
  %b = moe.weight router_bias "r.bias" : tensor<5xf32>
  %g = moe.weight expert_gate "e.{expert}.w1" : tensor<5x4x8xf32>
  %u = moe.weight expert_up "e.{expert}.w3" : tensor<5x4x8xf32>
  %d = moe.weight expert_down "e.{expert}.w2" : tensor<5x8x4xf32>
  %sg = moe.weight shared_gate "s.w1" : tensor<4x8xf32>
  %su = moe.weight shared_up "s.w3" : tensor<4x8xf32>
  %sd = moe.weight shared_down "s.w2" : tensor<8x4xf32>
  %ss = moe.weight shared_scale "s.gate" : tensor<1x8xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<5x8xf32>) -> !moe.scores<5 x f32>
  %zb = moe.add_bias %z, %b : !moe.scores<5 x f32>, tensor<5xf32>
  %c = moe.top_k %zb : !moe.scores<5 x f32> -> !moe.choices<2 of 5>
  %zc = moe.gather_scores %zb at %c : (!moe.scores<5 x f32>, !moe.choices<2 of 5>) -> !moe.shares<2 x f32>
  // CHECK: moe.score softmax %{{.*}} : !moe.shares<2 x f32> -> !moe.shares<2 x f32>
  %p = moe.score softmax %zc : !moe.shares<2 x f32> -> !moe.shares<2 x f32>
  // CHECK: moe.experts gelu_tanh
  %e = moe.experts gelu_tanh %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 5>, tensor<5x4x8xf32>, tensor<5x4x8xf32>, tensor<5x8x4xf32>) -> !moe.rows<2 x 8 x f32>
  // CHECK: moe.shared_expert gelu_tanh %{{.*}} gate %{{.*}} up %{{.*}} down %{{.*}} scale %{{.*}} :
  %sh = moe.shared_expert gelu_tanh %x gate %sg up %su down %sd scale %ss
    : (!moe.tokens<8 x f32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<8x4xf32>, tensor<1x8xf32>) -> !moe.tokens<8 x f32>
  %y = moe.combine %e weighted %p plus %sh : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>, !moe.tokens<8 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// One tensor of all experts for gate and up, biases, a clamped activation, a residual; the shared
// expert has no gate matrix.
// CHECK-LABEL: moe.layer @clamped experts 5
moe.layer @clamped experts 5 on #laptop request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "r.weight" : tensor<5x8xf32>
  // CHECK: moe.weight expert_gate in <stacked = true, transposed = true, parts = 2, interleaved = true> "e.gate_up" : tensor<5x4x8xf32>
  %g = moe.weight expert_gate in <stacked = true, transposed = true, parts = 2, interleaved = true> "e.gate_up" : tensor<5x4x8xf32>
  %u = moe.weight expert_up in <stacked = true, transposed = true, part = 1, parts = 2, interleaved = true> "e.gate_up" : tensor<5x4x8xf32>
  %d = moe.weight expert_down in <stacked = true, transposed = true> "e.down" : tensor<5x8x4xf32>
  %gb = moe.weight expert_gate_bias in <stacked = true, parts = 2, interleaved = true> "e.gate_up.b" : tensor<5x4xf32>
  %ub = moe.weight expert_up_bias in <stacked = true, part = 1, parts = 2, interleaved = true> "e.gate_up.b" : tensor<5x4xf32>
  %db = moe.weight expert_down_bias "e.{expert}.down.b" : tensor<5x8xf32>
  %su = moe.weight shared_up "s.up" : tensor<4x8xf32>
  %sd = moe.weight shared_down "s.down" : tensor<8x4xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<5x8xf32>) -> !moe.scores<5 x f32>
  %c = moe.top_k %z : !moe.scores<5 x f32> -> !moe.choices<2 of 5>
  %p = moe.gather_scores %z at %c : (!moe.scores<5 x f32>, !moe.choices<2 of 5>) -> !moe.shares<2 x f32>
  // CHECK: moe.experts "gate 7 min sigmoid up 1 add mul" %{{.*}} at %{{.*}} gate %{{.*}} up %{{.*}} down %{{.*}} gate_bias %{{.*}} up_bias %{{.*}} down_bias %{{.*}} :
  %e = moe.experts "gate 7.0 min sigmoid up 1 add mul" %x at %c gate %g up %u down %d gate_bias %gb up_bias %ub down_bias %db
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 5>, tensor<5x4x8xf32>, tensor<5x4x8xf32>, tensor<5x8x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>, tensor<5x8xf32>) -> !moe.rows<2 x 8 x f32>
  // CHECK: moe.shared_expert "up relu square" %{{.*}} up %{{.*}} down %{{.*}} :
  %sh = moe.shared_expert "up relu square" %x up %su down %sd
    : (!moe.tokens<8 x f32>, tensor<4x8xf32>, tensor<8x4xf32>) -> !moe.tokens<8 x f32>
  // CHECK: moe.combine %{{.*}} weighted %{{.*}} plus %{{.*}} residual %tokens :
  %y = moe.combine %e weighted %p plus %sh residual %x : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>, !moe.tokens<8 x f32>, !moe.tokens<8 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}
