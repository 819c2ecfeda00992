// RUN: moe-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{name must not be empty}}
  %w = moe.weight router "" : tensor<4x8xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{name 'e.w' of expert_up must hold {expert} once, but holds it 0 times}}
  %w = moe.weight expert_up "e.w" : tensor<4x2x8xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{name '{expert}.{expert}' of expert_up must hold {expert} once, but holds it 2 times}}
  %w = moe.weight expert_up "{expert}.{expert}" : tensor<4x2x8xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{router must have 2 extents, but has 3}}
  %w = moe.weight router "r" : tensor<1x4x8xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{selection_bias must have 1 extents, but has 2}}
  %w = moe.weight selection_bias "b" : tensor<1x4xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{extents must be positive, but the type is 'tensor<0x8xf32>'}}
  %w = moe.weight router "r" : tensor<0x8xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c2: sizes are static
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{result #0 must be vector, matrix or stack of matrices, but got 'tensor<?x8xf32>'}}
  %w = moe.weight router "r" : tensor<?x8xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c3
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{elements must be f32 or bf16, but are 'i8'}}
  %w = moe.weight router "r" : tensor<4x8xi8>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// weight-c3
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  // expected-error @+1 {{elements of a bias must be f32, but is 'bf16'}}
  %w = moe.weight router_bias "r" : tensor<4xbf16>
  moe.yield %x : !moe.tokens<8 x f32>
}
