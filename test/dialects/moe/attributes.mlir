// RUN: moe-opt %s | moe-opt | FileCheck %s

// The attributes that stay when the moe ops are gone, on any op.

// The smallest closed form: what is false, absent or 1 is not printed.
// CHECK: module @smallest attributes
// CHECK-SAME: moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
// CHECK-SAME: router = <top_k = 2, logits = f32, score = softmax, shares = f32>,
// CHECK-SAME: expert = <intermediate = 4, activation = silu>,
// CHECK-SAME: names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>
module @smallest attributes {moe.layer = #moe.layer<
    hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
    router = <top_k = 2, logits = f32, score = softmax, shares = f32>,
    expert = <intermediate = 4, activation = silu>,
    names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">]>} {}

// CHECK: module @largest attributes
// CHECK-SAME: router = <top_k = 2, logits = bf16, score = sigmoid, shares = bf16, logits_bias = true, score_after_top_k = true, selection_bias = true, groups = <4 keep 2 by max rejected zero>, normalize = 9.9999999999999995E-21 : f64, scale = 2.500000e+00 : f64>,
// CHECK-SAME: expert = <intermediate = 4, activation = "gate 7 min up mul", gate_bias = true, up_bias = true, down_bias = true>,
// CHECK-SAME: shared = <intermediate = 6, activation = silu, scaled = true>, residual = true,
// CHECK-SAME: <expert_gate "gu" in <stacked = true, transposed = true, parts = 2, interleaved = true>>
// CHECK-SAME: <expert_up "gu" in <stacked = true, transposed = true, part = 1, parts = 2, interleaved = true>>
// CHECK-SAME: moe.max_tokens = 128
// CHECK-SAME: moe.mesh = #moe.mesh<"ep2" on "laptop" ranks 2>
// CHECK-SAME: moe.placement = #moe.placement<{{\[\[}}0, 1, 2, 3], [3]] turns {{\[\[}}3, 0, 0], [3, 1, 1, 1, 0]]>
// CHECK-SAME: moe.source = "layer.moe"
module @largest attributes {moe.layer = #moe.layer<
    hidden = 8, experts = 4, tokens = bf16, weights = bf16, combine = bf16,
    router = <top_k = 2, logits = bf16, logits_bias = true, score = sigmoid, score_after_top_k = true,
              selection_bias = true, groups = <4 keep 2 by max rejected zero>, normalize = 1.0e-20,
              scale = 2.5, shares = bf16>,
    expert = <intermediate = 4, activation = "gate 7.0 min up mul", gate_bias = true, up_bias = true, down_bias = true>,
    shared = <intermediate = 6, activation = silu, scaled = true>, residual = true,
    names = [<router "r">, <router_bias "rb">, <selection_bias "sb">,
             <expert_gate "gu" in <stacked = true, transposed = true, part = 0, parts = 2, interleaved = true>>,
             <expert_up "gu" in <stacked = true, transposed = true, part = 1, parts = 2, interleaved = true>>,
             <expert_down "{expert}.d">, <shared_gate "sg">, <shared_up "su">, <shared_down "sd">,
             <shared_scale "ss">, <expert_gate_bias "{expert}.gb">, <expert_up_bias "{expert}.ub">,
             <expert_down_bias "{expert}.db">]>,
  moe.mesh = #moe.mesh<"ep2" on "laptop" ranks 2>,
  moe.placement = #moe.placement<[[0, 1, 2, 3], [3]] turns [[3, 0, 0], [3, 1, 1, 1, 0]]>,
  moe.max_tokens = 128,
  moe.source = "layer.moe"} {}
