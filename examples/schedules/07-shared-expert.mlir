// A shared expert, for every token, needs nobody else: it stands between the dispatch and
// the wait for what others dispatch, and fills the time in which rows travel.
//
// Refused (rule race), since the sum does not wait for the shared expert:
//   sed 's/after(%sh, %wc)/after(%wc)/'
comm.plan @shared_expert ranks 4 topk 2 depth 1 steps serial result rows {
  comm.task @route kind route
  comm.task @pack kind pack
  comm.task @experts kind experts
  comm.task @shared kind shared
  comm.task @slot_sum kind slot_sum
  %x = comm.buffer input slot of 1000 bytes
  %route = comm.buffer local slot of 24 bytes
  %record = comm.buffer local seq [4] of 24 bytes
  %recv = comm.buffer sym seq [4] of 1000 bytes
  %meta = comm.buffer sym seq [4] of 24 bytes
  %y = comm.buffer local slot [4] of 2 x 1000 bytes
  %shared = comm.buffer local slot of 1000 bytes
  %back = comm.buffer sym slot of 2 x 1000 bytes
  %out = comm.buffer output slot of 1000 bytes
  %fd = comm.flag [4] carry by i0
  %fc = comm.flag [4] by i0
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  %pd = comm.put for p in stagger to p : %recv[r]{D(r,p)} from %x{D(r,p)} after(%rt)
  %pm = comm.put for p in stagger to p : %meta[r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
  %sd = comm.signal for p in stagger to p : %fd[r] = n carry D(r,p) after(%pd(p), %pm(p))
  %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
  %wd = comm.wait for s in all : %fd[s] at n get D(s,r)
  %ex = comm.compute @experts reads %recv[s]{D(s,r)} each s in all, %meta[s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
  %pc = comm.put for s in stagger to s : %back{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
  %sc = comm.signal for s in stagger to s : %fc[r] = n after(%pc(s))
  %wc = comm.wait for p in all : %fc[p] at n
  %rd = comm.reduce @slot_sum reads %route{A(r)}, %back{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%sh, %wc)
}
