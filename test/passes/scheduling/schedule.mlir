// RUN: moe-opt %s --comm-schedule | FileCheck %s
// RUN: moe-opt %s --comm-schedule=report 2>&1 >/dev/null | FileCheck %s --check-prefix=REPORT
// RUN: moe-opt %s --comm-schedule | moe-opt --comm-schedule | FileCheck %s

// The form that -moe-distribute makes, written by hand: one plan a layer, the exchanges abstract.

// REPORT:      schedule for olmoe {
// REPORT-NEXT:   algorithm staggered
// REPORT-NEXT:   window 4
// REPORT-NEXT:   depth 1
// REPORT-NEXT: }
// REPORT:      schedule for two_copies {
// REPORT-NEXT:   algorithm staggered
// REPORT-NEXT:   window 0
// REPORT-NEXT:   depth 2

// CHECK-LABEL: comm.plan @olmoe ranks 8 topk 8 depth 1
// CHECK-SAME:  schedule <staggered_put, window = 4, depth = 1>
comm.plan @olmoe ranks 8 topk 8 depth 1 steps serial result rows
    topology #comm.topology<"hgx-h100", nodes = 1, gpusPerNode = 8, links = [
      <name = "nvlink", path = nvlink, megabytesPerSecond = 450000, latencyNanoseconds = 1000>]>
    schedule #comm.schedule<staggered_put> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @shared kind shared
  comm.task @slot_sum kind slot_sum
  // CHECK: comm.task @pack kind pack

  %x      = comm.buffer input  slot of 4096 bytes
  // CHECK:      %route = comm.buffer local slot of 96 bytes
  // CHECK-NEXT: %record = comm.buffer local seq [8] of 72 bytes
  %route  = comm.buffer local  slot of 96 bytes
  // CHECK-NEXT: %recv = comm.buffer sym seq [1, 8] of 4096 bytes
  %recv   = comm.buffer local  seq  [8] of 4096 bytes
  // CHECK-NEXT: %meta = comm.buffer sym seq [1, 8] of 72 bytes
  %meta   = comm.buffer local  seq  [8] of 72 bytes
  %y      = comm.buffer local  slot [8] of 8 x 8192 bytes
  // CHECK: %back = comm.buffer sym slot [1] of 8 x 8192 bytes
  %back   = comm.buffer local  slot of 8 x 8192 bytes
  %shared = comm.buffer local  slot of 8192 bytes
  // CHECK:      %out = comm.buffer output
  // CHECK-NEXT: %fd = comm.flag [1, 8] carry by i1
  // CHECK-NEXT: %fc = comm.flag [1, 8] by i1
  %out    = comm.buffer output slot of 8192 bytes

  // CHECK-NEXT: %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // CHECK-NEXT: %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  // CHECK-NEXT: %pd = comm.put for p in stagger to p : %recv[0, r]{D(r,p)} from %x{D(r,p)} window 4 after(%rt)
  // CHECK-NEXT: %pm = comm.put for p in stagger to p : %meta[0, r]{D(r,p)} from %record[p]{D(r,p)} window 4 after(%pk(p))
  // CHECK-NEXT: %sd = comm.signal for p in stagger to p : %fd[0, r] = n carry D(r,p) after(%pd(p), %pm(p))
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  // The shared expert overlaps the exchange.
  // CHECK-NEXT: %sh = comm.compute @shared
  %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
  // CHECK-NEXT: %wd = comm.wait for s in all : %fd[0, s] at n get D(s,r)
  // CHECK-NEXT: %ex = comm.compute @experts reads %recv[0, s]{D(s,r)} each s in all, %meta[0, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
                              writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK-NEXT: %pc = comm.put for s in stagger to s : %back[0]{Y(s,r)} from %y[s]{Y(s,r)} window 4 after(%ex)
  // CHECK-NEXT: %sc = comm.signal for s in stagger to s : %fc[0, r] = n after(%pc(s))
  // CHECK-NEXT: %wc = comm.wait for p in all : %fc[0, p] at n
  %co = comm.combine %y to %back after(%ex)
  // CHECK-NEXT: %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[0]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%wc, %sh)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all, %shared{A(r)}
                              writes %out{A(r)} after(%co, %sh)
}

// Few ranks: all peers at once. Names that are taken get a number. Experts source by source.

// CHECK-LABEL: comm.plan @two_copies ranks 2 topk 1 depth 2
// CHECK-SAME:  schedule <staggered_put, window = 0, depth = 2>
comm.plan @two_copies ranks 2 topk 1 depth 1 steps serial result rows
    schedule #comm.schedule<staggered_put, depth = 2> {
  comm.task @pack kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  // CHECK: comm.task @pack_1 kind pack
  %x    = comm.buffer input  slot of 4 bytes
  %fd   = comm.buffer local  slot of 12 bytes
  // CHECK: %recv = comm.buffer sym seq [2, 2] of 4 bytes
  %recv = comm.buffer local  seq  [2] of 4 bytes
  %meta = comm.buffer local  seq  [2] of 16 bytes
  %y    = comm.buffer local  slot [2] of 4 bytes
  %back = comm.buffer local  slot of 4 bytes
  %out  = comm.buffer output slot of 4 bytes
  // CHECK: %fd_1 = comm.flag [2, 2] carry by i1
  %rt = comm.compute @pack reads %x{A(r)} writes %fd{A(r)}
  // CHECK: %pk = comm.compute @pack_1
  // CHECK: %pd = comm.put {{.*}} : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} after(%rt)
  // CHECK: %sd = comm.signal {{.*}} : %fd_1[n mod 2, r] = n carry D(r,p)
  %di = comm.dispatch %x by %fd to %recv, %meta after(%rt)
  // CHECK: %ex = comm.compute @experts for s in all reads %recv[n mod 2, s]{D(s,r)}, %meta[n mod 2, s]{D(s,r)} writes %y[s]{Y(s,r)} after(%wd)
  %ex = comm.compute @experts for s in all reads %recv[s]{D(s,r)}, %meta[s]{D(s,r)}
                              writes %y[s]{Y(s,r)} after(%di)
  // CHECK: %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
  %co = comm.combine %y to %back after(%ex)
  // CHECK: %rd = comm.reduce @slot_sum reads %fd{A(r)}, %back[n mod 2]{Y(r,p)} each p in all
  %rd = comm.reduce @slot_sum reads %fd{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// CHECK-LABEL: comm.plan @a_plan_without_exchange_stays ranks 2 topk 1 depth 1 steps free result rank_partial {
// CHECK-NEXT: }
comm.plan @a_plan_without_exchange_stays ranks 2 topk 1 depth 1 steps free result rank_partial {}
