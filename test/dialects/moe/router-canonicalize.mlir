// RUN: moe-opt %s --allow-unregistered-dialect --canonicalize | FileCheck %s

// Folds change no bit of the result; what might is left alone. The unregistered
// ops stand for values and for readers of them.

#m = #moe.mesh<"ep1" on "box" ranks 1>

// CHECK-LABEL: moe.layer @what_does_nothing_is_gone
moe.layer @what_does_nothing_is_gone experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // CHECK-NEXT: %[[S:.*]] = "t.scores"
  // CHECK-NEXT: %[[P:.*]] = "t.shares"
  %s = "t.scores"() : () -> !moe.scores<4 x f32>
  %p = "t.shares"() : () -> !moe.shares<2 x f32>
  %identity = moe.score identity %s : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %round = moe.round %s : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %all = moe.group_limit %s groups 2 keep 2 by max rejected zero : !moe.scores<4 x f32>
  %one = moe.scale %p by 1.0 : !moe.shares<2 x f32>
  // CHECK-NEXT: "t.read"(%[[S]], %[[S]], %[[S]], %[[P]])
  "t.read"(%identity, %round, %all, %one) : (!moe.scores<4 x f32>, !moe.scores<4 x f32>, !moe.scores<4 x f32>, !moe.shares<2 x f32>) -> ()
  moe.yield %x : !moe.tokens<8 x f32>
}

// CHECK-LABEL: moe.layer @a_power_of_two_joins_another_scale
moe.layer @a_power_of_two_joins_another_scale experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // CHECK: %[[P:.*]] = "t.shares"
  %p = "t.shares"() : () -> !moe.shares<2 x f32>
  %a = moe.scale %p by 2.5 : !moe.shares<2 x f32>
  %b = moe.scale %a by 0.5 : !moe.shares<2 x f32>
  // CHECK-NEXT: %[[R:.*]] = moe.scale %[[P]] by 1.250000e+00
  // CHECK-NEXT: "t.read"(%[[R]])
  "t.read"(%b) : (!moe.shares<2 x f32>) -> ()
  moe.yield %x : !moe.tokens<8 x f32>
}

// CHECK-LABEL: moe.layer @a_weight_that_nothing_reads_is_gone
moe.layer @a_weight_that_nothing_reads_is_gone experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // CHECK-NOT: moe.weight
  %w = moe.weight router "r" : tensor<4x8xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// CHECK-LABEL: moe.layer @nothing_to_do
moe.layer @nothing_to_do experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.scores"() : () -> !moe.scores<4 x bf16>
  %p = "t.shares"() : () -> !moe.shares<2 x f32>
  // Widening is a change of type.
  // CHECK: moe.score identity
  %wide = moe.score identity %s : !moe.scores<4 x bf16> -> !moe.scores<4 x f32>
  // CHECK: moe.group_limit
  %some = moe.group_limit %wide groups 2 keep 1 by max rejected zero : !moe.scores<4 x f32>
  // Neither factor is a power of two: a product of products has other bits.
  // CHECK: moe.scale %{{.*}} by 2.500000e+00
  // CHECK: moe.scale %{{.*}} by 3.000000e+00
  %a = moe.scale %p by 2.5 : !moe.shares<2 x f32>
  %b = moe.scale %a by 3.0 : !moe.shares<2 x f32>
  // The sum of what is normalised is near 1, not 1.
  // CHECK: moe.normalize
  // CHECK: moe.normalize
  %n = moe.normalize %b epsilon 0.0 : !moe.shares<2 x f32>
  %nn = moe.normalize %n epsilon 0.0 : !moe.shares<2 x f32>
  // CHECK: moe.round
  %r = moe.round %nn : !moe.shares<2 x f32> -> !moe.shares<2 x bf16>
  "t.read"(%some, %r) : (!moe.scores<4 x f32>, !moe.shares<2 x bf16>) -> ()
  moe.yield %x : !moe.tokens<8 x f32>
}
