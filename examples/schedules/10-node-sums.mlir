// Two tiers with sums: a rank adds up its rows of a token (%pa), the rank that handed the
// token on adds up the ranks of its node (%rn), and one row a node crosses the rail. The
// least bytes of all on rails; other bits, `result node_partial`.
//
// Refused (rule race), since a node's sum leaves out all ranks but one:
//   sed 's/after(%wf(b, \*))/after(%wf(b, 0))/'
comm.plan @node_sums ranks 4 nodes 2 topk 2 depth 1 steps serial result node_partial {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @pack_nodes kind pack_nodes
  comm.task @split kind split
  comm.task @rank_sum kind rank_sum
  comm.task @node_sum kind node_sum
  comm.task @part_sum kind part_sum
  %x = comm.buffer input slot of 1000 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer sym seq [4] of 1000 bytes
  %meta = comm.buffer sym seq [4] of 24 bytes
  %y = comm.buffer local slot [4] of 2 x 1000 bytes
  %out = comm.buffer output slot of 1000 bytes
  %packed = comm.buffer local seq [2] of 32 bytes
  %stage = comm.buffer sym seq [2] of 1000 bytes
  %nodemeta = comm.buffer sym seq [2] of 32 bytes
  %fn = comm.flag [2] carry by i0 * 2 + r mod 2
  %record = comm.buffer local seq [2, 2] of 24 bytes
  %fd = comm.flag [4] carry by r floordiv 2 * 2 + i0 mod 2
  %q = comm.buffer local seq [4] of 1000 bytes
  %collect = comm.buffer sym seq [2, 2] of 1000 bytes
  %z = comm.buffer local seq [2] of 1000 bytes
  %part = comm.buffer sym seq [2] of 1000 bytes
  %fc = comm.flag [2] by i0 * 2 + r mod 2
  %ff = comm.flag [2, 2] by r floordiv 2 * 2 + i1
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %pk = comm.compute @pack_nodes for b in nodes reads %route{A(r)} writes %packed[b]{M(r,b)} after(%rt)
  %pn = comm.put for b in stagger_nodes to b * 2 + r mod 2 : %stage[r floordiv 2]{M(r,b)} from %x{M(r,b)} via rail after(%rt)
  %pm = comm.put for b in stagger_nodes to b * 2 + r mod 2 : %nodemeta[r floordiv 2]{M(r,b)} from %packed[b]{M(r,b)} via rail after(%pk(b))
  %sn = comm.signal for b in stagger_nodes to b * 2 + r mod 2 : %fn[r floordiv 2] = n carry M(r,b) via rail after(%pn(b), %pm(b))
  %wn = comm.wait for b in nodes : %fn[b] at n get M(b * 2 + r mod 2,r floordiv 2)
  %sp = comm.compute @split for b in nodes reads %nodemeta[b]{M(b * 2 + r mod 2,r floordiv 2)} writes %record[b, m]{D(b * 2 + r mod 2,r floordiv 2 * 2 + m)} each m in lanes after(%wn(b))
  %pd = comm.put for b in nodes, m in stagger_lanes to r floordiv 2 * 2 + m : %recv[b * 2 + r mod 2]{D(b * 2 + r mod 2,r floordiv 2 * 2 + m)} from %stage[b]{D(b * 2 + r mod 2,r floordiv 2 * 2 + m) in M(b * 2 + r mod 2,r floordiv 2)} after(%sp(b))
  %pr = comm.put for b in nodes, m in stagger_lanes to r floordiv 2 * 2 + m : %meta[b * 2 + r mod 2]{D(b * 2 + r mod 2,r floordiv 2 * 2 + m)} from %record[b, m]{D(b * 2 + r mod 2,r floordiv 2 * 2 + m)} after(%sp(b))
  %sd = comm.signal for b in nodes, m in stagger_lanes to r floordiv 2 * 2 + m : %fd[b * 2 + r mod 2] = n carry D(b * 2 + r mod 2,r floordiv 2 * 2 + m) after(%pd(b, m), %pr(b, m))
  %wd = comm.wait for s in all : %fd[s] at n get D(s,r)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
  %pa = comm.reduce @rank_sum for s in all reads %meta[s]{D(s,r)}, %y[s]{Y(s,r)} writes %q[s]{D(s,r)} after(%ex)
  %pf = comm.put for s in stagger to r floordiv 2 * 2 + s mod 2 : %collect[s floordiv 2, r mod 2]{D(s,r)} from %q[s]{D(s,r)} after(%pa(s))
  %sf = comm.signal for s in stagger to r floordiv 2 * 2 + s mod 2 : %ff[s floordiv 2, r mod 2] = n after(%pf(s))
  %wf = comm.wait for b in nodes, m in lanes : %ff[b, m] at n
  %rn = comm.reduce @node_sum for b in nodes reads %nodemeta[b]{M(b * 2 + r mod 2,r floordiv 2)}, %collect[b, m]{D(b * 2 + r mod 2,r floordiv 2 * 2 + m)} each m in lanes writes %z[b]{M(b * 2 + r mod 2,r floordiv 2)} after(%wf(b, *))
  %pc = comm.put for b in stagger_nodes to b * 2 + r mod 2 : %part[r floordiv 2]{M(b * 2 + r mod 2,r floordiv 2)} from %z[b]{M(b * 2 + r mod 2,r floordiv 2)} via rail after(%rn(b))
  %sc = comm.signal for b in stagger_nodes to b * 2 + r mod 2 : %fc[r floordiv 2] = n via rail after(%pc(b))
  %wc = comm.wait for b in nodes : %fc[b] at n
  %rd = comm.reduce @part_sum reads %route{A(r)}, %part[b]{M(r,b)} each b in nodes writes %out{A(r)} after(%wc)
}
