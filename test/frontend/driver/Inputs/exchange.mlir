// One put to every peer, one at a time, and nothing else: who wrote this has no layer.
comm.plan @exchange ranks 4 topk 1 depth 1 steps serial result rows {
  %x = comm.buffer input slot of 1000 bytes
  %recv = comm.buffer sym seq [4] of 1000 bytes
  %out = comm.buffer output slot of 1000 bytes
  %fd = comm.flag [4] carry by i0
  %pd = comm.put for p in stagger to p : %recv[r]{D(r,p)} from %x{D(r,p)} window 1
  %sd = comm.signal for p in stagger to p : %fd[r] = n carry D(r,p) after(%pd(p))
  %wd = comm.wait for s in all : %fd[s] at n get D(s,r)
}
