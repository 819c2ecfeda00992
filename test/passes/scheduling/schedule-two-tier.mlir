// RUN: moe-opt %s --comm-schedule --split-input-file | FileCheck %s
// RUN: moe-opt %s --comm-schedule=report --split-input-file 2>&1 >/dev/null | FileCheck %s --check-prefix=REPORT
// RUN: moe-opt %s --comm-schedule --comm-verify-scheduled --split-input-file -o /dev/null

// Once to each node by rail, then to its ranks; rows come back the same way.

// REPORT:      schedule for rows {
// REPORT-NEXT:   algorithm two_tier
// REPORT-NEXT:   window 0
// REPORT-NEXT:   depth 2
// REPORT-NEXT: }

// CHECK-LABEL: comm.plan @rows ranks 6 nodes 2 topk 2 depth 2 steps serial result rows
// CHECK-SAME:  schedule <two_tier, window = 0, depth = 2>
comm.plan @rows ranks 6 nodes 2 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<two_tier, depth = 2> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [6] of 8 bytes
  %meta = comm.buffer local seq [6] of 24 bytes
  %y = comm.buffer local slot [6] of 2 x 8 bytes
  // CHECK: %back = comm.buffer sym slot [2] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  // CHECK: %stage = comm.buffer sym seq [2, 2] of 8 bytes
  // CHECK: %fn = comm.flag [2, 2] carry by i1 * 3 + r mod 3
  // CHECK: %fd = comm.flag [2, 6] carry by r floordiv 3 * 3 + i1 mod 3
  // CHECK: %collect = comm.buffer sym slot [2, 2] of 2 x 8 bytes
  // CHECK: %ff = comm.flag [2, 2, 3] by r floordiv 3 * 3 + i2
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // CHECK: %pk = comm.compute @pack_nodes for b in nodes
  // CHECK: %pn = comm.put for b in stagger_nodes to b * 3 + r mod 3 : %stage[n mod 2, r floordiv 3]{M(r,b)} from %x{M(r,b)} via rail after(%rt)
  // CHECK: %sn = comm.signal {{.*}} carry M(r,b) via rail after(%pn(b), %pm(b))
  // CHECK: %wn = comm.wait for b in nodes : %fn[n mod 2, b] at n get M(b * 3 + r mod 3,r floordiv 3)
  // CHECK: %sp = comm.compute @split for b in nodes
  // CHECK: %pd = comm.put {{.*}} from %stage[n mod 2, b]{D(b * 3 + r mod 3,r floordiv 3 * 3 + m) in M(b * 3 + r mod 3,r floordiv 3)} after(%sp(b))
  // CHECK: %sd = comm.signal {{.*}} after(%pd(b, m), %pr(b, m))
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  // CHECK: %ex = comm.compute @experts {{.*}} after(%wd)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pf = comm.put for s in stagger to r floordiv 3 * 3 + s mod 3 : %collect[n mod 2, s floordiv 3]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
  // CHECK: %wf = comm.wait for b in nodes, m in lanes : %ff[n mod 2, b, m] at n
  // CHECK: %pc = comm.put for b in stagger_nodes, m in lanes to b * 3 + r mod 3 {{.*}} via rail after(%wf(b, m))
  // CHECK: %sc = comm.signal for b in stagger_nodes {{.*}} via rail after(%pc(b, *))
  %co = comm.combine %y to %back after(%ex)
  // CHECK: %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all writes %out{A(r)} after(%wc)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// -----

// Sums: of a rank, of a node, of a token. The rows' own buffer is gone.

// CHECK-LABEL: comm.plan @sums ranks 4 nodes 2 topk 2 depth 1 steps serial result node_partial
// CHECK-SAME:  schedule <two_tier, window = 0, depth = 1, combine = partial>
comm.plan @sums ranks 4 nodes 2 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<two_tier, combine = partial> {
  comm.task @route kind route
  comm.task @experts kind experts
  // CHECK-NOT: kind slot_sum
  comm.task @slot_sum kind slot_sum
  // CHECK: comm.task @part_sum kind part_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [4] of 8 bytes
  %meta = comm.buffer local seq [4] of 24 bytes
  %y = comm.buffer local slot [4] of 2 x 8 bytes
  // CHECK-NOT: %back
  %back = comm.buffer local slot of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pa = comm.reduce @rank_sum for s in stagger reads %meta[0, s]{D(s,r)}, %y[s]{Y(s,r)} writes %q[s]{D(s,r)} after(%ex)
  // CHECK: %rn = comm.reduce @node_sum for b in stagger_nodes {{.*}} after(%wf(b, *))
  %co = comm.combine %y to %back after(%ex)
  // CHECK: %rd = comm.reduce @part_sum reads %route{A(r)}, %part[0, b]{M(r,b)} each b in nodes writes %out{A(r)} after(%wc)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// -----

// Partial sums without nodes.

// CHECK-LABEL: comm.plan @sums_of_ranks ranks 2 topk 2 depth 1 steps serial result rank_partial
comm.plan @sums_of_ranks ranks 2 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<staggered_put, combine = partial> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [2] of 8 bytes
  %meta = comm.buffer local seq [2] of 24 bytes
  %y = comm.buffer local slot [2] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pa = comm.reduce @rank_sum for s in stagger reads
  // CHECK: %pc = comm.put for s in stagger to s : %part[0, r]{D(s,r)} from %q[s]{D(s,r)} after(%pa(s))
  %co = comm.combine %y to %back after(%ex)
  // CHECK: %rd = comm.reduce @part_sum reads %route{A(r)}, %part[0, p]{D(r,p)} each p in all writes %out{A(r)} after(%wc)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// -----

// Straight puts on several nodes: to the own one by NVLink, to the others by rail, each with its flag.

// CHECK-LABEL: comm.plan @straight
comm.plan @straight ranks 6 nodes 2 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<staggered_put, combine = partial> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [6] of 8 bytes
  %meta = comm.buffer local seq [6] of 24 bytes
  %y = comm.buffer local slot [6] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // CHECK: %pk = comm.compute @pack for p in all
  // CHECK: %pd = comm.put for m in stagger_lanes to r floordiv 3 * 3 + m : {{.*}} after(%rt)
  // CHECK: %sd = comm.signal for m in stagger_lanes to r floordiv 3 * 3 + m : %fd[0, r] = n {{.*}} after(%pd(m), %pm(m))
  // CHECK: %pd_rail = comm.put for b in other_nodes, m in stagger_lanes to b * 3 + m : {{.*}} via rail window 4 after(%rt)
  // CHECK: %pm_rail = comm.put for b in other_nodes, m in stagger_lanes {{.*}} via rail window 4 after(%pk(b * 3 + m))
  // CHECK: %sd_rail = comm.signal for b in other_nodes, m in stagger_lanes to b * 3 + m : %fd[0, r] = n {{.*}} via rail after(%pd_rail(b, m), %pm_rail(b, m))
  // CHECK: %wd = comm.wait for s in all : %fd[0, s] at n
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pc_rail = comm.put for b in other_nodes, m in stagger_lanes {{.*}} via rail window 4 after(%pa(b * 3 + m))
  // CHECK: %sc_rail = comm.signal {{.*}} via rail after(%pc_rail(b, m))
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// -----

// Two tiers within one machine: groups of its GPUs are the plan's nodes, and no rail is there. Puts
// across go one at a time, those behind by size.

// CHECK-LABEL: comm.plan @staged ranks 6 nodes 2
// CHECK-SAME:  schedule <staged, window = 0, depth = 1, groups = 2>
comm.plan @staged ranks 6 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<staged, groups = 2> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [6] of 8 bytes
  %meta = comm.buffer local seq [6] of 24 bytes
  %y = comm.buffer local slot [6] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // CHECK-NOT: via rail
  // CHECK: %pn = comm.put for b in stagger_nodes to b * 3 + r mod 3 : {{.*}} window 1 after(%rt)
  // CHECK: %pd = comm.put for b in nodes, m in stagger_lanes {{.*}} in M(b * 3 + r mod 3,r floordiv 3)} after(%sp(b))
  // CHECK-NOT: via rail
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pc = comm.put for b in stagger_nodes, m in lanes {{.*}} window 1 after(%wf(b, m))
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}

// -----

// All begin at once and share what they meet by size.

// CHECK-LABEL: comm.plan @by_size
// CHECK-SAME:  schedule <staggered_put, window = 0, depth = 1, rates = sizes>
comm.plan @by_size ranks 6 topk 2 depth 1 steps serial result rows
    schedule #comm.schedule<staggered_put, rates = sizes> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 8 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer local seq [6] of 8 bytes
  %meta = comm.buffer local seq [6] of 24 bytes
  %y = comm.buffer local slot [6] of 2 x 8 bytes
  %back = comm.buffer local slot of 2 x 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // CHECK: %pd = comm.put for p in stagger to p : {{.*}} from %x{D(r,p)} rates sizes after(%rt)
  // CHECK: %pm = comm.put for p in stagger {{.*}} rates sizes after(%pk(p))
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
        writes %y[s]{Y(s,r)} each s in all after(%di)
  // CHECK: %pc = comm.put for s in stagger {{.*}} rates sizes after(%ex)
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}
