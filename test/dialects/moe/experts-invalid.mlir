// RUN: moe-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %g = "t.g"() : () -> tensor<5x3x8xf32>
  %u = "t.u"() : () -> tensor<4x3x8xf32>
  %d = "t.d"() : () -> tensor<4x8x3xf32>
  // expected-error @+1 {{gate must be [4, 3, 8], but is [5, 3, 8]}}
  %r = moe.experts silu %x at %c gate %g up %u down %d : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<5x3x8xf32>, tensor<4x3x8xf32>, tensor<4x8x3xf32>) -> !moe.rows<2 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %g = "t.g"() : () -> tensor<4x3x8xf32>
  %u = "t.u"() : () -> tensor<4x2x8xf32>
  %d = "t.d"() : () -> tensor<4x8x3xf32>
  // expected-error @+1 {{up must be [4, 3, 8], but is [4, 2, 8]}}
  %r = moe.experts silu %x at %c gate %g up %u down %d : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x3x8xf32>, tensor<4x2x8xf32>, tensor<4x8x3xf32>) -> !moe.rows<2 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c1: down is stored [out, in]
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %g = "t.g"() : () -> tensor<4x3x8xf32>
  %u = "t.u"() : () -> tensor<4x3x8xf32>
  %d = "t.d"() : () -> tensor<4x3x8xf32>
  // expected-error @+1 {{down must be [4, 8, 3], but is [4, 3, 8]}}
  %r = moe.experts silu %x at %c gate %g up %u down %d : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x3x8xf32>, tensor<4x3x8xf32>, tensor<4x3x8xf32>) -> !moe.rows<2 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %g = "t.g"() : () -> tensor<4x3x8xf32>
  %u = "t.u"() : () -> tensor<4x3x8xbf16>
  %d = "t.d"() : () -> tensor<4x8x3xf32>
  // expected-error @+1 {{weights must have one element type, but have 'f32' and 'bf16'}}
  %r = moe.experts silu %x at %c gate %g up %u down %d : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x3x8xf32>, tensor<4x3x8xbf16>, tensor<4x8x3xf32>) -> !moe.rows<2 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c3
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %g = "t.g"() : () -> tensor<4x3x8xf32>
  %u = "t.u"() : () -> tensor<4x3x8xf32>
  %d = "t.d"() : () -> tensor<4x8x3xf32>
  // expected-error @+1 {{result must hold 2 rows of 8 elements a token, but holds 3 of 8}}
  %r = moe.experts silu %x at %c gate %g up %u down %d : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x3x8xf32>, tensor<4x3x8xf32>, tensor<4x8x3xf32>) -> !moe.rows<3 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// shared_expert-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %g = "t.g"() : () -> tensor<3x9xf32>
  %u = "t.u"() : () -> tensor<3x8xf32>
  %d = "t.d"() : () -> tensor<8x3xf32>
  // expected-error @+1 {{gate must be [3, 8], but is [3, 9]}}
  %r = moe.shared_expert silu %x gate %g up %u down %d : (!moe.tokens<8 x f32>, tensor<3x9xf32>, tensor<3x8xf32>, tensor<8x3xf32>) -> !moe.tokens<8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// shared_expert-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %g = "t.g"() : () -> tensor<3x8xf32>
  %u = "t.u"() : () -> tensor<3x8xf32>
  %d = "t.d"() : () -> tensor<3x8xf32>
  // expected-error @+1 {{down must be [8, 3], but is [3, 8]}}
  %r = moe.shared_expert silu %x gate %g up %u down %d : (!moe.tokens<8 x f32>, tensor<3x8xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> !moe.tokens<8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// shared_expert-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %g = "t.g"() : () -> tensor<3x8xf32>
  %u = "t.u"() : () -> tensor<3x8xf32>
  %d = "t.d"() : () -> tensor<8x3xf32>
  %s = "t.s"() : () -> tensor<8x1xf32>
  // expected-error @+1 {{scale must be [1, 8], but is [8, 1]}}
  %r = moe.shared_expert silu %x gate %g up %u down %d scale %s : (!moe.tokens<8 x f32>, tensor<3x8xf32>, tensor<3x8xf32>, tensor<8x3xf32>, tensor<8x1xf32>) -> !moe.tokens<8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// shared_expert-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %g = "t.g"() : () -> tensor<3x8xf32>
  %u = "t.u"() : () -> tensor<3x8xf32>
  %d = "t.d"() : () -> tensor<8x3xbf16>
  // expected-error @+1 {{weights must have one element type, but have 'f32' and 'bf16'}}
  %r = moe.shared_expert silu %x gate %g up %u down %d : (!moe.tokens<8 x f32>, tensor<3x8xf32>, tensor<3x8xf32>, tensor<8x3xbf16>) -> !moe.tokens<8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// shared_expert-c3
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %g = "t.g"() : () -> tensor<3x8xf32>
  %u = "t.u"() : () -> tensor<3x8xf32>
  %d = "t.d"() : () -> tensor<8x3xf32>
  // expected-error @+1 {{result must have the tokens' hidden size 8, but has 9}}
  %r = moe.shared_expert silu %x gate %g up %u down %d : (!moe.tokens<8 x f32>, tensor<3x8xf32>, tensor<3x8xf32>, tensor<8x3xf32>) -> !moe.tokens<9 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// shared_expert-c3
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %g = "t.g"() : () -> tensor<3x8xf32>
  %u = "t.u"() : () -> tensor<3x8xf32>
  %d = "t.d"() : () -> tensor<8x3xf32>
  // expected-error @+1 {{result must be f32, but is 'bf16'}}
  %r = moe.shared_expert silu %x gate %g up %u down %d : (!moe.tokens<8 x f32>, tensor<3x8xf32>, tensor<3x8xf32>, tensor<8x3xf32>) -> !moe.tokens<8 x bf16>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// combine-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %e = "t.e"() : () -> !moe.rows<2 x 8 x f32>
  %p = "t.p"() : () -> !moe.shares<3 x f32>
  // expected-error @+1 {{shares must be of the 2 rows a token, but are of 3}}
  %r = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<3 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// combine-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %e = "t.e"() : () -> !moe.rows<2 x 8 x f32>
  %p = "t.p"() : () -> !moe.shares<2 x f32>
  %s = "t.s"() : () -> !moe.tokens<8 x bf16>
  // expected-error @+1 {{shared must be '!moe.tokens<8 x f32>', but is '!moe.tokens<8 x bf16>'}}
  %r = moe.combine %e weighted %p plus %s : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>, !moe.tokens<8 x bf16>) -> !moe.tokens<8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// combine-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %e = "t.e"() : () -> !moe.rows<2 x 8 x f32>
  %p = "t.p"() : () -> !moe.shares<2 x f32>
  // expected-error @+1 {{result must be '!moe.tokens<8 x f32>', but is '!moe.tokens<9 x f32>'}}
  %r = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<9 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c1: biases are as wide as their products
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %g = "t.g"() : () -> tensor<4x3x8xf32>
  %u = "t.u"() : () -> tensor<4x3x8xf32>
  %d = "t.d"() : () -> tensor<4x8x3xf32>
  %b = "t.b"() : () -> tensor<4x8xf32>
  // expected-error @+1 {{up bias must be [4, 3], but is [4, 8]}}
  %r = moe.experts silu %x at %c gate %g up %u down %d up_bias %b : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x3x8xf32>, tensor<4x3x8xf32>, tensor<4x8x3xf32>, tensor<4x8xf32>) -> !moe.rows<2 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c4
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %u = "t.u"() : () -> tensor<4x3x8xf32>
  %d = "t.d"() : () -> tensor<4x8x3xf32>
  // expected-error @+1 {{the activation reads the gate, but there is none}}
  %r = moe.experts silu %x at %c up %u down %d : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x3x8xf32>, tensor<4x8x3xf32>) -> !moe.rows<2 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c4
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %g = "t.g"() : () -> tensor<4x3x8xf32>
  %u = "t.u"() : () -> tensor<4x3x8xf32>
  %d = "t.d"() : () -> tensor<4x8x3xf32>
  // expected-error @+1 {{the activation reads no gate, but there is one}}
  %r = moe.experts "up relu square" %x at %c gate %g up %u down %d : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x3x8xf32>, tensor<4x3x8xf32>, tensor<4x8x3xf32>) -> !moe.rows<2 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// experts-c4
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  %u = "t.u"() : () -> tensor<4x3x8xf32>
  %d = "t.d"() : () -> tensor<4x8x3xf32>
  %b = "t.b"() : () -> tensor<4x3xf32>
  // expected-error @+1 {{there is a bias of the gate, but no gate}}
  %r = moe.experts "up relu square" %x at %c up %u down %d gate_bias %b : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x3x8xf32>, tensor<4x8x3xf32>, tensor<4x3xf32>) -> !moe.rows<2 x 8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// shared_expert-c4
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %u = "t.u"() : () -> tensor<3x8xf32>
  %d = "t.d"() : () -> tensor<8x3xf32>
  // expected-error @+1 {{the activation reads the gate, but there is none}}
  %r = moe.shared_expert gelu_tanh %x up %u down %d : (!moe.tokens<8 x f32>, tensor<3x8xf32>, tensor<8x3xf32>) -> !moe.tokens<8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// combine-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %e = "t.e"() : () -> !moe.rows<2 x 8 x f32>
  %p = "t.p"() : () -> !moe.shares<2 x f32>
  %s = "t.s"() : () -> !moe.tokens<9 x bf16>
  // expected-error @+1 {{residual must have the rows' hidden size 8, but is '!moe.tokens<9 x bf16>'}}
  %r = moe.combine %e weighted %p residual %s : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>, !moe.tokens<9 x bf16>) -> !moe.tokens<8 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}
