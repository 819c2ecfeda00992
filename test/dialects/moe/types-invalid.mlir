// RUN: moe-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

// tokens-c1
// expected-error @+1 {{hidden size must be between 1 and 1048576, but is 0}}
"t.no_hidden"() : () -> (!moe.tokens<0 x f32>)

// -----

// tokens-c2
// expected-error @+1 {{element type must be f32 or bf16, but is 'f16'}}
"t.half_precision"() : () -> (!moe.tokens<8 x f16>)

// -----

// scores-c1
// expected-error @+1 {{number of experts must be between 1 and 65536, but is 65537}}
"t.too_many_experts"() : () -> (!moe.scores<65537 x f32>)

// -----

// scores-c2
// expected-error @+1 {{element type must be f32 or bf16, but is 'i32'}}
"t.integer_scores"() : () -> (!moe.scores<4 x i32>)

// -----

// choices-c1
// expected-error @+1 {{number of choices must be between 1 and 4, but is 5}}
"t.more_choices_than_experts"() : () -> (!moe.choices<5 of 4>)

// -----

// choices-c1
// expected-error @+1 {{number of experts must be between 1 and 65536, but is 0}}
"t.choices_of_none"() : () -> (!moe.choices<1 of 0>)

// -----

// shares-c1
// expected-error @+1 {{number of choices must be between 1 and 65535, but is 0}}
"t.shares_of_none"() : () -> (!moe.shares<0 x f32>)

// -----

// shares-c2
// expected-error @+1 {{element type must be f32 or bf16, but is 'f64'}}
"t.double_shares"() : () -> (!moe.shares<2 x f64>)

// -----

// rows-c1
// expected-error @+1 {{number of choices must be between 1 and 65535, but is 0}}
"t.rows_of_none"() : () -> (!moe.rows<0 x 8 x f32>)

// -----

// rows-c1
// expected-error @+1 {{hidden size must be between 1 and 1048576, but is 0}}
"t.empty_rows"() : () -> (!moe.rows<2 x 0 x f32>)

// -----

// rows-c2
// expected-error @+1 {{element type must be f32 or bf16, but is 'f8E4M3FN'}}
"t.quantised_rows"() : () -> (!moe.rows<2 x 8 x f8E4M3FN>)
