// RUN: moe-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

#m = #moe.mesh<"ep2" on "box" ranks 2>
// router_logits-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %w = "t.w"() : () -> tensor<4x16xf32>
  // expected-error @+1 {{matrix must be [4, 8], but is [4, 16]}}
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x16xf32>) -> !moe.scores<4 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// router_logits-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %w = "t.w"() : () -> tensor<4x8xf32>
  // expected-error @+1 {{result must be f32, but is 'bf16'}}
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x bf16>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// add_bias-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  %b = "t.b"() : () -> tensor<5xf32>
  // expected-error @+1 {{vector must be [4], but is [5]}}
  %r = moe.add_bias %s, %b : !moe.scores<4 x f32>, tensor<5xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// add_bias-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x bf16>
  %b = "t.b"() : () -> tensor<4xf32>
  // expected-error @+1 {{scores must be f32, but is 'bf16'}}
  %r = moe.add_bias %s, %b : !moe.scores<4 x bf16>, tensor<4xf32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// add_bias-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  %b = "t.b"() : () -> tensor<4xbf16>
  // expected-error @+1 {{vector must be f32, but is 'bf16'}}
  %r = moe.add_bias %s, %b : !moe.scores<4 x f32>, tensor<4xbf16>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// round-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  // expected-error @+1 {{operand and result must differ in the element type alone, but are '!moe.scores<4 x f32>' and '!moe.shares<4 x bf16>'}}
  %r = moe.round %s : !moe.scores<4 x f32> -> !moe.shares<4 x bf16>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// round-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.shares<2 x bf16>
  // expected-error @+1 {{result must not be wider than 'bf16', but is 'f32'}}
  %r = moe.round %s : !moe.shares<2 x bf16> -> !moe.shares<2 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// score-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.shares<2 x f32>
  // expected-error @+1 {{operand and result must differ in the element type alone, but are '!moe.shares<2 x f32>' and '!moe.shares<3 x f32>'}}
  %r = moe.score softmax %s : !moe.shares<2 x f32> -> !moe.shares<3 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// score-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  // expected-error @+1 {{result must be f32, but is 'bf16'}}
  %r = moe.score sigmoid %s : !moe.scores<4 x f32> -> !moe.scores<4 x bf16>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// group_limit-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  // expected-error @+1 {{groups must divide the 4 experts, but are 3}}
  %r = moe.group_limit %s groups 3 keep 1 by max rejected zero : !moe.scores<4 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// group_limit-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  // expected-error @+1 {{groups that are kept must be between 1 and 2, but are 0}}
  %r = moe.group_limit %s groups 2 keep 0 by max rejected zero : !moe.scores<4 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// group_limit-c3
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  // expected-error @+1 {{a group must have 2 experts or more to sum the best two, but has 1}}
  %r = moe.group_limit %s groups 4 keep 2 by sum_of_top2 rejected zero : !moe.scores<4 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// topk-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  // expected-error @+1 {{choices must be of the 4 experts of the scores, but are of 5}}
  %r = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 5>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// topk-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  // expected-note @+1 {{groups are limited here}}
  %g = moe.group_limit %s groups 2 keep 1 by max rejected zero : !moe.scores<4 x f32>
  // expected-error @+1 {{choices must be at most the 2 experts of the groups that are kept, but are 3}}
  %r = moe.top_k %g : !moe.scores<4 x f32> -> !moe.choices<3 of 4>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// gather_scores-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  %c = "t.c"() : () -> !moe.choices<2 of 5>
  // expected-error @+1 {{choices must be of the 4 experts of the scores, but are of 5}}
  %r = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 5>) -> !moe.shares<2 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// gather_scores-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %s = "t.s"() : () -> !moe.scores<4 x f32>
  %c = "t.c"() : () -> !moe.choices<2 of 4>
  // expected-error @+1 {{result must be '!moe.shares<2 x f32>', but is '!moe.shares<2 x bf16>'}}
  %r = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x bf16>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// normalize-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %p = "t.p"() : () -> !moe.shares<2 x bf16>
  // expected-error @+1 {{shares must be f32, but is 'bf16'}}
  %r = moe.normalize %p epsilon 0.0 : !moe.shares<2 x bf16>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// normalize-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %p = "t.p"() : () -> !moe.shares<2 x f32>
  // expected-error @+1 {{epsilon must be finite and not negative, but is -1.000000e+00}}
  %r = moe.normalize %p epsilon -1.0 : !moe.shares<2 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// scale-c1
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %p = "t.p"() : () -> !moe.shares<2 x bf16>
  // expected-error @+1 {{shares must be f32, but is 'bf16'}}
  %r = moe.scale %p by 2.0 : !moe.shares<2 x bf16>
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

#m = #moe.mesh<"ep2" on "box" ranks 2>
// scale-c2
moe.layer @l experts 4 on #m (%x: !moe.tokens<8 x f32>) {
  %p = "t.p"() : () -> !moe.shares<2 x f32>
  // expected-error @+1 {{factor must be finite, but is 0x7FF8000000000000}}
  %r = moe.scale %p by 0x7FF8000000000000 : !moe.shares<2 x f32>
  moe.yield %x : !moe.tokens<8 x f32>
}
