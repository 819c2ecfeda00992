// RUN: moe-opt %s --moe-verify-distributed | FileCheck %s

// A plan written by hand that says all a manifest needs. Nothing is changed.

#layer = #moe.layer<hidden = 16, experts = 4, tokens = bf16, weights = bf16, combine = f32,
  router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 4, activation = silu>,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
#mesh = #moe.mesh<"ep2" on "box" ranks 2>
#place = #moe.placement<[[0, 1], [2, 3]]>

// CHECK-LABEL: comm.plan @complete
// CHECK: comm.dispatch
// CHECK: comm.combine
comm.plan @complete ranks 2 topk 2 depth 1 steps serial result rows attributes {moe.layer = #layer, moe.mesh = #mesh, moe.placement = #place} {
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
