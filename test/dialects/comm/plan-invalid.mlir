// RUN: moe-opt %s -verify-diagnostics -split-input-file

// Constraints of comm.plan, comm.buffer and comm.flag, by id, and of the attributes.

// plan-c1
// expected-error @+1 {{must have 1 to 65535 ranks, not 0}}
comm.plan @no_rank ranks 0 topk 1 depth 1 steps serial result rows {}

// -----

// plan-c1
// expected-error @+1 {{must have 1 to 65535 slots a token, not 70000}}
comm.plan @too_many_slots ranks 1 topk 70000 depth 1 steps serial result rows {}

// -----

// plan-c2
// expected-error @+1 {{must have a positive depth, not -1}}
comm.plan @no_depth ranks 1 topk 1 depth -1 steps serial result rows {}

// -----

// plan-c5
// expected-error @+1 {{must have a number of nodes that divides 6 ranks, not 4}}
comm.plan @nodes_of_different_sizes ranks 6 nodes 4 topk 1 depth 1 steps serial result rows {}

// -----

// plan-c6
// expected-error @+1 {{must have 1 to 4096 stages, not 5000}}
comm.plan @too_many_stages ranks 4 nodes 2 stages 5000 topk 1 depth 1 steps serial result rows {}

// -----

comm.plan @one_label_twice ranks 1 topk 1 depth 1 steps serial result rows {
  // expected-note @+1 {{by this op}}
  %x = comm.buffer input slot of 8 bytes
  // plan-c3
  // expected-error @+1 {{label 'x' is already in use}}
  "comm.flag"() <{label = "x", extents = array<i64>, writer = affine_map<(d0, d1) -> (d0)>}> : () -> !comm.flag
}

// -----

comm.plan @odd_label ranks 1 topk 1 depth 1 steps serial result rows {
  // plan-c3
  // expected-error @+1 {{label 'a b' is no identifier}}
  "comm.flag"() <{label = "a b", extents = array<i64>, writer = affine_map<(d0, d1) -> (d0)>}> : () -> !comm.flag
}

// -----

comm.plan @stranger ranks 1 topk 1 depth 1 steps serial result rows {
  // plan-c4
  // expected-error @+1 {{'builtin.unrealized_conversion_cast' does not belong in a comm.plan}}
  %0 = builtin.unrealized_conversion_cast to !comm.buffer
}

// -----

// expected-error @+1 {{expects parent op 'comm.plan'}}
%x = comm.buffer input slot of 8 bytes

// -----

comm.plan @no_name ranks 1 topk 1 depth 1 steps serial result rows {
  // expected-error @+1 {{expected one named result, as in '%name = ...'}}
  comm.buffer input slot of 8 bytes
}

// -----

comm.plan @empty_extent ranks 1 topk 1 depth 1 steps serial result rows {
  // buffer-c1
  // expected-error @+1 {{extents must be positive 32-bit numbers, not 0}}
  %x = comm.buffer local slot [2, 0] of 8 bytes
}

// -----

comm.plan @empty_record ranks 1 topk 1 depth 1 steps serial result rows {
  // buffer-c2
  // expected-error @+1 {{bytes of a record must be a positive 32-bit number, not 0}}
  %x = comm.buffer local slot of 0 bytes
}

// -----

comm.plan @odd_records ranks 1 topk 4 depth 1 steps serial result rows {
  // buffer-c3
  // expected-error @+1 {{records a token must be 1 or the plan's topk 4, not 3}}
  %x = comm.buffer local slot of 3 x 8 bytes
}

// -----

comm.plan @indexed_input ranks 1 topk 1 depth 1 steps serial result rows {
  // buffer-c4
  // expected-error @+1 {{in space input must have one region of layout slot, not 1 extents and layout slot}}
  %x = comm.buffer input slot [2] of 8 bytes
}

// -----

comm.plan @sequential_output ranks 1 topk 1 depth 1 steps serial result rows {
  // buffer-c4
  // expected-error @+1 {{in space output must have one region of layout slot, not 0 extents and layout seq}}
  %x = comm.buffer output seq of 8 bytes
}

// -----

comm.plan @unknown_space ranks 1 topk 1 depth 1 steps serial result rows {
  // expected-error @+1 {{unknown space 'shared'}}
  %x = comm.buffer shared slot of 8 bytes
}

// -----

comm.plan @flag_without_cell ranks 2 topk 1 depth 1 steps serial result rows {
  // flag-c1
  // expected-error @+1 {{extents must be positive 32-bit numbers, not -2}}
  %f = comm.flag [-2] by i0
}

// -----

comm.plan @writer_is_no_rank ranks 2 topk 1 depth 1 steps serial result rows {
  // flag-c2
  // expected-error @+1 {{writer 'i0' must be a rank, 0 to 1, the same in every step}}
  %f = comm.flag [3] by i0
}

// -----

comm.plan @writer_changes ranks 2 topk 1 depth 1 steps serial result rows {
  // flag-c2
  // expected-error @+1 {{writer 'n mod 2' must be a rank, 0 to 1, the same in every step}}
  %f = comm.flag by n mod 2
}

// -----

comm.plan @two_writers ranks 2 topk 1 depth 1 steps serial result rows {
  // flag-c2
  // expected-error @+1 {{must have one writer and at most 8 indices, not 2 and 0}}
  %f = "comm.flag"() <{label = "f", extents = array<i64>, writer = affine_map<(d0, d1) -> (d0, d0)>}> : () -> !comm.flag
}

// -----

// domain-c1
// expected-error @+1 {{domain variable 'n' already names the step}}
#d = #comm.domain<"n" in all>

// -----

// set-c1
// expected-error @+1 {{item set D takes 2 ranks, not 1}}
#s = #comm.set<D, (d0, d1) -> (d0)>

// -----

// tile-c1
// expected-error @+1 {{tile must be of 1 to 2^32 - 2 tokens and rows, not 0}}
module attributes {comm.tiles = [#comm.tile<experts swapped 16 up to 0>]} {}

// -----

// link-c1
// expected-error @+1 {{link 'nvlink' must have a positive rate, not 0 MB/s}}
#l = #comm.link<name = "nvlink", path = nvlink, megabytesPerSecond = 0, latencyNanoseconds = 1>

// -----

// link-c1
// expected-error @+1 {{link 'nvlink' must not have a negative latency, -1 ns}}
#l = #comm.link<name = "nvlink", path = nvlink, megabytesPerSecond = 1, latencyNanoseconds = -1>

// -----

// topology-c1
// expected-error @+1 {{machine 'm' must have at least one node and GPU, not 0 nodes of 8 GPUs}}
#t = #comm.topology<"m", nodes = 0, gpusPerNode = 8>

// -----

// topology-c2
// expected-error @+1 {{machine 'm' has two links named 'a'}}
#t = #comm.topology<"m", nodes = 1, gpusPerNode = 8, links = [
  <name = "a", path = nvlink, megabytesPerSecond = 1, latencyNanoseconds = 1>,
  <name = "a", path = rail, megabytesPerSecond = 1, latencyNanoseconds = 1>]>

// -----

// schedule-c1
// expected-error @+1 {{window must be 0 (all peers) or more, not -1}}
#s = #comm.schedule<staggered_put, window = -1>

// -----

// schedule-c1
// expected-error @+1 {{depth must be positive, not 0}}
#s = #comm.schedule<staggered_put, depth = 0>
