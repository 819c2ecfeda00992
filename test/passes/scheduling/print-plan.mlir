// RUN: moe-opt %s --comm-print-plan=locations -o /dev/null | FileCheck %s

// The decoded form of the PLAN section: every kind of op and expression, with its source line.

// CHECK-LABEL: comm.plan @forms ranks 4 topk 2 depth 2 steps free result rows {
comm.plan @forms ranks 4 topk 2 depth 2 steps free result rows {
  comm.task @route kind route
  %x     = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  // CHECK: %recv = comm.buffer sym seq [2, 4] of 8 bytes
  %recv  = comm.buffer sym seq [2, 4] of 8 bytes
  // CHECK: %back = comm.buffer sym slot [2] of 2 x 8 bytes
  %back  = comm.buffer sym slot [2] of 2 x 8 bytes
  %y     = comm.buffer local slot of 2 x 8 bytes
  %out   = comm.buffer output slot of 8 bytes
  // CHECK: %f = comm.flag [2, 4] carry by (i1 + 1) mod 4
  %f = comm.flag [2, 4] carry by (i1 + 1) mod 4
  // CHECK: %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)} loc("layer.moe":3:5)
  // CHECK: %pd = comm.put for p in stagger, q in all to (r + 1) mod 4 : %recv[n mod 2, (p + 3) mod 4]{D(r,p)} from %x{D(r,p)} via rail window 3 after(%rt)
  %pd = comm.put for p in stagger, q in all to (r + 1) mod 4
        : %recv[n mod 2, (p - 1 + 4) mod 4]{D(r,p)} from %x{D(r,p)} via rail window 3 after(%rt)
        loc(fused["layer.moe":4:7, "other.moe":1:1])
  // CHECK: %sd = comm.signal for p in stagger to p : %f[n floordiv 2 mod 2, (r - 1) mod 4] = n * 2 + 1 carry D(r,p) via rail after(%pd(p, r))
  %sd = comm.signal for p in stagger to p : %f[(n floordiv 2) mod 2, (r - 1) mod 4] = 2 * n + 1 carry D(r,p) via rail
        after(%pd(p, r)) loc(callsite("step"("layer.moe":5:1) at "other.moe":1:1))
  // CHECK: %wd = comm.wait for s in all : %f[n mod 2, s] at n get D(s,r) after(%sd)
  %wd = comm.wait for s in all : %f[n mod 2, s] at n get D(s,r) after(%sd) loc(unknown)
  // CHECK: %cp = comm.put for s in all to r : %back[n mod 2]{Y(s,r)} from %y{Y(s,r)} after(%wd(s))
  %cp = comm.put for s in all to r : %back[n mod 2]{Y(s,r)} from %y{Y(s,r)} after(%wd(s))
}
// CHECK: // %rt: layer.moe:3:5
// CHECK: // %pd: layer.moe:4:7
// CHECK: // %sd: layer.moe:5:1
// CHECK: // %wd: :0:0
// CHECK: // %cp: {{.*}}print-plan.mlir:[[#]]:9
