// RUN: moe-opt %s --moe-verify-distributed --split-input-file --verify-diagnostics

// expected-error @+1 {{module must hold a comm.plan, but holds none}}
module @empty {}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{no moe op can be left after distribute, but found moe.layer}}
moe.layer @left experts 8 on #moe.mesh<"ep2" on "box" ranks 2> request #moe.placement_request<linear> (%x: !moe.tokens<16 x bf16>) {
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
comm.plan @beside ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh, moe.placement = #place} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{plan must carry the attribute moe.layer, but does not}}
comm.plan @no_layer ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.mesh = #mesh, moe.placement = #place} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{plan must carry the attribute moe.mesh, but does not}}
comm.plan @no_mesh ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.placement = #place} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{plan must carry the attribute moe.placement, but does not}}
comm.plan @no_placement ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{plan has 3 ranks, but its moe.mesh has 2}}
comm.plan @other_ranks ranks 3 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh, moe.placement = #place} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [3] of 32 bytes
  %meta = comm.buffer local seq [3] of 24 bytes
  %y = comm.buffer local slot [3] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{plan has 2 ranks, but its moe.placement has 1}}
comm.plan @placed_elsewhere ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh, moe.placement = #moe.placement<[[0, 1, 2, 3]]>} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{plan has 3 slots a token, but its moe.layer has 2}}
comm.plan @other_slots ranks 2 topk 3 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh, moe.placement = #place} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 36 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 32 bytes
  %y = comm.buffer local slot [2] of 3 x 64 bytes
  %back = comm.buffer local slot of 3 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{placement must hold every expert, but expert 2 is on no rank}}
comm.plan @lost_expert ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh, moe.placement = #moe.placement<[[0, 1], [3]]>} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{placement must name experts below 4, but rank 0 has 7}}
comm.plan @unknown_expert ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh, moe.placement = #moe.placement<[[0, 1, 7], [2, 3]]>} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %co = comm.combine %y to %back after(%di)
}

// -----

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>
// expected-error @+1 {{plan must hold one comm.combine, but holds 0}}
comm.plan @nothing_comes_back ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh, moe.placement = #place} {
  comm.task @route kind route
  %x = comm.buffer input slot of 32 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 32 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 64 bytes
  %back = comm.buffer local slot of 2 x 64 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
}
