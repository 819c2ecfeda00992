// RUN: moe-opt %s --comm-schedule --comm-verify-scheduled | FileCheck %s
// RUN: moe-opt %s --comm-schedule=report 2>&1 >/dev/null | FileCheck %s --check-prefix=REPORT
// RUN: sed 's/two_tier/staggered_put/' %s | not moe-opt --comm-schedule 2>&1 | FileCheck %s --check-prefix=STRAIGHT

// Two tiers in pieces: records go ahead, of each piece of a node's rows a rank gets its share, sums
// are made and come back by the same pieces.

// REPORT:      schedule for sums {
// REPORT-NEXT:   algorithm two_tier
// REPORT-NEXT:   depth 1
// REPORT-NEXT:   combine partial
// REPORT-NEXT:   chunks 3

// RUN: sed 's/chunks = 3/chunks = 3, spray = true/' %s | moe-opt --comm-schedule --comm-verify-scheduled | FileCheck %s --check-prefix=SPRAY
// RUN: sed 's/chunks = 3/spray = true/' %s | not moe-opt --comm-schedule 2>&1 | FileCheck %s --check-prefix=WHOLE

// RUN: sed 's/chunks = 3/chunks = 3, window = 2/' %s | moe-opt --comm-schedule | FileCheck %s --check-prefix=ASKED
// RUN: sed 's/chunks = 3/chunks = 3, rates = sizes/' %s | moe-opt --comm-schedule | FileCheck %s --check-prefix=SIZES

// A window that is asked for is that of all puts, also between nodes.
// ASKED: schedule <two_tier, window = 2, depth = 1
// ASKED: %pn = comm.put {{.*}} via rail window 2 after
// ASKED: %pd = comm.put {{.*}} window 2 after
// ASKED: %pf = comm.put {{.*}} window 2 after
// ASKED: %pc = comm.put {{.*}} via rail window 2 after

// One to each peer is several in flight, which share by size.
// SIZES: schedule <two_tier, depth = 1, combine = partial, rates = sizes, chunks = 3>
// SIZES: %pn = comm.put {{.*}} via rail window 1 each rates sizes after

// WHOLE: error: spray lanes needs algorithm two_tier and 2 chunks or more

// By all lanes: counts of all ranks to all, then pieces to their lanes, over the rails, to the ranks
// that hand them on.
// SPRAY: comm.task @lanes kind lanes
// SPRAY: %wm = comm.wait for s in all, b in nodes : {{.*}} get M(s,b)
// SPRAY: %st = comm.compute @lanes after(%wm)
// SPRAY: %pl = comm.put for k in stages, b in stagger_nodes, m in stagger_lanes {{.*}}{S(r,b,k,m) in M(r,b)} from %x{S(r,b,k,m)} {{.*}}after(%st)
// SPRAY: %pn = comm.put for k in stages, {{.*}} via rail window 1 each after(%st, %wl(k, m))
// SPRAY: %px = comm.put for k in stages, {{.*}} : %stage[0, b]{{.*}}after(%st, %wn(k, b))
// SPRAY: %pd = comm.put for k in stages, {{.*}}after(%sp(b), %wx(k, b, *))
// SPRAY: %po = comm.put for k in stages, {{.*}}after(%rn(k, b))
// SPRAY: %wo = comm.wait for k in stages, b in nodes, m in lanes
// SPRAY: %pc = comm.put for k in stages, b in stagger_nodes, m in stagger_lanes {{.*}}after(%wo(k, b, m))
// SPRAY: %pb = comm.put for k in stages, {{.*}} : %part[0, b]

// STRAIGHT: error: chunks need algorithm two_tier or staged, in which rows are handed on

// CHECK-LABEL: comm.plan @sums ranks 4 nodes 2 stages 3
// CHECK-SAME: schedule <two_tier, depth = 1, combine = partial, chunks = 3>
// CHECK-DAG: %fn = comm.flag [1, 3, 2] by i2 * 2 + r mod 2
// CHECK-DAG: %fd = comm.flag [1, 4, 3] carry by r floordiv 2 * 2 + i1 mod 2
// CHECK: %pm = comm.put for b in stagger_nodes to {{.*}}{M(r,b)} from %packed[b]{M(r,b)} via rail after
// CHECK: %wk = comm.wait for b in nodes : %fk[0, b] at n get M(b * 2 + r mod 2,r floordiv 2)
// CHECK: %pn = comm.put for k in stages, b in stagger_nodes to {{.*}}%stage[0, r floordiv 2]{P(r,b,k) in M(r,b)} from %x{P(r,b,k)} via rail window 1 each
// CHECK: %wn = comm.wait for k in stages, b in nodes : %fn[0, k, b] at n
// CHECK: %sp = comm.compute @split for b in nodes {{.*}} after(%wk(b))
// CHECK: %sr = comm.signal for b in nodes, m in stagger_lanes {{.*}} = n carry D({{.*}}) after(%pr(b, m))
// CHECK: %pd = comm.put for k in stages, b in nodes, m in stagger_lanes {{.*}}{Q({{.*}},k) in D({{.*}})} from %stage[0, b]{Q({{.*}},k) in M({{.*}})} window 2 after(%sp(b), %wn(k, b))
// CHECK: %sd = comm.signal for k in stages, b in nodes, m in stagger_lanes {{.*}} = n carry Q({{.*}},k) after(%pd(k, b, m))
// CHECK-DAG: %wr = comm.wait for s in all : %fr[0, s] at n get D(s,r)
// CHECK-DAG: %wd = comm.wait for s in all, k in stages : %fd[0, s, k] at n get Q(s,r,k)
// CHECK: %ex = comm.compute @experts {{.*}}after(%wd, %wr)
// CHECK: %pa = comm.reduce @rank_sum for k in stages, s in stagger reads %meta[0, s]{Q(s,r,k) in D(s,r)}, %y[s]{Y(s,r)} writes %q[s]{Q(s,r,k) in D(s,r)} after(%ex)
// Sums for the own node behind those for others.
// CHECK: %pf = comm.put for k in stages, b in other_nodes, m in stagger_lanes {{.*}} window 1 each after(%pa(k, b * 2 + m))
// CHECK: %sf = comm.signal for k in stages, b in other_nodes, m in stagger_lanes {{.*}}after(%pf(k, b, m))
// CHECK: %pf_near = comm.put for k in stages, m in stagger_lanes {{.*}} window 1 each after(%pa(k, r floordiv 2 * 2 + m), %pf)
// CHECK: %wf = comm.wait for k in stages, b in nodes, m in lanes : %ff[0, k, b, m] at n
// CHECK: %rn = comm.reduce @node_sum for k in stages, b in stagger_nodes {{.*}} each m in lanes writes %z[b]{P({{.*}},k) in M({{.*}})} after(%wf(k, b, *))
// CHECK: %pc = comm.put for k in stages, b in stagger_nodes {{.*}}via rail window 1 each after(%rn(k, b))
// CHECK: %sc = comm.signal for b in stagger_nodes {{.*}} via rail after(%pc(*, b))
comm.plan @sums ranks 4 nodes 2 topk 2 depth 1 steps serial result rows
    schedule <two_tier, combine = partial, chunks = 3> {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x     = comm.buffer input  slot of 4 bytes
  %route = comm.buffer local  slot of 24 bytes
  %recv  = comm.buffer local  seq  [4] of 4 bytes
  %meta  = comm.buffer local  seq  [4] of 24 bytes
  %y     = comm.buffer local  slot [4] of 2 x 4 bytes
  %back  = comm.buffer local  slot of 2 x 4 bytes
  %out   = comm.buffer output slot of 4 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %di = comm.dispatch %x by %route to %recv, %meta after(%rt)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all
                              writes %y[s]{Y(s,r)} each s in all after(%di)
  %co = comm.combine %y to %back after(%ex)
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%co)
}
