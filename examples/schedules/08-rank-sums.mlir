// A rank adds up what its experts computed for a token (%pa) and sends one row back in
// place of several. Less comes back; the sum has another order, so the result has other bits,
// and the plan says so: `result rank_partial`.
//
// Refused (rule race), since a rank adds up what is not computed yet:
//   sed 's/ after(%ex)$//'
comm.plan @rank_sums ranks 4 topk 2 depth 1 steps serial result rank_partial {
  comm.task @route kind route
  comm.task @pack kind pack
  comm.task @experts kind experts
  comm.task @rank_sum kind rank_sum
  comm.task @part_sum kind part_sum
  %x = comm.buffer input slot of 1000 bytes
  %route = comm.buffer local slot of 24 bytes
  %record = comm.buffer local seq [4] of 24 bytes
  %recv = comm.buffer sym seq [4] of 1000 bytes
  %meta = comm.buffer sym seq [4] of 24 bytes
  %y = comm.buffer local slot [4] of 2 x 1000 bytes
  %q = comm.buffer local seq [4] of 1000 bytes
  %part = comm.buffer sym seq [4] of 1000 bytes
  %out = comm.buffer output slot of 1000 bytes
  %fd = comm.flag [4] carry by i0
  %fc = comm.flag [4] by i0
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  %pd = comm.put for p in stagger to p : %recv[r]{D(r,p)} from %x{D(r,p)} after(%rt)
  %pm = comm.put for p in stagger to p : %meta[r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
  %sd = comm.signal for p in stagger to p : %fd[r] = n carry D(r,p) after(%pd(p), %pm(p))
  %wd = comm.wait for s in all : %fd[s] at n get D(s,r)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
  %pa = comm.reduce @rank_sum for s in all reads %meta[s]{D(s,r)}, %y[s]{Y(s,r)} writes %q[s]{D(s,r)} after(%ex)
  %pc = comm.put for s in stagger to s : %part[r]{D(s,r)} from %q[s]{D(s,r)} after(%pa(s))
  %sc = comm.signal for s in stagger to s : %fc[r] = n after(%pc(s))
  %wc = comm.wait for p in all : %fc[p] at n
  %rd = comm.reduce @part_sum reads %route{A(r)}, %part[p]{D(r,p)} each p in all writes %out{A(r)} after(%wc)
}
