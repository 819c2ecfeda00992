// RUN: moe-opt %s --comm-schedule --split-input-file | FileCheck %s
// RUN: moe-opt %s --comm-schedule=report --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REPORT
// RUN: moe-opt %s --comm-schedule --comm-verify-scheduled --split-input-file -o /dev/null
// RUN: moe-opt %s --comm-schedule --split-input-file | moe-opt --comm-verify-scheduled --split-input-file -o /dev/null

// Everything to everybody at once, each takes its own part; rows come back as ever.

// REPORT:      schedule for rows {
// REPORT-NEXT:   algorithm multicast
// REPORT-NEXT:   window 0
// REPORT-NEXT:   depth 1
// REPORT-NEXT: }

// CHECK-LABEL: comm.plan @rows ranks 3 topk 2 depth 1 steps serial result rows
// CHECK-SAME:  schedule <multicast, window = 0, depth = 1>
comm.plan @rows ranks 3 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<multicast> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  // Tokens lie at their own place; who has all routes makes its own records.
  // CHECK: %recv = comm.buffer sym slot [1, 3] of 8 bytes
  %recv = comm.buffer local seq [3] of 8 bytes
  // CHECK: %meta = comm.buffer local seq [3] of 24 bytes
  %meta = comm.buffer local seq [3] of 24 bytes
  %y = comm.buffer local slot [3] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  // CHECK: %routes = comm.buffer sym slot [1, 3] of 24 bytes
  // CHECK: %fd = comm.flag [1, 3] carry by i1
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // The tokens need not wait for their routes.
  // CHECK: %pd = comm.put to all : %recv[0, r]{A(r)} from %x{A(r)} via multicast
  // CHECK-NOT: after
  // CHECK: %pm = comm.put to all : %routes[0, r]{A(r)} from %route{A(r)} via multicast after(%rt)
  // CHECK: %sd = comm.signal to all : %fd[0, r] = n carry A(r) via multicast after(%pd, %pm)
  // CHECK: %wd = comm.wait for s in all : %fd[0, s] at n get A(s)
  // CHECK: %se = comm.compute @select for s in all reads %routes[0, s]{A(s)} writes %meta[s]{D(s,r)} after(%wd(s))
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  // CHECK: %ex = comm.compute @experts reads %recv[0, s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%se)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pc = comm.put for s in stagger to s : %back[0]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
  %co = comm.combine %y to %back after(%ex)
  // CHECK: %rd = comm.reduce @slot_sum
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// -----

// A sum a rank and token comes back.

// CHECK-LABEL: comm.plan @sums ranks 3 topk 2 depth 2 steps serial result rank_partial
comm.plan @sums ranks 3 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<multicast, depth = 2, combine = partial> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [3] of 8 bytes
  %meta = comm.buffer local seq [3] of 24 bytes
  %y = comm.buffer local slot [3] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pa = comm.reduce @rank_sum for s in stagger reads %meta[s]{D(s,r)}, %y[s]{Y(s,r)} writes %q[s]{D(s,r)} after(%ex)
  // CHECK: %pc = comm.put for s in stagger to s : %part[n mod 2, r]{D(s,r)} from %q[s]{D(s,r)} after(%pa(s))
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// -----

// The switch adds what all ranks have for a token, zeros too. No flag says that the sums
// were read: the source's next tokens do.

// REPORT:      schedule for switched {
// REPORT-NEXT:   algorithm multicast
// REPORT-NEXT:   window 0
// REPORT-NEXT:   depth 1
// REPORT-NEXT:   combine switch
// REPORT-NEXT: }

// CHECK-LABEL: comm.plan @switched ranks 3 topk 2 depth 1 steps serial result switch
comm.plan @switched ranks 3 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<multicast, combine = switch> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @shared kind shared
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [3] of 8 bytes
  %meta = comm.buffer local seq [3] of 24 bytes
  %y = comm.buffer local slot [3] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %shared = comm.buffer local slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  // CHECK: %sums = comm.buffer sym slot [1, 3] of 8 bytes
  // CHECK: %total = comm.buffer local slot of 8 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pa = comm.reduce @full_sum for s in stagger reads %meta[s]{D(s,r)}, %y[s]{Y(s,r)} writes %sums[0, s]{A(s)} after(%ex)
  // CHECK: %sc = comm.signal for s in stagger to s : %fc[0, r] = n after(%pa(s))
  // CHECK: %wc = comm.wait for p in all : %fc[0, p] at n
  // CHECK: %pl = comm.pull : %total{A(r)} from all %sums[0, r]{A(r)} after(%wc)
  %co = comm.combine %y to %back after(%ex)
  // CHECK: %rd = comm.reduce @switch_sum reads %total{A(r)}, %shared{A(r)}, %x{A(r)} writes %out{A(r)} after(%pl, %sh)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all, %shared{A(r)}, %x{A(r)}
        writes %out{A(r)} after(%co, %sh)
}
