// Two nodes of two. A token crosses the rail once for each node that wants it (%pn), to the
// rank on the sender's own lane; that one reads from the record who of its node is meant
// (%sp) and hands the token on (%pd). Rows come back the same way. Rail flags cover rail
// puts and nothing else, so each tier has its own.
//
// Refused (rule path), since an NVLink flag overtakes what the rail carries:
//   sed 's/n carry M(r,b) via rail/n carry M(r,b)/'
comm.plan @two_tiers ranks 4 nodes 2 topk 2 depth 1 steps serial result rows {
  comm.task @route kind route
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  comm.task @pack_nodes kind pack_nodes
  comm.task @split kind split
  %x = comm.buffer input slot of 1000 bytes
  %route = comm.buffer local slot of 24 bytes
  %recv = comm.buffer sym seq [4] of 1000 bytes
  %meta = comm.buffer sym seq [4] of 24 bytes
  %y = comm.buffer local slot [4] of 2 x 1000 bytes
  %back = comm.buffer sym slot of 2 x 1000 bytes
  %out = comm.buffer output slot of 1000 bytes
  %packed = comm.buffer local seq [2] of 32 bytes
  %stage = comm.buffer sym seq [2] of 1000 bytes
  %nodemeta = comm.buffer sym seq [2] of 32 bytes
  %fn = comm.flag [2] carry by i0 * 2 + r mod 2
  %record = comm.buffer local seq [2, 2] of 24 bytes
  %fd = comm.flag [4] carry by r floordiv 2 * 2 + i0 mod 2
  %collect = comm.buffer sym slot [2] of 2 x 1000 bytes
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
  %pf = comm.put for s in stagger to r floordiv 2 * 2 + s mod 2 : %collect[s floordiv 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
  %sf = comm.signal for s in stagger to r floordiv 2 * 2 + s mod 2 : %ff[s floordiv 2, r mod 2] = n after(%pf(s))
  %wf = comm.wait for b in nodes, m in lanes : %ff[b, m] at n
  %pc = comm.put for b in stagger_nodes, m in lanes to b * 2 + r mod 2 : %back{Y(b * 2 + r mod 2,r floordiv 2 * 2 + m)} from %collect[b]{Y(b * 2 + r mod 2,r floordiv 2 * 2 + m)} via rail after(%wf(b, m))
  %sc = comm.signal for b in stagger_nodes to b * 2 + r mod 2 : %fc[r floordiv 2] = n via rail after(%pc(b, *))
  %wc = comm.wait for b in nodes : %fc[b] at n
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all writes %out{A(r)} after(%wc)
}
