// RUN: moe-opt %S/../dialects/moe/ops.mlir --moe-phase-check --moe-phase-place --moe-phase-distribute -o %t.once
// RUN: moe-opt %S/../dialects/moe/ops.mlir --moe-phase-check | moe-opt --moe-phase-place | moe-opt --moe-phase-distribute -o %t.stepwise
// RUN: diff %t.once %t.stepwise
// RUN: FileCheck %s < %t.once

// The same bytes in one run and through text at every phase; three layers of published models.

// CHECK-NOT: moe.{{[a-z_]*}} %
// CHECK: comm.plan @softmax_before_the_choice
// CHECK-SAME: router = <top_k = 8, logits = bf16, score = softmax, shares = bf16>
// CHECK: comm.plan @sigmoid_with_selection_bias
// CHECK-SAME: router = <top_k = 4, logits = f32, score = sigmoid, shares = f32, selection_bias = true, groups = <4 keep 2 by sum_of_top2 rejected minus_infinity>, normalize = 9.9999999999999995E-21 : f64, scale = 2.500000e+00 : f64>
// CHECK-SAME: shared = <intermediate = 48, activation = silu>
// CHECK: comm.plan @softmax_over_the_chosen
// CHECK-SAME: router = <top_k = 2, logits = f32, score = softmax, shares = f32, logits_bias = true, score_after_top_k = true>
// CHECK-SAME: shared = <intermediate = 4, activation = gelu_tanh, scaled = true>
