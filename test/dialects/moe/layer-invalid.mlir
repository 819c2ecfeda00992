// RUN: moe-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c1
// expected-error @+1 {{body must have one argument of token rows, but has }}
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>, %z: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c2
// expected-error @+1 {{experts must be between 1 and 65536, but are 0}}
moe.layer @l experts 0 on #m (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "r" : tensor<5x8xf32>
  // expected-error @+1 {{result must speak of the layer's 4 experts, but speaks of 5}}
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<5x8xf32>) -> !moe.scores<5 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c3
// expected-error @+1 {{placement must list the experts of 2 ranks, but lists those of 1}}
moe.layer @l experts 4 on #m placed #moe.placement<[[0, 1, 2, 3]]> (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c4
// expected-error @+1 {{placement must hold every expert, but expert 2 is on no rank}}
moe.layer @l experts 4 on #m placed #moe.placement<[[0, 1], [3]]> (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c4
// expected-error @+1 {{placement must name experts below 4, but rank 1 has 4}}
moe.layer @l experts 4 on #m placed #moe.placement<[[0, 1, 2], [3, 4]]> (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c5
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+2 {{rows must have the layer's hidden size 8, but have 16}}
  %y = "t.rows"() : () -> !moe.tokens<16 x f32>
  moe.yield %y : !moe.tokens<16 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c6
// expected-error @+1 {{request must count 4 experts, but counts 3}}
moe.layer @l experts 4 on #m request #moe.placement_request<by_load load <counts = [[1.0, 2.0, 3.0]]>> (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c6
// expected-error @+1 {{request must name experts below 4, but names 4}}
moe.layer @l experts 4 on #m request #moe.placement_request<linear pins [4: [0]]> (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c6
// expected-error @+1 {{request must name ranks below 2, but names 2}}
moe.layer @l experts 4 on #m request #moe.placement_request<linear pins [0: [1, 2]]> (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c6
// expected-error @+1 {{request must name ranks below 2, but names 2}}
moe.layer @l experts 4 on #m request #moe.placement_request<linear holds [2: [0]]> (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c6
// expected-error @+1 {{request must name experts below 4, but names 9}}
moe.layer @l experts 4 on #m request #moe.placement_request<linear holds [1: [0, 9]]> (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c7
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-note @+1 {{first here}}
  %a = moe.weight router "r" : tensor<4x8xf32>
  // expected-error @+1 {{role router must be in a layer once, but is there again}}
  %b = moe.weight router "s" : tensor<4x8xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// layer-c8
// expected-error @+1 {{tokens must be at most between 1 and 16777216, but are 0}}
moe.layer @l experts 4 on #m tokens_at_most 0 (%x: !moe.tokens<8 x f32>) {
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// The body ends in moe.yield.
// expected-error @+1 {{body must end in moe.yield, but ends in t.end}}
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  "t.end"() : () -> ()
}

// -----

// A part of the mathematics stands in a layer.
// expected-error @+1 {{expects parent op 'moe.layer'}}
%w = moe.weight router "r" : tensor<4x8xf32>
