// RUN: moe-opt %s --split-input-file --verify-diagnostics

// mesh-c1
// expected-error @+1 {{number of ranks must be between 1 and 65536, but is 0}}
module @no_rank attributes {moe.mesh = #moe.mesh<"m" on "box" ranks 0>} {}

// -----

// mesh-c2
// expected-error @+1 {{memory must not be negative, but is -1 bytes}}
module @negative_memory attributes {moe.mesh = #moe.mesh<"m" on "box" ranks 1 memory -1>} {}

// -----

// mesh-c2
// expected-error @+1 {{rate must not be negative, but is -1 MB/s}}
module @negative_rate attributes {moe.mesh = #moe.mesh<"m" on "box" ranks 1 rate -1>} {}

// -----

// mesh-c2
// expected-error @+1 {{multiprocessors must not be negative, but are -1}}
module @negative_sms attributes {moe.mesh = #moe.mesh<"m" on "box" ranks 1 sms -1>} {}

// -----

// mesh-c3
// expected-error @+1 {{nodes must divide 6 ranks, but are 4}}
module @nodes_of_different_sizes attributes {moe.mesh = #moe.mesh<"m" on "box" ranks 6 nodes 4>} {}

// -----

// load-c1
// expected-error @+1 {{periods must have equally many counts, 1 to 65536, but one has 1}}
module @uneven_periods attributes {a = #moe.load<counts = [[1.0, 2.0], [1.0]]>} {}

// -----

// load-c2
// expected-error @+1 {{counts must be finite and not negative, but one is -1.0}}
module @negative_count attributes {a = #moe.load<counts = [[1.0, -1.0]]>} {}

// -----

// load-c2
// expected-error @+1 {{a period must have counts, but one has none}}
module @no_counts attributes {a = #moe.load<counts = [[1.0], [0.0]]>} {}

// -----

// load-c3
// expected-error @+1 {{slots must be between 1 and 65536, but is 0}}
module @no_slots attributes {a = #moe.load<counts = [[1.0]], slots = 0>} {}

// -----

// load-c3
// expected-error @+1 {{redundant must be between 0 and 1048576, but is -1}}
module @less_than_one_copy attributes {a = #moe.load<counts = [[1.0]], redundant = -1>} {}

// -----

// placement_request-c3
// expected-error @+1 {{a request must have a load exactly when its rule is by_load, but has none}}
module @no_load attributes {a = #moe.placement_request<by_load>} {}

// -----

// placement_request-c3
// expected-error @+1 {{a request must have a load exactly when its rule is by_load, but has one}}
module @load_and_a_rule attributes {a = #moe.placement_request<linear load <counts = [[1.0]]>>} {}

// -----

// placement_request-c1
// expected-error @+1 {{an entry must name a rank and a list, but has 1 numbers}}
module @empty_list attributes {a = #moe.placement_request<linear holds [0: []]>} {}

// -----

// placement_request-c1
// expected-error @+1 {{numbers must be between 0 and 65535, but one is -2}}
module @negative_pin attributes {a = #moe.placement_request<linear pins [0: [-2]]>} {}

// -----

// placement_request-c2
// expected-error @+1 {{expert 3 is twice in the list of rank 1}}
module @same_expert_in_a_list attributes {a = #moe.placement_request<linear holds [1: [3, 3]]>} {}

// -----

// placement_request-c2
// expected-error @+1 {{expert 5 has two lists}}
module @same_expert_pinned_twice attributes {a = #moe.placement_request<linear pins [5: [0], 5: [1]]>} {}

// -----

// placement-c1
// expected-error @+1 {{a placement must have at least one rank, but has none}}
module @nowhere attributes {a = #moe.placement<[]>} {}

// -----

// placement-c2
// expected-error @+1 {{an expert must be between 0 and 65535, but rank 1 has -1}}
module @negative_expert attributes {a = #moe.placement<[[0], [-1]]>} {}

// -----

// placement-c3
// expected-error @+1 {{expert 2 is twice on rank 0}}
module @twice_on_a_rank attributes {a = #moe.placement<[[2, 1, 2]]>} {}

// -----

// schedule-c1
// expected-error @+1 {{window must be between 0 and 65536, but is -1}}
module @negative_window attributes {a = #moe.schedule<window = -1>} {}

// -----

// schedule-c1
// expected-error @+1 {{depth must be between 1 and 64, but is 0}}
module @no_depth attributes {a = #moe.schedule<depth = 0>} {}

// -----

// groups-c1
// expected-error @+1 {{groups that are kept must be between 1 and 4, but are 5}}
module @more_than_all attributes {a = #moe.groups<4 keep 5 by max rejected zero>} {}

// -----

// groups-c1
// expected-error @+1 {{groups must be between 1 and 65536, but is 0}}
module @no_groups attributes {a = #moe.groups<0 keep 0 by max rejected zero>} {}

// -----

// router-c1
// expected-error @+1 {{top_k must be between 1 and 65535, but is 0}}
module @no_choice attributes {a = #moe.router<top_k = 0, logits = f32, score = softmax, shares = f32>} {}

// -----

// router-c2
// expected-error @+1 {{logits must be f32 or bf16, but is 'f16'}}
module @half_logits attributes {a = #moe.router<top_k = 1, logits = f16, score = softmax, shares = f32>} {}

// -----

// router-c2
// expected-error @+1 {{shares must be f32 or bf16, but is 'f64'}}
module @double_shares attributes {a = #moe.router<top_k = 1, logits = f32, score = softmax, shares = f64>} {}

// -----

// router-c3
// expected-error @+1 {{normalize must be finite and not negative, but is -1.000000e+00}}
module @negative_epsilon attributes {a = #moe.router<top_k = 1, logits = f32, score = softmax, shares = f32, normalize = -1.0>} {}

// -----

// router-c3
// expected-error @+1 {{scale must be finite, but is 0x7FF0000000000000}}
module @infinite_scale attributes {a = #moe.router<top_k = 1, logits = f32, score = softmax, shares = f32, scale = 0x7FF0000000000000 : f64>} {}

// -----

// mlp-c1
// expected-error @+1 {{intermediate must be between 1 and 1048576, but is 0}}
module @no_width attributes {a = #moe.mlp<intermediate = 0, activation = silu>} {}

// -----

// mlp-c2
// expected-error @+1 {{a gate that the activation does not read has a bias}}
module @bias_of_no_gate attributes {a = #moe.mlp<intermediate = 4, activation = "up relu", gate_bias = true>} {}

// -----

// activation-c1
// expected-error @+2 {{failed to parse Moe_MlpAttr parameter 'activation'}}
// expected-error @+1 {{activation must be made of steps and numbers, but is "gate swish up mul"}}
module @strange_step attributes {a = #moe.mlp<intermediate = 4, activation = "gate swish up mul">} {}

// -----

// activation-c1
// expected-error @+2 {{failed to parse Moe_MlpAttr parameter 'activation'}}
// expected-error @+1 {{activation "gate up": wanted one value at the end, found 2}}
module @two_values attributes {a = #moe.mlp<intermediate = 4, activation = "gate up">} {}

// -----

// weight_layout-c1
// expected-error @+1 {{part must be one of 1 to 16 parts, but is 2 of 2}}
module @no_such_part attributes {a = #moe.weight_layout<part = 2, parts = 2>} {}

// -----

// weight_layout-c1
// expected-error @+1 {{one part cannot be interleaved}}
module @alone attributes {a = #moe.weight_layout<transposed = true, interleaved = true>} {}

// -----

// weight_layout-c2
// expected-error @+1 {{a layout must say what is not plain, but says nothing}}
module @plain attributes {a = #moe.weight_layout<parts = 1>} {}

// -----

// weight_name-c3
// expected-error @+1 {{only weights of experts can be stacked}}
module @stacked_router attributes {a = #moe.weight_name<router "r" in <stacked = true>>} {}

// -----

// weight_name-c3
// expected-error @+1 {{a bias cannot be transposed}}
module @transposed_bias attributes {a = #moe.weight_name<expert_up_bias "e.{expert}" in <transposed = true>>} {}

// -----

// weight_name-c2: one tensor holds all experts
// expected-error @+1 {{name 'e.{expert}' of expert_up must hold {expert} nowhere, but holds it 1 times}}
module @stacked_by_expert attributes {a = #moe.weight_name<expert_up "e.{expert}" in <stacked = true>>} {}

// -----

// weight_name-c1
// expected-error @+1 {{name must not be empty}}
module @nameless attributes {a = #moe.weight_name<router "">} {}

// -----

// weight_name-c2
// expected-error @+1 {{name 'e.w1' of expert_gate must hold {expert} once, but holds it 0 times}}
module @which_expert attributes {a = #moe.weight_name<expert_gate "e.w1">} {}

// -----

// weight_name-c2
// expected-error @+1 {{name 'r.{expert}' of router must hold {expert} nowhere, but holds it 1 times}}
module @router_of_an_expert attributes {a = #moe.weight_name<router "r.{expert}">} {}

// -----

// The dialect's names on an op: the kind of each is checked.
// expected-error @+1 {{attribute moe.mesh must be a #moe.mesh, but is 8 : i64}}
module @number_for_a_mesh attributes {moe.mesh = 8} {}

// -----

// expected-error @+1 {{attribute moe.max_tokens must be an i64 between 1 and 2^24, but is 0 : i64}}
module @no_tokens attributes {moe.max_tokens = 0} {}

// -----

// expected-error @+1 {{attribute moe.palcement is unknown to the moe dialect}}
module @misspelt attributes {moe.palcement = #moe.placement<[[0]]>} {}

// -----

// placement_request-c4
// expected-error @+1 {{turns must name an expert, a source and ranks, but have 2 numbers}}
module @turns_of_nobody attributes {a = #moe.placement_request<linear turns [[0, 1]]>} {}

// -----

// placement_request-c4
// expected-error @+1 {{numbers must be between 0 and 65535, but one is -1}}
module @turns_of_a_negative_rank attributes {a = #moe.placement_request<linear turns [[0, 1, -1]]>} {}

// -----

// placement_request-c4
// expected-error @+1 {{expert 0 has two lists of turns for source 1}}
module @turns_twice attributes {a = #moe.placement_request<linear turns [[0, 1, 1], [0, 1, 2]]>} {}

// -----

// placement-c5
// expected-error @+1 {{turns must be an expert, a source and 1 to 1024 ranks, but have 2 numbers}}
module @turns_are_short attributes {a = #moe.placement<[[0], [0]] turns [[0, 0]]>} {}

// -----

// placement-c5
// expected-error @+1 {{turns must ascend and name every source, but expert 0 and source 1 come where source 0 should}}
module @turns_skip_a_source attributes {a = #moe.placement<[[0], [0]] turns [[0, 1, 1]]>} {}

// -----

// placement-c5
// expected-error @+1 {{turns of expert 1 must name ranks that hold it, but rank 0 does not}}
module @turns_without_a_copy attributes {a = #moe.placement<[[0], [0, 1]] turns [[1, 0, 0]]>} {}

// -----

// placement-c5
// expected-error @+1 {{turns of expert 0 must name every source, but end with 0}}
module @turns_end_early attributes {a = #moe.placement<[[0], [0]] turns [[0, 0, 0]]>} {}
