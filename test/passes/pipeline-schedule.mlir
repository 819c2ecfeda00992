// RUN: moe-opt %S/../dialects/moe/ops.mlir --moe-phase-check --moe-phase-place --moe-phase-distribute --moe-phase-schedule -o %t.once
// RUN: moe-opt %S/../dialects/moe/ops.mlir --moe-phase-check --moe-phase-place --moe-phase-distribute -o %t.distributed
// RUN: moe-opt %t.distributed --moe-phase-schedule -o %t.stepwise
// RUN: diff %t.once %t.stepwise
// RUN: moe-opt %S/../dialects/moe/ops.mlir --moe-phase-check --moe-phase-place --moe-phase-distribute --moe-phase-schedule -o %t.again
// RUN: cmp %t.once %t.again
// RUN: FileCheck %s < %t.once

// All the way down; the same bytes through text and in a second run.

// CHECK-NOT: moe.layer @
// CHECK-NOT: comm.dispatch
// CHECK-NOT: comm.combine
// CHECK: comm.plan @softmax_before_the_choice ranks 8 topk 8 depth 1
// CHECK-SAME: schedule <staggered_put, window = 4, depth = 1, fuse = dispatch_up>
// What the manifest needs is still there.
// CHECK-SAME: moe.layer = #moe.layer<
// CHECK-SAME: moe.max_tokens = 128 : i64
// CHECK-SAME: moe.mesh = #moe.mesh<"ep8"
// CHECK-SAME: moe.placement = #moe.placement<
// CHECK: comm.put for p in stagger
// CHECK: comm.wait for s in all
// CHECK: comm.reduce @slot_sum
// CHECK: comm.plan @sigmoid_with_selection_bias ranks 2 topk 4
// CHECK: comm.plan @softmax_over_the_chosen ranks 2 topk 2
