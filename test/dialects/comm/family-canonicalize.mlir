// RUN: moe-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: comm.plan @implied_dependences_are_dropped
comm.plan @implied_dependences_are_dropped ranks 2 topk 1 depth 1 steps serial result rows {
  %f = comm.flag [2] by i0
  %a = comm.wait : %f[r] at n
  %b = comm.wait for p in all : %f[p] at n after(%a)
  %c = comm.wait for p in all : %f[p] at n after(%b(p))
  // Named twice, and named in part beside all of it.
  // CHECK: %d = comm.wait : %f[r] at n after(%b)
  %d = comm.wait : %f[r] at n after(%b, %b, %b(r))
  // One instance of c runs after one of b, which runs after all of a.
  // CHECK: %e = comm.wait : %f[r] at n after(%c(r))
  %e = comm.wait : %f[r] at n after(%a, %c(r))
  // One instance of c does not run after all of b, so both stay.
  // CHECK: %g = comm.wait : %f[r] at n after(%b, %c(r))
  %g = comm.wait : %f[r] at n after(%b, %c(r))
}

// CHECK-LABEL: comm.plan @a_window_of_everything_bounds_nothing
comm.plan @a_window_of_everything_bounds_nothing ranks 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 8 bytes
  %z = comm.buffer sym seq [4] of 8 bytes
  // CHECK: %a = comm.put {{.*}} from %x{D(r,p)}
  // CHECK-NOT: window
  %a = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)} window 4
  // CHECK: %b = comm.put {{.*}} from %x{D(r,p)} window 3
  %b = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)} window 3
  // CHECK: %c = comm.put {{.*}} from %x{D(r,p)} window 1 each
  %c = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)} window 1 each
  // CHECK: %d = comm.put {{.*}} from %x{D(r,p)}{{$}}
  %d = comm.put for p in stagger to p : %z[r]{D(r,p)} from %x{D(r,p)} window 4 each
}

// CHECK-LABEL: comm.plan @unused_memory_is_dropped
comm.plan @unused_memory_is_dropped ranks 2 topk 1 depth 1 steps serial result rows {
  // CHECK-NOT: comm.buffer
  %x = comm.buffer local slot of 8 bytes
  // CHECK-NOT: comm.flag [2]
  %f = comm.flag [2] by i0
  // CHECK: %g = comm.flag by r
  %g = comm.flag by r
  // A task stays although nothing runs after it.
  // CHECK: %w = comm.wait
  %w = comm.wait : %g at n
}
