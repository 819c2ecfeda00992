// RUN: moe-opt %s --allow-unregistered-dialect --split-input-file --verify-diagnostics

// tensor_map-c1
// expected-error@+1 {{tensor map must have one to five dimensions, strides and box sizes, not 2, 1 and 2}}
"test.attr"() {a = #tile.tensor_map<bf16, dims = [<constant = 8>, <constant = 8>], strides = [2], box = [8, 8], swizzle = 0, base = 0>} : () -> ()

// -----

// tensor_map-c2
// expected-error@+1 {{inner stride must be the bytes of 'bf16', not 4}}
"test.attr"() {a = #tile.tensor_map<bf16, dims = [<constant = 8>, <constant = 8>], strides = [4, 16], box = [8, 8], swizzle = 0, base = 0>} : () -> ()

// -----

// tensor_map-c2
// expected-error@+1 {{strides must be multiples of 16, not 24}}
"test.attr"() {a = #tile.tensor_map<bf16, dims = [<constant = 8>, <constant = 8>], strides = [2, 24], box = [8, 8], swizzle = 0, base = 0>} : () -> ()

// -----

// tensor_map-c3
// expected-error@+1 {{box sizes must be 1 to 256, not 257}}
"test.attr"() {a = #tile.tensor_map<bf16, dims = [<constant = 8>, <constant = 8>], strides = [2, 16], box = [8, 257], swizzle = 0, base = 0>} : () -> ()

// -----

// binding-c1
// expected-error@+1 {{argument 'x' is a view and must have a tensor map}}
"test.attr"() {a = #tile.binding<"x", view, buffer, 0>} : () -> ()

// -----

// expected-error@+1 {{unknown term 'per_rank' of an extent}}
"test.attr"() {a = #tile.extent<per_rank = 4>} : () -> ()

// -----

// expected-error@+1 {{attribute tile.info must be a #tile.kernel_info, but is 1 : i32}}
module attributes {tile.info = 1 : i32} {}

// -----

// expected-error@+1 {{attribute tile.arch must be a string, but is 90 : i64}}
module attributes {tile.arch = 90} {}

// -----

// expected-error@+1 {{attribute tile.tune is unknown to the tile dialect}}
module attributes {tile.tune} {}
