// RUN: moe-opt %s -verify-diagnostics -split-input-file

// Constraints of comm.compute and comm.reduce, by id.

comm.plan @nothing_to_call ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer local slot of 12 bytes
  // compute-c1
  // expected-error @+1 {{calls @route, which is no comm.task of the plan}}
  %rt = comm.compute @route reads %x{A(r)} writes %z{A(r)}
}

// -----

comm.plan @a_sum_in_a_compute ranks 2 topk 1 depth 1 steps serial result rows {
  comm.task @sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer local slot of 12 bytes
  // compute-c2
  // expected-error @+1 {{cannot call a task of kind slot_sum: use comm.reduce}}
  %rt = comm.compute @sum reads %x{A(r)} writes %z{A(r)}
}

// -----

comm.plan @a_route_in_a_reduce ranks 2 topk 1 depth 1 steps serial result rows {
  comm.task @route kind route
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer local slot of 12 bytes
  // compute-c2
  // expected-error @+1 {{cannot call a task of kind route: use comm.compute}}
  %rt = comm.reduce @route reads %x{A(r)} writes %z{A(r)}
}

// -----

comm.plan @experts_without_records ranks 2 topk 2 depth 1 steps serial result rows {
  comm.task @experts kind experts
  %x = comm.buffer local seq [2] of 8 bytes
  %y = comm.buffer local slot [2] of 2 x 8 bytes
  // compute-c3
  // expected-error @+1 {{task of kind experts reads D(v,r) D(v,r) and writes Y(v,r) for a variable v, not D(s,r) and Y(s,r)}}
  %ex = comm.compute @experts for s in all reads %x[s]{D(s,r)} writes %y[s]{Y(s,r)}
}

// -----

comm.plan @pack_for_the_wrong_side ranks 2 topk 2 depth 1 steps serial result rows {
  comm.task @pack kind pack
  %x = comm.buffer local slot of 24 bytes
  %y = comm.buffer local seq [2] of 24 bytes
  // compute-c3
  // expected-error @+1 {{task of kind pack reads A(r) and writes D(r,v) for a variable v, not A(r) and D(p,r)}}
  %pk = comm.compute @pack for p in all reads %x{A(r)} writes %y[p]{D(p,r)}
}

// -----

comm.plan @sum_reads_too_much ranks 2 topk 2 depth 1 steps serial result rows {
  comm.task @sum kind slot_sum
  %x = comm.buffer local slot of 24 bytes
  %y = comm.buffer local slot of 2 x 8 bytes
  %z = comm.buffer output slot of 8 bytes
  // compute-c3
  // expected-error @+1 {{task of kind slot_sum reads A(r) Y(r,v) A(r) A(r) (the last two optional) and writes A(r) for a variable v, not A(r) Y(r,p) A(r) A(r) A(r) and A(r)}}
  %rd = comm.reduce @sum reads %x{A(r)}, %y{Y(r,p)} each p in all, %x{A(r)}, %x{A(r)}, %x{A(r)} writes %z{A(r)}
}

// -----

comm.plan @small_route ranks 2 topk 2 depth 1 steps serial result rows {
  comm.task @route kind route
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer local slot of 12 bytes
  // compute-c4
  // expected-error @+1 {{route 'z' must have 24 bytes a record, not 12}}
  %rt = comm.compute @route reads %x{A(r)} writes %z{A(r)}
}

// -----

comm.plan @small_records ranks 2 topk 2 depth 1 steps serial result rows {
  comm.task @pack kind pack
  %x = comm.buffer local slot of 24 bytes
  %y = comm.buffer local seq [2] of 8 bytes
  // compute-c4
  // expected-error @+1 {{records 'y' must have 24 bytes a record, not 8}}
  %pk = comm.compute @pack for p in all reads %x{A(r)} writes %y[p]{D(r,p)}
}

// -----

comm.plan @sum_in_rotating_order ranks 2 topk 2 depth 1 steps serial result rows {
  comm.task @sum kind slot_sum
  %x = comm.buffer local slot of 24 bytes
  %y = comm.buffer local slot of 2 x 8 bytes
  %z = comm.buffer output slot of 8 bytes
  // reduce-c1
  // expected-error @+1 {{adds over 'p' in stagger: the order of a sum must be ascending}}
  %rd = comm.reduce @sum reads %x{A(r)}, %y{Y(r,p)} each p in stagger writes %z{A(r)}
}

// -----

comm.plan @region_without_a_buffer ranks 2 topk 2 depth 1 steps serial result rows {
  comm.task @route kind route
  %x = comm.buffer input slot of 8 bytes
  // expected-error @+1 {{has 2 regions for 1 read buffers}}
  %rt = "comm.compute"(%x) <{label = "rt", callee = @route, domains = [], afterInstances = [], writeRegions = [],
    operandSegmentSizes = array<i32: 1, 0, 0>,
    readRegions = [#comm.region<(d0, d1) -> (), <A, (d0, d1) -> (d0)>>, #comm.region<(d0, d1) -> (), <A, (d0, d1) -> (d0)>>]}>
    : (!comm.buffer) -> !comm.token
}

// -----

comm.plan @rows_in_a_partial_result ranks 2 topk 1 depth 1 steps serial result rank_partial {
  comm.task @sum kind slot_sum
  %route = comm.buffer local slot of 12 bytes
  %back = comm.buffer sym slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  // compute-c5
  // expected-error @+1 {{cannot end with slot_sum in a plan with result rank_partial}}
  %rd = comm.reduce @sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)}
}

// -----

comm.plan @a_split_of_another_node ranks 4 nodes 2 topk 1 depth 1 steps serial result rows {
  comm.task @split kind split
  %meta = comm.buffer local seq [2] of 20 bytes
  %rec = comm.buffer local seq [2] of 16 bytes
  // compute-c3
  // expected-error @+1 {{task of kind split reads M(s,a) and writes D(s,p) for the node a of r and any ranks s and p, not M(r,b) and D(r,m)}}
  %sp = comm.compute @split for b in nodes reads %meta[b]{M(r,b)} writes %rec[m]{D(r,m)} each m in lanes
}

// -----

comm.plan @records_too_small_for_a_node ranks 4 nodes 2 topk 1 depth 1 steps serial result rows {
  comm.task @pack kind pack_nodes
  %route = comm.buffer local slot of 12 bytes
  %rec = comm.buffer local seq [2] of 16 bytes
  // compute-c4
  // expected-error @+1 {{records 'rec' must have 20 bytes a record, not 16}}
  %pk = comm.compute @pack for b in nodes reads %route{A(r)} writes %rec[b]{M(r,b)}
}
