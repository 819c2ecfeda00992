// RUN: moe-opt %s --comm-verify-scheduled -verify-diagnostics -split-input-file

// The rules of what tasks read and write, each broken by the smallest plan that shows it.

comm.plan @a_read_beside_its_write ranks 1 topk 1 depth 1 steps serial result rows {
  comm.task @route kind route
  comm.task @pack kind pack
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %record = comm.buffer local seq [1] of 16 bytes
  // expected-error @+1 {{'rt' of rank 0 in step 1 writes 'route' of rank 0 while 'pk' of rank 0 in step 1 may read it (rule race)}}
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // expected-note @+1 {{'pk' is here}}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)}
}

// -----

comm.plan @a_region_too_soon ranks 2 topk 1 depth 1 steps serial result rows {
  comm.task @route kind route
  comm.task @pack kind pack
  comm.task @experts kind experts
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %record = comm.buffer local seq [2] of 16 bytes
  %recv = comm.buffer sym seq [1, 2] of 8 bytes
  %meta = comm.buffer sym seq [1, 2] of 16 bytes
  %y = comm.buffer local slot [2] of 8 bytes
  // Two words, so that counts live as long as they must.
  %fd = comm.flag [2, 2] carry by i1
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
  // Nothing comes back: one copy of a region is not enough.
  // expected-error @+1 {{'pd' of rank 1 in step 2 writes 'recv' region 1 of rank 0 while 'ex' of rank 0 in step 1 may read it (rule reuse)}}
  %pd = comm.put for p in stagger to p : %recv[0, r]{D(r,p)} from %x{D(r,p)} after(%rt)
  // expected-error @+1 {{'pm' of rank 1 in step 2 writes 'meta' region 1 of rank 0 while 'ex' of rank 0 in step 1 may read it (rule reuse)}}
  %pm = comm.put for p in stagger to p : %meta[0, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
  %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
  %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
  // expected-note @+1 {{'ex' is here}}
  %ex = comm.compute @experts for s in all reads %recv[0, s]{D(s,r)}, %meta[0, s]{D(s,r)}
                              writes %y[s]{Y(s,r)} after(%wd(s))
}

// -----

comm.plan @nothing_to_pack ranks 1 topk 1 depth 1 steps serial result rows {
  // expected-error @-1 {{rank 0 has no result in step 1 (rule post)}}
  comm.task @pack kind pack
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %record = comm.buffer local seq [1] of 16 bytes
  // expected-error @+3 {{'pk' of rank 0 in step 1 reads A(0) from 'route' of rank 0, which holds nothing (rule undefined)}}
  // expected-error @+2 {{'pk' of rank 0 in step 1 needs D(0,0) before the tokens are routed (rule count)}}
  // expected-error @+1 {{'pk' of rank 0 in step 1 writes D(0,0) into 'record' region 0 of rank 0, which nothing reads (rule dead)}}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)}
}

// -----

comm.plan @routes_of_the_last_step ranks 1 topk 1 depth 1 steps serial result rows {
  // expected-error @-1 {{rank 0 has no result in step 1 (rule post)}}
  comm.task @route kind route
  comm.task @pack kind pack
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %record = comm.buffer local seq [1] of 16 bytes
  // expected-error @+4 {{'pk' of rank 0 in step 1 reads A(0) from 'route' of rank 0, which holds nothing (rule undefined)}}
  // expected-error @+3 {{'pk' of rank 0 in step 1 needs D(0,0) before the tokens are routed (rule count)}}
  // expected-error @+2 {{'pk' of rank 0 in step 2 reads 'route' of rank 0, which 'rt' of rank 0 in step 1 wrote (rule stale)}}
  // expected-error @+1 {{'pk' of rank 0 in step 1 writes D(0,0) into 'record' region 0 of rank 0, which nothing reads (rule dead)}}
  %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)}
  // expected-note @+2 {{'rt' is here}}
  // expected-error @+1 {{'rt' of rank 0 in step 2 writes A(0) into 'route' of rank 0, which nothing reads (rule dead)}}
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)} after(%pk)
}

// -----

comm.plan @tokens_sent_before_they_are_routed ranks 1 topk 1 depth 1 steps serial result rows {
  // expected-error @-1 {{rank 0 has no result in step 1 (rule post)}}
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %recv = comm.buffer sym seq [1] of 8 bytes
  // expected-error @+2 {{'pd' of rank 0 in step 1 needs D(0,0) before the tokens are routed (rule count)}}
  // expected-error @+1 {{'pd' of rank 0 in step 1 writes D(0,0) into 'recv' region 0 of rank 0, which nothing reads (rule dead)}}
  %pd = comm.put for p in stagger to p : %recv[r]{D(r,p)} from %x{D(r,p)}
}

// -----

comm.plan @routes_in_place_of_tokens ranks 1 topk 1 depth 1 steps serial result rows {
  // expected-error @-1 {{rank 0 has no result in step 1 (rule post)}}
  comm.task @route kind route
  comm.task @shared kind shared
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // expected-error @+1 {{'sh' of rank 0 in step 1 wants tokens in 'route', finds routes (rule content)}}
  %sh = comm.compute @shared reads %route{A(r)} writes %out{A(r)} after(%rt)
}

// -----

comm.plan @rail_data_behind_an_nvlink_flag ranks 2 topk 1 depth 1 steps serial result rows {
  comm.task @route kind route
  comm.task @pack kind pack
  %x = comm.buffer input slot of 8 bytes
  %out = comm.buffer output slot of 8 bytes
  %route = comm.buffer local slot of 12 bytes
  %recv = comm.buffer sym slot of 8 bytes
  %there = comm.buffer sym slot of 8 bytes
  %f = comm.flag by 1 - r
  %g = comm.flag by 1 - r
  %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
  // expected-note @+1 {{'pd' is here}}
  %pd = comm.put to 1 - r : %recv{A(r)} from %x{A(r)} via rail after(%rt)
  %sd = comm.signal to 1 - r : %f = n after(%pd)
  %wd = comm.wait : %f at n
  // expected-error @+1 {{'pe' of rank 0 in step 1 reads 'recv' of rank 0, which 'pd' of rank 1 in step 1 puts by rail, and no flag on that path comes between (rule path)}}
  %pe = comm.put to 1 - r : %there{A(1 - r)} from %recv{A(1 - r)} after(%wd)
  %se = comm.signal to 1 - r : %g = n after(%pe)
  %we = comm.wait : %g at n
}
