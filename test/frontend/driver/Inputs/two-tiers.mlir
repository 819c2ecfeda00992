// Once to each node over the rail of the own lane, from there to the ranks of the node.
comm.plan @two_tiers ranks 4 nodes 2 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 1000 bytes
  %stage = comm.buffer sym seq [2] of 1000 bytes
  %recv = comm.buffer sym seq [4] of 1000 bytes
  %out = comm.buffer output slot of 1000 bytes
  %fn = comm.flag [2] carry by i0 * 2 + r mod 2
  %fd = comm.flag [4] carry by r floordiv 2 * 2 + i0 mod 2
  %pn = comm.put for b in stagger_nodes to b * 2 + r mod 2 : %stage[r floordiv 2]{M(r,b)} from %x{M(r,b)} via rail
  %sn = comm.signal for b in stagger_nodes to b * 2 + r mod 2 : %fn[r floordiv 2] = n carry M(r,b) via rail after(%pn(b))
  %wn = comm.wait for b in nodes : %fn[b] at n get M(b * 2 + r mod 2,r floordiv 2)
  %pd = comm.put for b in nodes, m in stagger_lanes to r floordiv 2 * 2 + m : %recv[b * 2 + r mod 2]{D(b * 2 + r mod 2,r floordiv 2 * 2 + m)} from %stage[b]{D(b * 2 + r mod 2,r floordiv 2 * 2 + m) in M(b * 2 + r mod 2,r floordiv 2)} after(%wn(b))
  %sd = comm.signal for b in nodes, m in stagger_lanes to r floordiv 2 * 2 + m : %fd[b * 2 + r mod 2] = n carry D(b * 2 + r mod 2,r floordiv 2 * 2 + m) after(%pd(b, m))
  %wd = comm.wait for s in all : %fd[s] at n get D(s,r)
}
