// RUN: moe-opt %s -verify-diagnostics -split-input-file

// Constraints of put, pull, copy, signal, wait, dispatch and combine, by id.

comm.plan @put_into_local_memory ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer local seq [2] of 8 bytes
  // put-c1
  // expected-error @+1 {{target 'z' must be a sym buffer, not local}}
  %pd = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)}
}

// -----

comm.plan @put_of_two_sets ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c2
  // expected-error @+1 {{writes D(r,p) but reads D(p,r)}}
  %pd = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(p,r)}
}

// -----

comm.plan @put_of_many_regions ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c3
  // expected-error @+1 {{moves one region: 'each' is for compute and reduce}}
  %pd = comm.put to r : %z[r]{D(r,p)} each p in all from %x{D(r,p)} each p in all
}

// -----

comm.plan @put_of_unequal_records ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 16 bytes
  // put-c4
  // expected-error @+1 {{moves records of 8 bytes in 'x' to 16 bytes in 'z'}}
  %pd = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)}
}

// -----

comm.plan @negative_window ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c5
  // expected-error @+1 {{window must be 0 or more instances of a family with a domain, not -1}}
  %pd = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)} window -1
}

// -----

comm.plan @window_of_one_put ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c5
  // expected-error @+1 {{window must be 0 or more instances of a family with a domain, not 2}}
  %pd = comm.put to r : %z[r]{A(r)} from %x{A(r)} window 2
}

// -----

comm.plan @window_of_each_of_all ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym slot [2] of 8 bytes
  // put-c5
  // expected-error @+1 {{window for each peer must be 1 or more puts to one rank, not puts to all}}
  %pd = comm.put for p in stagger to all : %z[r]{A(r)} from %x{A(r)} via multicast window 1 each
}

// -----

comm.plan @no_window_for_each ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c5
  // expected-error @+1 {{window for each peer must be 1 or more puts to one rank, not 0}}
  %pd = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)} window 0 each
}

// -----

comm.plan @put_beyond_the_last_rank ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c6
  // expected-error @+1 {{destination 'p + 1' must be a rank, 0 to 1, for every value of its variables}}
  %pd = comm.put for p in stagger to p + 1 : %z[r]{D(r,p)} from %x{D(r,p)}
}

// -----

comm.plan @put_to_two_ranks ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq of 8 bytes
  // put-c6
  // expected-error @+1 {{goes to one rank, not 2}}
  %pd = "comm.put"(%z, %x) <{label = "pd", domains = [], afterInstances = [], to = affine_map<(d0, d1) -> (d0, d0)>,
    targetRegion = #comm.region<(d0, d1) -> (), <A, (d0, d1) -> (d0)>>,
    sourceRegion = #comm.region<(d0, d1) -> (), <A, (d0, d1) -> (d0)>>}> : (!comm.buffer, !comm.buffer) -> !comm.token
}

// -----

comm.plan @copy_of_two_sets ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // copy-c1
  // expected-error @+1 {{writes A(r) but reads D(r,r)}}
  %cp = comm.copy : %z{A(r)} from %x{D(r,r)}
}

// -----

comm.plan @copy_of_many_regions ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  %z = comm.buffer local slot of 8 bytes
  // copy-c2
  // expected-error @+1 {{moves one region: 'each' is for compute and reduce}}
  %cp = comm.copy : %z{A(r)} each p in all from %x{A(r)}
}

// -----

comm.plan @copy_of_unequal_records ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  %z = comm.buffer local slot of 4 bytes
  // copy-c3
  // expected-error @+1 {{moves records of 8 bytes in 'x' to 4 bytes in 'z'}}
  %cp = comm.copy : %z{A(r)} from %x{A(r)}
}

// -----

comm.plan @copy_onto_itself ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local slot of 8 bytes
  // copy-c4
  // expected-error @+1 {{copies within one buffer}}
  %cp = comm.copy : %x{A(r)} from %x{A(r)}
}

// -----

comm.plan @signal_without_its_count ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] carry by i0
  // signal-c1
  // expected-error @+1 {{carries no set, which 'f' expects}}
  %s = comm.signal for p in stagger to p : %f[r] = n
}

// -----

comm.plan @signal_with_a_count ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // signal-c1
  // expected-error @+1 {{carries a set, which 'f' does not take}}
  %s = comm.signal for p in stagger to p : %f[r] = n carry D(r,p)
}

// -----

comm.plan @signal_of_the_initial_value ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // signal-c2
  // expected-error @+1 {{value 'n - 1' must depend on n alone, be positive and grow with it, by 65536 at most and without quotients}}
  %s = comm.signal for p in stagger to p : %f[r] = n - 1
}

// -----

comm.plan @signal_of_a_repeating_value ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // signal-c2
  // expected-error @+1 {{value 'n mod 2 + 1' must depend on n alone, be positive and grow with it, by 65536 at most and without quotients}}
  %s = comm.signal for p in stagger to p : %f[r] = n mod 2 + 1
}

// -----

comm.plan @signal_of_a_value_of_the_peer ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // signal-c2
  // expected-error @+1 {{value 'n + p' must depend on n alone, be positive and grow with it, by 65536 at most and without quotients}}
  %s = comm.signal for p in stagger to p : %f[r] = p + n
}

// -----

comm.plan @signal_of_no_cell ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [1, 2] by i1
  // signal-c3
  // expected-error @+1 {{'f' takes 2 indices, not 1}}
  %s = comm.signal for p in stagger to p : %f[r] = n
}

// -----

comm.plan @signal_of_a_foreign_cell ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // signal-c4
  // expected-error @+1 {{writes a cell of 'f' from rank 1 that another rank owns: its writer is 'i0'}}
  %s = comm.signal for p in stagger to p : %f[p] = n
}

// -----

comm.plan @signal_beyond_the_last_rank ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // signal-c5
  // expected-error @+1 {{destination 'r + 1' must be a rank, 0 to 1, for every value of its variables}}
  %s = comm.signal to r + 1 : %f[r] = n
}

// -----

comm.plan @signal_to_two_ranks ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag by r
  // signal-c5
  // expected-error @+1 {{goes to one rank, not 2}}
  %s = "comm.signal"(%f) <{label = "s", domains = [], afterInstances = [], index = affine_map<(d0, d1) -> ()>,
    to = affine_map<(d0, d1) -> (d0, d0)>, value = affine_map<(d0, d1) -> (d1)>}> : (!comm.flag) -> !comm.token
}

// -----

comm.plan @wait_for_a_count_that_never_comes ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // wait-c1
  // expected-error @+1 {{takes a set from 'f', which carries none}}
  %w = comm.wait for s in all : %f[s] at n get D(s,r)
}

// -----

comm.plan @wait_for_the_initial_value ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // wait-c2
  // expected-error @+1 {{value '0' must depend on n alone, be positive and grow with it, by 65536 at most and without quotients}}
  %w = comm.wait for s in all : %f[s] at 0
}

// -----

comm.plan @wait_for_two_values ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag by r
  // wait-c2
  // expected-error @+1 {{takes one value, not 2}}
  %w = "comm.wait"(%f) <{label = "w", domains = [], afterInstances = [], index = affine_map<(d0, d1) -> ()>,
    value = affine_map<(d0, d1) -> (d1, d1)>}> : (!comm.flag) -> !comm.token
}

// -----

comm.plan @wait_beyond_the_last_cell ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  // wait-c3
  // expected-error @+1 {{index 's + 1' of 'f' must stay below its extent 2}}
  %w = comm.wait for s in all : %f[s + 1] at n
}

// -----

comm.plan @dispatch_of_indexed_rows ranks 2 topk 1 depth 1 steps serial result rows {
  // expected-note @+1 {{'x' is here}}
  %x = comm.buffer local slot [2] of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv = comm.buffer local seq [2] of 8 bytes
  %meta = comm.buffer local seq [2] of 16 bytes
  // dispatch-c1
  // expected-error @+1 {{rows 'x' must have extents [] and layout slot, not [2] and slot}}
  %di = comm.dispatch %x by %route to %recv, %meta
}

// -----

comm.plan @dispatch_into_one_region ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv = comm.buffer local seq [2] of 8 bytes
  // expected-note @+1 {{'meta' is here}}
  %meta = comm.buffer local seq of 16 bytes
  // dispatch-c2
  // expected-error @+1 {{records 'meta' must have extents [2] and layout seq, not [] and seq}}
  %di = comm.dispatch %x by %route to %recv, %meta
}

// -----

comm.plan @dispatch_of_unequal_rows ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv = comm.buffer local seq [2] of 4 bytes
  %meta = comm.buffer local seq [2] of 16 bytes
  // dispatch-c3
  // expected-error @+1 {{moves records of 8 bytes in 'x' to 4 bytes in 'recv'}}
  %di = comm.dispatch %x by %route to %recv, %meta
}

// -----

comm.plan @dispatch_by_short_routes ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 8 bytes
  %recv = comm.buffer local seq [2] of 8 bytes
  %meta = comm.buffer local seq [2] of 16 bytes
  // dispatch-c4
  // expected-error @+1 {{route 'route' must have 12 bytes a record, not 8}}
  %di = comm.dispatch %x by %route to %recv, %meta
}

// -----

comm.plan @dispatch_to_a_cast ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %c = builtin.unrealized_conversion_cast to !comm.buffer
  // region-c0
  // expected-error @+1 {{buffer operand must be the result of comm.buffer}}
  %di = comm.dispatch %x by %x to %c, %x
}

// -----

comm.plan @combine_from_one_region ranks 2 topk 2 depth 1 steps serial result rows {
  // expected-note @+1 {{'y' is here}}
  %y = comm.buffer local slot of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  // combine-c1
  // expected-error @+1 {{rows 'y' must have extents [2] and layout slot, not [] and slot}}
  %co = comm.combine %y to %back
}

// -----

comm.plan @combine_of_tokens ranks 2 topk 2 depth 1 steps serial result rows {
  %y = comm.buffer local slot [2] of 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  // combine-c2
  // expected-error @+1 {{'y' must have 2 records a token to hold Y(s,r), not 1}}
  %co = comm.combine %y to %back
}

// -----

comm.plan @combine_of_unequal_rows ranks 2 topk 2 depth 1 steps serial result rows {
  %y = comm.buffer local slot [2] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 4 bytes
  // combine-c3
  // expected-error @+1 {{moves records of 8 bytes in 'y' to 4 bytes in 'back'}}
  %co = comm.combine %y to %back
}

// -----

comm.plan @waits_from_the_rank_on ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [3] by i0
  // wait-c4
  // expected-error @+1 {{waits over 'p' in stagger: the domains of a wait ascend}}
  %w = comm.wait for p in stagger : %f[p] at n
}

// -----

comm.plan @waits_under_other_names ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [3] by i0
  // wait-c4
  // expected-error @+1 {{names its cells by '(p + 1) mod 3': an index is the next variable of the wait, as it is, or has none of them}}
  %w = comm.wait for p in all : %f[(p + 1) mod 3] at n
}

// -----

comm.plan @waits_in_another_order ranks 6 nodes 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [3, 2] by 0
  // wait-c4
  // expected-error @+1 {{names its cells by 'm': an index is the next variable of the wait, as it is, or has none of them}}
  %w = comm.wait for b in nodes, m in lanes : %f[m, b] at n
}

// -----

comm.plan @waits_that_name_nothing ranks 3 topk 1 depth 1 steps serial result rows {
  %f = comm.flag by r
  // wait-c4
  // expected-error @+1 {{has the variable 'p', which is no index of 'f'}}
  %w = comm.wait for p in all : %f at n
}

// -----

comm.plan @multicast_to_one_rank ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym slot [2] of 8 bytes
  // put-c6
  // expected-error @+1 {{goes by multicast to all ranks, not to one}}
  %pd = comm.put to r : %z[r]{A(r)} from %x{A(r)} via multicast
}

// -----

comm.plan @to_all_by_plain_stores ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym slot [2] of 8 bytes
  // put-c6
  // expected-error @+1 {{goes to all ranks, which only multicast does, not nvlink}}
  %pd = comm.put to all : %z[r]{A(r)} from %x{A(r)}
}

// -----

comm.plan @multicast_over_nodes ranks 4 nodes 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [4] by i0
  // signal-c5
  // expected-error @+1 {{goes by multicast, which reaches one node, not 2}}
  %sd = comm.signal to all : %f[r] = n via multicast
}

// -----

comm.plan @multicast_into_the_flag_of_another ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by (i0 + 1) mod 2
  // signal-c4
  // expected-error @+1 {{writes a cell of 'f' from rank 0 that another rank owns: its writer is '(i0 + 1) mod 2'}}
  %sd = comm.signal to all : %f[r] = n via multicast
}

// -----

comm.plan @pull_from_local_memory ranks 2 topk 1 depth 1 steps serial result switch {
  %z = comm.buffer local slot [2] of 8 bytes
  %t = comm.buffer local slot of 8 bytes
  // pull-c1
  // expected-error @+1 {{source 'z' must be a sym buffer, not local}}
  %pl = comm.pull : %t{A(r)} from all %z[r]{A(r)}
}

// -----

comm.plan @pull_of_a_part ranks 2 topk 1 depth 1 steps serial result switch {
  %z = comm.buffer sym slot [2] of 8 bytes
  %t = comm.buffer local slot of 8 bytes
  // pull-c2
  // expected-error @+1 {{adds up D(r,0): a rank takes the sums of all its own tokens, A(r)}}
  %pl = comm.pull : %t{D(r,0)} from all %z[r]{D(r,0)}
}

// -----

comm.plan @pull_of_many_regions ranks 2 topk 1 depth 1 steps serial result switch {
  %z = comm.buffer sym slot [2] of 8 bytes
  %t = comm.buffer local slot [2] of 8 bytes
  // pull-c3
  // expected-error @+1 {{moves one region: 'each' is for compute and reduce}}
  %pl = comm.pull : %t[p]{A(r)} each p in all from all %z[p]{A(r)} each p in all
}

// -----

comm.plan @pull_of_unequal_records ranks 2 topk 1 depth 1 steps serial result switch {
  %z = comm.buffer sym slot [2] of 8 bytes
  %t = comm.buffer local slot of 16 bytes
  // pull-c4
  // expected-error @+1 {{moves records of 8 bytes in 'z' to 16 bytes in 't'}}
  %pl = comm.pull : %t{A(r)} from all %z[r]{A(r)}
}

// -----

comm.plan @pull_over_nodes ranks 4 nodes 2 topk 1 depth 1 steps serial result switch {
  %z = comm.buffer sym slot [4] of 8 bytes
  %t = comm.buffer local slot of 8 bytes
  // pull-c5
  // expected-error @+1 {{adds up by the switch of one node, of which the plan has 2}}
  %pl = comm.pull : %t{A(r)} from all %z[r]{A(r)}
}

// -----

comm.plan @rates_of_one_put_at_a_time ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c7
  // expected-error @+1 {{has rates by size and one put at a time, which has no other to share with}}
  %pd = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)} window 1 rates sizes
}

// -----

comm.plan @block_by_rail ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer local seq [2] of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c8
  // expected-error @+1 {{has a copy engine move what goes by rail}}
  %pd = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x[p]{D(r,p)} via rail engine copy
}

// -----

comm.plan @block_of_scattered_rows ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [2] of 8 bytes
  // put-c8
  // expected-error @+1 {{has a copy engine move items that lie apart in 'x'}}
  %pd = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)} engine copy
}
