// RUN: moe-opt %s --comm-verify-scheduled -verify-diagnostics -split-input-file

// The rules of flags and of the order of tasks, each broken by the smallest plan that shows it.

comm.plan @an_exchange_is_left ranks 2 topk 2 depth 1 steps serial result rows {
  %y = comm.buffer local slot [2] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  // expected-error @+1 {{'comm.combine' op is left after the phase schedule}}
  %co = comm.combine %y to %back
}

// -----

comm.plan @a_cell_of_another_rank ranks 5 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag [5] by i0
  // Right for even ranks only.
  // expected-error @+2 {{'s' of rank 1 in step 1 signals 1 in cell 0 of flag 'f' on rank 1, which nobody waits for (rule pairing)}}
  // expected-error @+1 {{'s' of rank 1 in step 1 writes cell 0 of flag 'f' on rank 1, whose writer is rank 0 (rule writer)}}
  %s = comm.signal to r : %f[(r floordiv 2) * 2] = n
  // expected-error @+1 {{'w' of rank 1 in step 1 waits for 1 in cell 1 of flag 'f' on rank 1, which nobody signals (rule pairing)}}
  %w = comm.wait : %f[r] at n
}

// -----

comm.plan @two_signals_of_one_value ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag by r
  // expected-note @+1 {{'s' is here}}
  %s = comm.signal to r : %f = n
  // expected-error @+1 {{'t' of rank 0 in step 1 signals 1 in cell 0 of flag 'f' on rank 0, and so does 's' of rank 0 in step 1 (rule signal-once)}}
  %t = comm.signal to r : %f = n after(%s)
  %w = comm.wait : %f at n
}

// -----

comm.plan @two_waits_for_one_value ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag by r
  %s = comm.signal to r : %f = n
  // expected-note @+1 {{'w' is here}}
  %w = comm.wait : %f at n
  // expected-error @+1 {{'v' of rank 0 in step 1 waits for 1 in cell 0 of flag 'f' on rank 0, and so does 'w' of rank 0 in step 1 (rule wait-once)}}
  %v = comm.wait : %f at n
}

// -----

comm.plan @a_signal_that_nobody_awaits ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag [2] by i0
  // expected-error @+1 {{'s' of rank 0 in step 1 signals 1 in cell 0 of flag 'f' on rank 0, which nobody waits for (rule pairing)}}
  %s = comm.signal for p in stagger to p : %f[r] = n
}

// -----

comm.plan @a_wait_that_nobody_signals ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag by r
  // Signalled one step later: a value that is never waited for exactly.
  // expected-error @+1 {{'s' of rank 0 in step 2 signals 3 in cell 0 of flag 'f' on rank 0, which nobody waits for (rule pairing)}}
  %s = comm.signal to r : %f = n + 1
  // expected-error @+1 {{'w' of rank 0 in step 1 waits for 1 in cell 0 of flag 'f' on rank 0, which nobody signals (rule pairing)}}
  %w = comm.wait : %f at n
}

// -----

comm.plan @a_count_of_another_set ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag [2] carry by i0
  // expected-note @+1 {{'s' is here}}
  %s = comm.signal for p in stagger to p : %f[r] = n carry D(r,p)
  // expected-error @+1 {{'w' of rank 0 in step 1 takes D(0,1), 's' of rank 1 in step 1 carries D(1,0) (rule carry)}}
  %w = comm.wait for q in all : %f[q] at n get D(r,q)
}

// -----

comm.plan @everybody_waits_first ranks 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag [2] by i0
  // expected-error @+1 {{'w' of rank 0 in step 1 waits for 's' of rank 0 in step 1, that for 'w' of rank 0 in step 1 (rule cycle)}}
  %w = comm.wait for p in all : %f[p] at n
  // expected-note @+1 {{'s' is here}}
  %s = comm.signal for p in stagger to p : %f[r] = n after(%w)
}

// -----

comm.plan @values_that_overtake ranks 1 topk 1 depth 1 steps free result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag by r
  // Free steps: nothing orders the signals of two steps.
  // expected-error @+2 {{'s' of rank 0 in step 2 may overtake 's' of rank 0 in step 1 in cell 0 of flag 'f' on rank 0 (rule monotone)}}
  // expected-note @+1 {{'s' is here}}
  %s = comm.signal to r : %f = n
  %w = comm.wait : %f at n
}

// -----

comm.plan @a_count_that_is_replaced ranks 2 topk 1 depth 1 steps serial result rows {
  comm.task @route kind route
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %f = comm.flag [2] carry by i0
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // Nothing keeps a rank from signalling again before its peer has looked.
  // expected-error @+1 {{'s' of rank 1 in step 2 replaces the count in cell 1 of flag 'f' on rank 0 that 'w' of rank 0 in step 1 may still need (rule payload)}}
  %s = comm.signal for p in stagger to p : %f[r] = n carry D(r,p) after(%rt)
  // expected-note @+1 {{'w' is here}}
  %w = comm.wait for q in all : %f[q] at n get D(q,r)
}

// -----

comm.plan @a_dependence_that_others_imply ranks 2 topk 1 depth 1 steps serial result rows {
  comm.task @route kind route
  comm.task @pack kind pack
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %record = comm.buffer local seq [2] of 16 bytes
  %meta = comm.buffer sym seq [2, 2] of 16 bytes
  // expected-note @+1 {{'rt' is here}}
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  // expected-error @+1 {{'pm' runs after 'rt' whether it says so or not (rule canonical)}}
  %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%rt, %pk(p))
}

// -----

// expected-error @+1 {{unsupported here: 's' names a rank that is not there when the plan of 64 ranks is verified for 3}}
comm.plan @ranks_by_number ranks 64 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %f = comm.flag [64] by i0
  %s = comm.signal to 63 : %f[r] = n
  %w = comm.wait for p in all : %f[p] at n
}
