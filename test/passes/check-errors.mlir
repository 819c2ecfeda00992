// RUN: moe-opt %s --moe-check --split-input-file --verify-diagnostics

// expected-error @+1 {{module must hold a moe.layer, but holds none}}
module @empty {}

// -----

// expected-error @+1 {{layer must have a request or a placement, but has neither}}
moe.layer @neither_request_nor_placement experts 4 on #moe.mesh<"m" on "box" ranks 1> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

// A plan before distribute is out of place.
// expected-error @+1 {{only moe.layer can be here before distribute, but found comm.plan}}
comm.plan @early ranks 1 topk 1 depth 1 steps serial result rows {
}

// -----

moe.layer @result_is_not_a_sum experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  // expected-error @+1 {{unsupported here: result must come from moe.combine, but comes from the layer's tokens}}
  moe.yield %x : !moe.tokens<8 x f32>
}

// -----

moe.layer @scaled_before_normalised experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %ps = moe.scale %p by 2.5 : !moe.shares<2 x f32>
  // expected-error @-1 {{unsupported here: shares must be gathered scores that are scored, normalised, scaled and rounded, each at most once and in this order, but moe.scale is there}}
  %pn = moe.normalize %ps epsilon 0.0 : !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %pn : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @scored_twice experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  // expected-error @+1 {{unsupported here: scores must be before the choice or after it, but are both}}
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %pp = moe.score sigmoid %p : !moe.shares<2 x f32> -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %pp : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @score_of_a_score experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %s2 = moe.score sigmoid %s : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s2 : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  // expected-error @+1 {{unsupported here: scores must be router logits with at most a bias, a rounding and a score function, in this order, but moe.score is there}}
  %p = moe.gather_scores %s2 at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @bias_after_the_group_limit experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %b = moe.weight selection_bias "b" : tensor<4xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %l = moe.group_limit %s groups 2 keep 1 by max rejected zero : !moe.scores<4 x f32>
  %sb = moe.add_bias %l, %b : !moe.scores<4 x f32>, tensor<4xf32>
  // expected-error @+1 {{unsupported here: choice must be on the gathered scores with at most a bias and a group limit, in this order, but moe.group_limit is there}}
  %c = moe.top_k %sb : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @wrong_bias_for_the_choice experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %b = moe.weight router_bias "b" : tensor<4xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  // expected-error @+1 {{weight here must be selection_bias, but is router_bias}}
  %sb = moe.add_bias %s, %b : !moe.scores<4 x f32>, tensor<4xf32>
  %c = moe.top_k %sb : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @wrong_bias_for_the_logits experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %b = moe.weight selection_bias "b" : tensor<4xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  // expected-error @+1 {{weight here must be router_bias, but is selection_bias}}
  %zb = moe.add_bias %z, %b : !moe.scores<4 x f32>, tensor<4xf32>
  %s = moe.score softmax %zb : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @up_and_gate_are_swapped experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  // expected-error @+1 {{weight here must be expert_gate, but is expert_up}}
  %e = moe.experts silu %x at %c gate %u up %g down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @others_than_were_chosen experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %c2 = moe.top_k %z : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  // expected-error @+1 {{unsupported here: experts must be those whose scores are gathered, but are others}}
  %e = moe.experts silu %x at %c2 gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @router_in_another_type experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %wr = moe.weight router "gate" : tensor<4x8xbf16>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  // expected-error @+1 {{unsupported here: router matrix must be 'f32' like the experts, but is 'bf16'}}
  %z = moe.router_logits %x, %wr : (!moe.tokens<8 x f32>, tensor<4x8xbf16>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @two_routed_layers_in_a_row experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  // expected-error @+1 {{unsupported here: experts must read the layer's tokens, but read moe.combine}}
  %e2 = moe.experts silu %y at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y2 = moe.combine %e2 weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y2 : !moe.tokens<8 x f32>
}

// -----

moe.layer @the_input_in_place_of_a_shared_expert experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  // expected-error @+1 {{unsupported here: what is added must come from moe.shared_expert, but comes from the layer's tokens}}
  %y = moe.combine %e weighted %p plus %x : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>, !moe.tokens<8 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

// Values of other dialects have no closed form, wherever they come in.
moe.layer @foreign_weight experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %f = builtin.unrealized_conversion_cast %x : !moe.tokens<8 x f32> to tensor<4x8xf32>
  // expected-error @+1 {{unsupported here: weights must come from moe.weight, but one comes from builtin.unrealized_conversion_cast}}
  %z = moe.router_logits %x, %f : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @foreign_choices experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = builtin.unrealized_conversion_cast %x : !moe.tokens<8 x f32> to !moe.choices<2 of 4>
  // expected-error @+1 {{unsupported here: choices must come from moe.top_k, but come from builtin.unrealized_conversion_cast}}
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @foreign_rows experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = builtin.unrealized_conversion_cast %x : !moe.tokens<8 x f32> to !moe.rows<2 x 8 x f32>
  // expected-error @+1 {{unsupported here: rows must come from moe.experts, but come from builtin.unrealized_conversion_cast}}
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @foreign_shares experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  // expected-error @+1 {{unsupported here: shares must be gathered scores that are scored, normalised, scaled and rounded, each at most once and in this order, but builtin.unrealized_conversion_cast is there}}
  %p = builtin.unrealized_conversion_cast %x : !moe.tokens<8 x f32> to !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @foreign_scores experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %s = builtin.unrealized_conversion_cast %x : !moe.tokens<8 x f32> to !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  // expected-error @+1 {{unsupported here: scores must be router logits with at most a bias, a rounding and a score function, in this order, but builtin.unrealized_conversion_cast is there}}
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  %e = moe.experts silu %x at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}

// -----

moe.layer @foreign_tokens experts 4 on #moe.mesh<"m" on "box" ranks 1> request #moe.placement_request<linear> (%x: !moe.tokens<8 x f32>) {
  %w = moe.weight router "gate" : tensor<4x8xf32>
  %g = moe.weight expert_gate "e.{expert}.g" : tensor<4x2x8xf32>
  %u = moe.weight expert_up "e.{expert}.u" : tensor<4x2x8xf32>
  %d = moe.weight expert_down "e.{expert}.d" : tensor<4x8x2xf32>
  %t = builtin.unrealized_conversion_cast %x : !moe.tokens<8 x f32> to !moe.tokens<8 x f32>
  %z = moe.router_logits %x, %w : (!moe.tokens<8 x f32>, tensor<4x8xf32>) -> !moe.scores<4 x f32>
  %s = moe.score softmax %z : !moe.scores<4 x f32> -> !moe.scores<4 x f32>
  %c = moe.top_k %s : !moe.scores<4 x f32> -> !moe.choices<2 of 4>
  %p = moe.gather_scores %s at %c : (!moe.scores<4 x f32>, !moe.choices<2 of 4>) -> !moe.shares<2 x f32>
  // expected-error @+1 {{unsupported here: experts must read the layer's tokens, but read builtin.unrealized_conversion_cast}}
  %e = moe.experts silu %t at %c gate %g up %u down %d
    : (!moe.tokens<8 x f32>, !moe.choices<2 of 4>, tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x8x2xf32>) -> !moe.rows<2 x 8 x f32>
  %y = moe.combine %e weighted %p : (!moe.rows<2 x 8 x f32>, !moe.shares<2 x f32>) -> !moe.tokens<8 x f32>
  moe.yield %y : !moe.tokens<8 x f32>
}
