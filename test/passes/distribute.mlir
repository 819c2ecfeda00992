// RUN: moe-opt %s --moe-distribute | FileCheck %s

// CHECK-NOT: moe.layer

// The plan is that of test/passes/scheduling/schedule.mlir, without a shared expert.
// CHECK-LABEL: comm.plan @routed ranks 2 topk 2 depth 1 steps serial result rows
// CHECK-SAME: topology <"box", nodes = 1, gpusPerNode = 2>
// CHECK-SAME: schedule <staggered_put, window = 4>
// CHECK-SAME: moe.layer = #moe.layer<hidden = 16, experts = 8, tokens = bf16, weights = bf16, combine = f32,
// CHECK-SAME: moe.max_tokens = 32 : i64
// CHECK-SAME: moe.mesh = #moe.mesh<"ep2" on "box" ranks 2>
// CHECK-SAME: moe.placement = #moe.placement<{{\[\[}}0, 1, 2, 3], [4, 5, 6, 7]]>
// CHECK-NEXT: comm.task @route kind route
// CHECK-NEXT: comm.task @experts kind experts
// CHECK-NEXT: comm.task @slot_sum kind slot_sum
// Rows travel out in bf16 and back in f32, with records of 4 * (2 + 4) bytes.
// CHECK-NEXT: %x = comm.buffer input slot of 32 bytes
// CHECK-NEXT: %route = comm.buffer local slot of 24 bytes
// CHECK-NEXT: %recv = comm.buffer local seq [2] of 32 bytes
// CHECK-NEXT: %meta = comm.buffer local seq [2] of 24 bytes
// CHECK-NEXT: %y = comm.buffer local slot [2] of 2 x 64 bytes
// CHECK-NEXT: %back = comm.buffer local slot of 2 x 64 bytes
// CHECK-NEXT: %out = comm.buffer output slot of 64 bytes
// CHECK-NEXT: %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
// CHECK-NEXT: %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
// CHECK-NEXT: %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%di)
// CHECK-NEXT: %co = comm.combine %y to %back after(%ex)
// CHECK-NEXT: %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
// CHECK-NEXT: }
moe.layer @routed experts 8 on #moe.mesh<"ep2" on "box" ranks 2> tokens_at_most 32 placed #moe.placement<[[0, 1, 2, 3], [4, 5, 6, 7]]> schedule #moe.schedule<window = 4> attributes {comm.topology = #comm.topology<"box", nodes = 1, gpusPerNode = 2>} (%x: !moe.tokens<16 x bf16>) {
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

// The shared expert reads the tokens alone and joins at the sum.
// CHECK-LABEL: comm.plan @sigmoid_with_shared
// CHECK: comm.task @shared kind shared
// CHECK: %[[DI:.*]] = comm.dispatch
// CHECK-NEXT: %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
// CHECK: %[[CO:.*]] = comm.combine
// CHECK-NEXT: comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%[[CO]], %sh)
moe.layer @sigmoid_with_shared experts 4 on #moe.mesh<"m" on "box" ranks 1> placed #moe.placement<[[0, 1, 2, 3]]> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %sg = moe.weight shared_gate "s.g" : tensor<3x8xf32>
  %su = moe.weight shared_up "s.u" : tensor<3x8xf32>
  %sd = moe.weight shared_down "s.d" : tensor<8x3xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %sh = moe.shared_expert silu %x gate %sg up %su down %sd : (!moe.tokens<8 x f32>, tensor<3x8xf32>, tensor<3x8xf32>, tensor<8x3xf32>) -> !moe.tokens<8 x f32>
  %y = moe.combine %e weighted %p plus %sh : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>, !moe.tokens<8 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// Nothing to do: what is distributed stays.
// CHECK-LABEL: comm.plan @already ranks 1 topk 1
comm.plan @already ranks 1 topk 1 depth 1 steps serial result rows {
}
