// RUN: moe-opt %s --split-input-file --verify-diagnostics

#router = #moe.router<top_k = 2, logits = f32, score = softmax, shares = f32>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
// layer_attr-c1
// expected-error @+1 {{hidden must be between 1 and 1048576, but is 0}}
module @no_hidden attributes {moe.layer = #moe.layer<hidden = 0, experts = 4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp, names = []>} {}

// -----

#router = #moe.router<top_k = 2, logits = f32, score = softmax, shares = f32>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
// layer_attr-c1
// expected-error @+1 {{experts must be between 1 and 65536, but is -4}}
module @no_experts attributes {moe.layer = #moe.layer<hidden = 8, experts = -4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp, names = []>} {}

// -----

#router = #moe.router<top_k = 2, logits = f32, score = softmax, shares = f32>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
// layer_attr-c2
// expected-error @+1 {{combine must be f32 or bf16, but is 'f16'}}
module @half_rows attributes {moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f16,
  router = #router, expert = #mlp, names = []>} {}

// -----

#router = #moe.router<top_k = 5, logits = f32, score = softmax, shares = f32>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
// layer_attr-c3
// expected-error @+1 {{top_k must be at most the 4 experts, but is 5}}
module @more_than_there_are attributes {moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp, names = []>} {}

// -----

#router = #moe.router<top_k = 1, logits = f32, score = softmax, shares = f32, groups = <3 keep 1 by max rejected zero>>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
// layer_attr-c4
// expected-error @+1 {{groups must divide the 4 experts, but are 3}}
module @uneven_groups attributes {moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp, names = []>} {}

// -----

#router = #moe.router<top_k = 3, logits = f32, score = softmax, shares = f32, groups = <2 keep 1 by max rejected zero>>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
// layer_attr-c4
// expected-error @+1 {{top_k must be at most the 2 experts of the groups that are kept, but is 3}}
module @more_than_is_kept attributes {moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp, names = []>} {}

// -----

#router = #moe.router<top_k = 2, logits = f32, score = softmax, shares = f32, selection_bias = true>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
// layer_attr-c5
// expected-error @+1 {{weight selection_bias must be named once, but is named 0 times}}
module @unnamed_bias attributes {moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp, names = [<router "r">]>} {}

// -----

#router = #moe.router<top_k = 2, logits = f32, score = softmax, shares = f32>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
// layer_attr-c5
// expected-error @+1 {{weight shared_up is named, but the layer does not read it}}
module @useless_weight attributes {moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp,
  names = [<router "r">, <expert_gate "{expert}.g">, <expert_up "{expert}.u">, <expert_down "{expert}.d">, <shared_up "s">]>} {}

// -----

#router = #moe.router<top_k = 2, logits = f32, score = softmax, shares = f32>
#mlp = #moe.mlp<intermediate = 4, activation = silu, scaled = true>
// layer_attr-c6
// expected-error @+1 {{only a shared expert can be scaled, but the routed experts are}}
module @scaled_experts attributes {moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp, names = []>} {}

// -----

#router = #moe.router<top_k = 2, logits = f32, score = softmax, shares = f32>
#mlp = #moe.mlp<intermediate = 4, activation = silu>
#biased = #moe.mlp<intermediate = 4, activation = silu, up_bias = true>
// layer_attr-c6
// expected-error @+1 {{only routed experts can have biases, but the shared expert has}}
module @biased_shared_expert attributes {moe.layer = #moe.layer<hidden = 8, experts = 4, tokens = f32, weights = f32, combine = f32,
  router = #router, expert = #mlp, shared = #biased, names = []>} {}
