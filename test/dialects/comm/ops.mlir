// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

// Every op once, in both directions, with two buffers a region (depth 2).

// CHECK-LABEL: comm.plan @two_deep ranks 3 topk 2 depth 2 steps serial result rows
// CHECK-SAME:  topology <"two-nodes", nodes = 2, gpusPerNode = 8, links =
// CHECK-SAME:  schedule <staggered_put, window = 2, depth = 2, fuse = everything>
comm.plan @two_deep ranks 3 topk 2 depth 2 steps serial result rows
    topology #comm.topology<"two-nodes", nodes = 2, gpusPerNode = 8, links = [
      <name = "nvlink", path = nvlink, megabytesPerSecond = 450000, latencyNanoseconds = 1000>,
      <name = "rail", path = rail, megabytesPerSecond = 48500, latencyNanoseconds = 5000>]>
    schedule #comm.schedule<staggered_put, depth = 2, fuse = everything, window = 2>
    attributes {note = "kept"} {
  // CHECK: comm.task @route kind route with "any attribute"
  comm.task @route kind route with "any attribute"
  comm.task @pack kind pack
  comm.task @experts kind experts
  comm.task @shared kind shared
  comm.task @slot_sum kind slot_sum

  // CHECK: %x = comm.buffer input slot of 64 bytes
  %x      = comm.buffer input slot of 64 bytes
  %route  = comm.buffer local slot of 24 bytes
  %record = comm.buffer local seq  [3] of 24 bytes
  %recv   = comm.buffer sym   seq  [2, 3] of 64 bytes
  %meta   = comm.buffer sym   seq  [2, 3] of 24 bytes
  %y      = comm.buffer local slot [3] of 2 x 128 bytes
  // CHECK: %back = comm.buffer sym slot [2] of 2 x 128 bytes
  %back   = comm.buffer sym   slot [2] of 2 x 128 bytes
  %shared = comm.buffer local slot of 128 bytes
  %out    = comm.buffer output slot of 128 bytes
  // CHECK: %fd = comm.flag [2, 3] carry by i1
  %fd = comm.flag [2, 3] carry by i1
  // CHECK: %fc = comm.flag [2, 3] by i1
  %fc = comm.flag [2, 3] by i1

  // CHECK: %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // CHECK: %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  // CHECK: %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} window 2 after(%rt)
  %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} window 2 after(%rt)
  // CHECK: %pe = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} window 1 each rates sizes after(%rt)
  %pe = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} window 1 each rates sizes after(%rt)
  // CHECK: %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} via rail window 3 rates sizes after(%pk(p))
  %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} via rail window 3 rates sizes after(%pk(p))
  // CHECK: %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
  %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
  // CHECK: %sh = comm.compute @shared
  %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
  // CHECK: %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
  %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
  // CHECK: %ex = comm.compute @experts for s in all reads %recv[n mod 2, s]{D(s,r)}, %meta[n mod 2, s]{D(s,r)} writes %y[s]{Y(s,r)} after(%wd(s)) {kept = 1 : i64}
  %ex = comm.compute @experts for s in all reads %recv[n mod 2, s]{D(s,r)}, %meta[n mod 2, s]{D(s,r)}
                              writes %y[s]{Y(s,r)} after(%wd(s)) {kept = 1}
  %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex(s))
  // CHECK: %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
  %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
  // CHECK: %wc = comm.wait for p in all : %fc[n mod 2, p] at n
  %wc = comm.wait for p in all : %fc[n mod 2, p] at n
  // CHECK: %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%wc, %sh)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all, %shared{A(r)}
                              writes %out{A(r)} after(%wc, %sh)
}

// Expressions keep their value: sums, differences, products, brackets. `n mod 1` is 0.

// CHECK-LABEL: comm.plan @expressions
comm.plan @expressions ranks 4 topk 1 depth 1 steps free result rank_partial {
  %a = comm.buffer sym seq [1, 4, 7, 4, 3, 7] of 8 bytes
  %x = comm.buffer input slot of 8 bytes
  // CHECK: %f = comm.flag [4] by (i0 + 1) mod 4
  %f = comm.flag [4] by (i0 + 1) mod 4
  // CHECK: %put = comm.put to (r - 1) mod 4 : %a[0, (r + 3) mod 4, r + 3, (r + n * 2) mod 4, r floordiv 2 + 1, (r + n) mod 4 * -1 + 6]{D(r,r)}
  // CHECK-SAME: from %x{D(r,r)}
  %put = comm.put to (r - 1) mod 4 :
         %a[n mod 1, (r + 3) mod 4, 3 + r, (r + 2 * n) mod 4, (r floordiv 2) + 1, (r + n) mod 4 * -1 + 6]{D(r,r)}
         from %x{D(r,r)}
}

// Two tiers: nodes and lanes as domains, parts of what a region holds, all tasks of a node.

// CHECK-LABEL: comm.plan @tiers ranks 6 nodes 2 topk 1 depth 1 steps serial result node_partial {
comm.plan @tiers ranks 6 nodes 2 topk 1 depth 1 steps serial result node_partial {
  comm.task @split kind split
  comm.task @node_sum kind node_sum
  %x     = comm.buffer input slot of 64 bytes
  %out   = comm.buffer output slot of 64 bytes
  %meta  = comm.buffer sym seq [2] of 20 bytes
  %rec   = comm.buffer local seq [2, 3] of 16 bytes
  %stage = comm.buffer sym seq [2] of 64 bytes
  %recv  = comm.buffer sym seq [6] of 64 bytes
  %z     = comm.buffer local seq [2] of 64 bytes
  // CHECK: %f = comm.flag [2, 3] carry by r floordiv 3 * 3 + i1
  %f = comm.flag [2, 3] carry by r floordiv 3 * 3 + i1
  // CHECK: %w = comm.wait for b in nodes, m in lanes : %f[b, m] at n get D(b * 3 + r mod 3,r floordiv 3 * 3 + m)
  %w = comm.wait for b in nodes, m in lanes : %f[b, m] at n get D(b * 3 + r mod 3, (r floordiv 3) * 3 + m)
  // CHECK: %sp = comm.compute @split for b in nodes reads %meta[b]{M(b * 3 + r mod 3,r floordiv 3)} writes %rec[b, m]{D(b * 3 + r mod 3,r floordiv 3 * 3 + m)} each m in lanes after(%w(b, *))
  %sp = comm.compute @split for b in nodes reads %meta[b]{M(b * 3 + r mod 3, r floordiv 3)}
        writes %rec[b, m]{D(b * 3 + r mod 3, (r floordiv 3) * 3 + m)} each m in lanes after(%w(b, *))
  // CHECK: %pd = comm.put for b in stagger_nodes, m in stagger_lanes to r floordiv 3 * 3 + m : %recv[b * 3 + r mod 3]{D(b * 3 + r mod 3,r floordiv 3 * 3 + m)} from %stage[b]{D(b * 3 + r mod 3,r floordiv 3 * 3 + m) in M(b * 3 + r mod 3,r floordiv 3)} after(%sp(b))
  %pd = comm.put for b in stagger_nodes, m in stagger_lanes to (r floordiv 3) * 3 + m :
        %recv[b * 3 + r mod 3]{D(b * 3 + r mod 3, (r floordiv 3) * 3 + m)}
        from %stage[b]{D(b * 3 + r mod 3, (r floordiv 3) * 3 + m) in M(b * 3 + r mod 3, r floordiv 3)} after(%sp(b))
  // CHECK: %rn = comm.reduce @node_sum for b in nodes reads %meta[b]{M(b * 3 + r mod 3,r floordiv 3)}, %recv[r floordiv 3 * 3 + m]{D(b * 3 + r mod 3,r floordiv 3 * 3 + m)} each m in lanes writes %z[b]{M(b * 3 + r mod 3,r floordiv 3)} after(%pd(*, 0))
  %rn = comm.reduce @node_sum for b in nodes reads %meta[b]{M(b * 3 + r mod 3, r floordiv 3)},
        %recv[(r floordiv 3) * 3 + m]{D(b * 3 + r mod 3, (r floordiv 3) * 3 + m)} each m in lanes
        writes %z[b]{M(b * 3 + r mod 3, r floordiv 3)} after(%pd(*, 0))
}

// By the switch: to all ranks at once, and the sum of what all have.

// CHECK-LABEL: comm.plan @switched ranks 4 topk 1 depth 1 steps serial result switch {
comm.plan @switched ranks 4 topk 1 depth 1 steps serial result switch {
  comm.task @select kind select
  comm.task @full_sum kind full_sum
  comm.task @switch_sum kind switch_sum
  %x      = comm.buffer input slot of 64 bytes
  %out    = comm.buffer output slot of 64 bytes
  %routes = comm.buffer sym slot [4] of 12 bytes
  %meta   = comm.buffer local seq [4] of 16 bytes
  %y      = comm.buffer local slot [4] of 64 bytes
  %sums   = comm.buffer sym slot [4] of 64 bytes
  %total  = comm.buffer local slot of 64 bytes
  %recv   = comm.buffer sym slot [4] of 64 bytes
  %fd = comm.flag [4] carry by i0
  // CHECK: %pd = comm.put to all : %recv[r]{A(r)} from %x{A(r)} via multicast
  %pd = comm.put to all : %recv[r]{A(r)} from %x{A(r)} via multicast
  // CHECK: %sd = comm.signal to all : %fd[r] = n carry A(r) via multicast after(%pd)
  %sd = comm.signal to all : %fd[r] = n carry A(r) via multicast after(%pd)
  %wd = comm.wait for s in all : %fd[s] at n get A(s)
  // CHECK: %se = comm.compute @select for s in all reads %routes[s]{A(s)} writes %meta[s]{D(s,r)} after(%wd(s))
  %se = comm.compute @select for s in all reads %routes[s]{A(s)} writes %meta[s]{D(s,r)} after(%wd(s))
  // CHECK: %pa = comm.reduce @full_sum for s in all reads %meta[s]{D(s,r)}, %y[s]{Y(s,r)} writes %sums[s]{A(s)} after(%se(s))
  %pa = comm.reduce @full_sum for s in all reads %meta[s]{D(s,r)}, %y[s]{Y(s,r)}
        writes %sums[s]{A(s)} after(%se(s))
  // CHECK: %pl = comm.pull : %total{A(r)} from all %sums[r]{A(r)} after(%pa)
  %pl = comm.pull : %total{A(r)} from all %sums[r]{A(r)} after(%pa)
  // CHECK: %rd = comm.reduce @switch_sum reads %total{A(r)} writes %out{A(r)} after(%pl)
  %rd = comm.reduce @switch_sum reads %total{A(r)} writes %out{A(r)} after(%pl)
}
