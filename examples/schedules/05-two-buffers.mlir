// Every region twice, used in turn by step. With an answer for every dispatch one copy is
// enough (the others here have one): who sends again has the peer's rows of the step before,
// so the peer has read what it was sent. Two are for plans without that answer, and cost
// twice the memory.
//
// Refused (rule undefined), since rows come back into the other copy:
//   sed 's/to s : %back\[n mod 2\]/to s : %back[0]/'
comm.plan @two_buffers ranks 4 topk 2 depth 2 steps serial result rows {
  comm.task @route kind route
  comm.task @pack kind pack
  comm.task @experts kind experts
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 1000 bytes
  %route = comm.buffer local slot of 24 bytes
  %record = comm.buffer local seq [4] of 24 bytes
  %recv = comm.buffer sym seq [2, 4] of 1000 bytes
  %meta = comm.buffer sym seq [2, 4] of 24 bytes
  %y = comm.buffer local slot [4] of 2 x 1000 bytes
  %back = comm.buffer sym slot [2] of 2 x 1000 bytes
  %out = comm.buffer output slot of 1000 bytes
  %fd = comm.flag [2, 4] carry by i1
  %fc = comm.flag [2, 4] by i1
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} after(%rt)
  %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
  %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
  %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
  %ex = comm.compute @experts reads %recv[n mod 2, s]{D(s,r)} each s in all, %meta[n mod 2, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
  %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
  %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
  %wc = comm.wait for p in all : %fc[n mod 2, p] at n
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all writes %out{A(r)} after(%wc)
}
