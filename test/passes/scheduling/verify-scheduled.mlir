// RUN: moe-opt %s --comm-verify-scheduled | FileCheck %s
// RUN: moe-opt %s --comm-verify-scheduled=max-ranks=1 | FileCheck %s
// RUN: sed -e '/a_plan_without/d' %S/schedule.mlir | moe-opt --comm-schedule --comm-verify-scheduled -o /dev/null

// Plans written by hand that are right: they pass and do not change.

// Two copies of every region, and experts that run as soon as one source is there.
// CHECK-LABEL: comm.plan @source_by_source
// CHECK:       %rd = comm.reduce
comm.plan @source_by_source ranks 3 topk 2 depth 2 steps serial result rows {
  comm.task @route kind route
  comm.task @pack kind pack
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %record = comm.buffer local seq [3] of 24 bytes
  %recv = comm.buffer sym seq [2, 3] of 8 bytes
  %meta = comm.buffer sym seq [2, 3] of 24 bytes
  %y = comm.buffer local slot [3] of 2 x 8 bytes
  %back = comm.buffer sym slot [2] of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %fd = comm.flag [2, 3] carry by i1
  %fc = comm.flag [2, 3] by i1
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} window 2 after(%rt)
  %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
  %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
  %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
  // Source by source: no expert waits for the slowest peer.
  %ex = comm.compute @experts for s in all reads %recv[n mod 2, s]{D(s,r)}, %meta[n mod 2, s]{D(s,r)}
                              writes %y[s]{Y(s,r)} after(%wd(s))
  %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex(s))
  %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
  %wc = comm.wait for p in all : %fc[n mod 2, p] at n
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all writes %out{A(r)} after(%wc)
}
