// RUN: moe-opt %s --comm-schedule --comm-verify-scheduled | FileCheck %s
// RUN: moe-opt %s --comm-schedule=report 2>&1 >/dev/null | FileCheck %s --check-prefix=REPORT
// RUN: sed 's/staggered_put/two_tier/' %s | not moe-opt --comm-schedule 2>&1 | FileCheck %s --check-prefix=TIERS

// Experts source by source: each task waits for the tokens of one source, whose rows leave when it ends.

// REPORT:      schedule for rows {
// REPORT-NEXT:   algorithm staggered
// REPORT-NEXT:   window 0
// REPORT-NEXT:   depth 1
// REPORT-NEXT:   pipeline experts

// TIERS: error: pipeline experts needs algorithm staggered and rows that come back

// CHECK-LABEL: comm.plan @rows ranks 3
// CHECK: %wd = comm.wait for s in all : %fd[0, s] at n get D(s,r)
// CHECK: %ex = comm.compute @experts for s in stagger reads %recv[0, s]{D(s,r)}, %meta[0, s]{D(s,r)} writes %y[s]{Y(s,r)} after(%wd(s))
// CHECK: %pc = comm.put for s in stagger to s : %back[0]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex(s))
comm.plan @rows ranks 3 topk 2 depth 1 steps serial result rows
    schedule <staggered_put, pipeline = true> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x     = comm.buffer input  slot of 4 bytes
  %route = comm.buffer local  slot of 24 bytes
  %recv  = comm.buffer local  seq  [3] of 4 bytes
  %meta  = comm.buffer local  seq  [3] of 24 bytes
  %y     = comm.buffer local  slot [3] of 2 x 4 bytes
  %back  = comm.buffer local  slot of 2 x 4 bytes
  %out   = comm.buffer output slot of 4 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
                              writes %y[s]{Y(s,r)} each s in all after(%di)
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// With sums the rows of a source are added up when its task has ended.
// CHECK-LABEL: comm.plan @sums ranks 3
// CHECK: %ex = comm.compute @experts for s in stagger
// CHECK: %pa = comm.reduce @rank_sum for s in stagger {{.*}} after(%ex(s))
// CHECK: %pc = comm.put for s in stagger {{.*}} after(%pa(s))
comm.plan @sums ranks 3 topk 2 depth 1 steps serial result rows
    schedule <staggered_put, combine = partial, pipeline = true> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x     = comm.buffer input  slot of 4 bytes
  %route = comm.buffer local  slot of 24 bytes
  %recv  = comm.buffer local  seq  [3] of 4 bytes
  %meta  = comm.buffer local  seq  [3] of 24 bytes
  %y     = comm.buffer local  slot [3] of 2 x 4 bytes
  %back  = comm.buffer local  slot of 2 x 4 bytes
  %out   = comm.buffer output slot of 4 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
                              writes %y[s]{Y(s,r)} each s in all after(%di)
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}
