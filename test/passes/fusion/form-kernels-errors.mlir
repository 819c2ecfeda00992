// RUN: moe-opt %s --comm-form-kernels --split-input-file --verify-diagnostics

module attributes {moe.target = "sm_90a"} {
  // expected-error @+1 {{unsupported here: kernels for tokens of another type than bf16}}
  comm.plan @small ranks 2 topk 2 depth 2 steps serial result rows schedule <staggered_put, window = 0, depth = 2> attributes {moe.layer = #moe.layer<hidden = 200, experts = 6, tokens = f32, weights = bf16, combine = bf16, router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 72, activation = silu>, shared = <intermediate = 40, activation = gelu_tanh, scaled = true>, names = [<router "router.weight">, <expert_gate "experts.{expert}.gate.weight">, <expert_up "experts.{expert}.up.weight">, <expert_down "experts.{expert}.down.weight">, <shared_gate "shared.gate.weight">, <shared_up "shared.up.weight">, <shared_down "shared.down.weight">, <shared_scale "shared.scale.weight">]>, moe.max_tokens = 64 : i64, moe.mesh = #moe.mesh<"ep2" on "" ranks 2>, moe.placement = #moe.placement<[[0, 1, 2], [3, 4, 5]]>} {
    comm.task @route kind route
    comm.task @experts kind experts
    comm.task @shared kind shared
    comm.task @slot_sum kind slot_sum
    comm.task @pack kind pack
    %x = comm.buffer input slot of 400 bytes
    %route = comm.buffer local slot of 24 bytes
    %record = comm.buffer local seq [2] of 24 bytes
    %recv = comm.buffer sym seq [2, 2] of 400 bytes
    %meta = comm.buffer sym seq [2, 2] of 24 bytes
    %y = comm.buffer local slot [2] of 2 x 400 bytes
    %back = comm.buffer sym slot [2] of 2 x 400 bytes
    %shared = comm.buffer local slot of 800 bytes
    %out = comm.buffer output slot of 800 bytes
    %fd = comm.flag [2, 2] carry by i1
    %fc = comm.flag [2, 2] by i1
    %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
    %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
    %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} after(%rt)
    %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
    %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
    %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
    %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
    %ex = comm.compute @experts reads %recv[n mod 2, s]{D(s,r)} each s in all, %meta[n mod 2, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
    %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
    %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
    %wc = comm.wait for p in all : %fc[n mod 2, p] at n
    %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%wc, %sh)
  }
}

// -----

module attributes {moe.target = "sm_90a"} {
  // expected-error @+1 {{unsupported here: kernels for weights of another type than bf16}}
  comm.plan @small ranks 2 topk 2 depth 2 steps serial result rows schedule <staggered_put, window = 0, depth = 2> attributes {moe.layer = #moe.layer<hidden = 200, experts = 6, tokens = bf16, weights = f32, combine = bf16, router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 72, activation = silu>, shared = <intermediate = 40, activation = gelu_tanh, scaled = true>, names = [<router "router.weight">, <expert_gate "experts.{expert}.gate.weight">, <expert_up "experts.{expert}.up.weight">, <expert_down "experts.{expert}.down.weight">, <shared_gate "shared.gate.weight">, <shared_up "shared.up.weight">, <shared_down "shared.down.weight">, <shared_scale "shared.scale.weight">]>, moe.max_tokens = 64 : i64, moe.mesh = #moe.mesh<"ep2" on "" ranks 2>, moe.placement = #moe.placement<[[0, 1, 2], [3, 4, 5]]>} {
    comm.task @route kind route
    comm.task @experts kind experts
    comm.task @shared kind shared
    comm.task @slot_sum kind slot_sum
    comm.task @pack kind pack
    %x = comm.buffer input slot of 400 bytes
    %route = comm.buffer local slot of 24 bytes
    %record = comm.buffer local seq [2] of 24 bytes
    %recv = comm.buffer sym seq [2, 2] of 400 bytes
    %meta = comm.buffer sym seq [2, 2] of 24 bytes
    %y = comm.buffer local slot [2] of 2 x 400 bytes
    %back = comm.buffer sym slot [2] of 2 x 400 bytes
    %shared = comm.buffer local slot of 800 bytes
    %out = comm.buffer output slot of 800 bytes
    %fd = comm.flag [2, 2] carry by i1
    %fc = comm.flag [2, 2] by i1
    %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
    %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
    %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} after(%rt)
    %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
    %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
    %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
    %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
    %ex = comm.compute @experts reads %recv[n mod 2, s]{D(s,r)} each s in all, %meta[n mod 2, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
    %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
    %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
    %wc = comm.wait for p in all : %fc[n mod 2, p] at n
    %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%wc, %sh)
  }
}

// -----

module attributes {moe.target = "sm_90a"} {
  // expected-error @+1 {{unsupported here: kernels for a plan without a signal without a count}}
  comm.plan @small ranks 2 topk 2 depth 2 steps serial result rows schedule <staggered_put, window = 0, depth = 2> attributes {moe.layer = #moe.layer<hidden = 200, experts = 6, tokens = bf16, weights = bf16, combine = bf16, router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 72, activation = silu>, shared = <intermediate = 40, activation = gelu_tanh, scaled = true>, names = [<router "router.weight">, <expert_gate "experts.{expert}.gate.weight">, <expert_up "experts.{expert}.up.weight">, <expert_down "experts.{expert}.down.weight">, <shared_gate "shared.gate.weight">, <shared_up "shared.up.weight">, <shared_down "shared.down.weight">, <shared_scale "shared.scale.weight">]>, moe.max_tokens = 64 : i64, moe.mesh = #moe.mesh<"ep2" on "" ranks 2>, moe.placement = #moe.placement<[[0, 1, 2], [3, 4, 5]]>} {
    comm.task @route kind route
    comm.task @experts kind experts
    comm.task @shared kind shared
    comm.task @slot_sum kind slot_sum
    comm.task @pack kind pack
    %x = comm.buffer input slot of 400 bytes
    %route = comm.buffer local slot of 24 bytes
    %record = comm.buffer local seq [2] of 24 bytes
    %recv = comm.buffer sym seq [2, 2] of 400 bytes
    %meta = comm.buffer sym seq [2, 2] of 24 bytes
    %y = comm.buffer local slot [2] of 2 x 400 bytes
    %back = comm.buffer sym slot [2] of 2 x 400 bytes
    %shared = comm.buffer local slot of 800 bytes
    %out = comm.buffer output slot of 800 bytes
    %fd = comm.flag [2, 2] carry by i1
    %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
    %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
    %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} after(%rt)
    %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
    %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
    %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
    %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
    %ex = comm.compute @experts reads %recv[n mod 2, s]{D(s,r)} each s in all, %meta[n mod 2, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
    %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
    %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%pc, %sh)
  }
}

// -----

module attributes {moe.target = "sm_90a"} {
  // expected-error @+1 {{unsupported here: kernels for 'pk2' does the same as 'pk'}}
  comm.plan @small ranks 2 topk 2 depth 2 steps serial result rows schedule <staggered_put, window = 0, depth = 2> attributes {moe.layer = #moe.layer<hidden = 200, experts = 6, tokens = bf16, weights = bf16, combine = bf16, router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 72, activation = silu>, shared = <intermediate = 40, activation = gelu_tanh, scaled = true>, names = [<router "router.weight">, <expert_gate "experts.{expert}.gate.weight">, <expert_up "experts.{expert}.up.weight">, <expert_down "experts.{expert}.down.weight">, <shared_gate "shared.gate.weight">, <shared_up "shared.up.weight">, <shared_down "shared.down.weight">, <shared_scale "shared.scale.weight">]>, moe.max_tokens = 64 : i64, moe.mesh = #moe.mesh<"ep2" on "" ranks 2>, moe.placement = #moe.placement<[[0, 1, 2], [3, 4, 5]]>} {
    comm.task @route kind route
    comm.task @experts kind experts
    comm.task @shared kind shared
    comm.task @slot_sum kind slot_sum
    comm.task @pack kind pack
    %x = comm.buffer input slot of 400 bytes
    %route = comm.buffer local slot of 24 bytes
    %record = comm.buffer local seq [2] of 24 bytes
    %recv = comm.buffer sym seq [2, 2] of 400 bytes
    %meta = comm.buffer sym seq [2, 2] of 24 bytes
    %y = comm.buffer local slot [2] of 2 x 400 bytes
    %back = comm.buffer sym slot [2] of 2 x 400 bytes
    %shared = comm.buffer local slot of 800 bytes
    %out = comm.buffer output slot of 800 bytes
    %fd = comm.flag [2, 2] carry by i1
    %fc = comm.flag [2, 2] by i1
    %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
    %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
    %pk2 = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
    %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} after(%rt)
    %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
    %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
    %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
    %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
    %ex = comm.compute @experts reads %recv[n mod 2, s]{D(s,r)} each s in all, %meta[n mod 2, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
    %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
    %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
    %wc = comm.wait for p in all : %fc[n mod 2, p] at n
    %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%wc, %sh)
  }
}

// -----

module attributes {moe.target = "sm_90a"} {
  // expected-note @+1 {{the first is here}}
  comm.plan @small ranks 2 topk 2 depth 2 steps serial result rows schedule <staggered_put, window = 0, depth = 2> attributes {moe.layer = #moe.layer<hidden = 200, experts = 6, tokens = bf16, weights = bf16, combine = bf16, router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 72, activation = silu>, shared = <intermediate = 40, activation = gelu_tanh, scaled = true>, names = [<router "router.weight">, <expert_gate "experts.{expert}.gate.weight">, <expert_up "experts.{expert}.up.weight">, <expert_down "experts.{expert}.down.weight">, <shared_gate "shared.gate.weight">, <shared_up "shared.up.weight">, <shared_down "shared.down.weight">, <shared_scale "shared.scale.weight">]>, moe.max_tokens = 64 : i64, moe.mesh = #moe.mesh<"ep2" on "" ranks 2>, moe.placement = #moe.placement<[[0, 1, 2], [3, 4, 5]]>} {
    comm.task @route kind route
    comm.task @experts kind experts
    comm.task @shared kind shared
    comm.task @slot_sum kind slot_sum
    comm.task @pack kind pack
    %x = comm.buffer input slot of 400 bytes
    %route = comm.buffer local slot of 24 bytes
    %record = comm.buffer local seq [2] of 24 bytes
    %recv = comm.buffer sym seq [2, 2] of 400 bytes
    %meta = comm.buffer sym seq [2, 2] of 24 bytes
    %y = comm.buffer local slot [2] of 2 x 400 bytes
    %back = comm.buffer sym slot [2] of 2 x 400 bytes
    %shared = comm.buffer local slot of 800 bytes
    %out = comm.buffer output slot of 800 bytes
    %fd = comm.flag [2, 2] carry by i1
    %fc = comm.flag [2, 2] by i1
    %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
    %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
    %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} after(%rt)
    %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
    %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
    %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
    %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
    %ex = comm.compute @experts reads %recv[n mod 2, s]{D(s,r)} each s in all, %meta[n mod 2, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
    %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
    %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
    %wc = comm.wait for p in all : %fc[n mod 2, p] at n
    %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%wc, %sh)
  }
  // expected-error @+1 {{unsupported here: kernels of more than one plan in a module}}
  comm.plan @second ranks 2 topk 2 depth 2 steps serial result rows schedule <staggered_put, window = 0, depth = 2> attributes {moe.layer = #moe.layer<hidden = 200, experts = 6, tokens = bf16, weights = bf16, combine = bf16, router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 72, activation = silu>, shared = <intermediate = 40, activation = gelu_tanh, scaled = true>, names = [<router "router.weight">, <expert_gate "experts.{expert}.gate.weight">, <expert_up "experts.{expert}.up.weight">, <expert_down "experts.{expert}.down.weight">, <shared_gate "shared.gate.weight">, <shared_up "shared.up.weight">, <shared_down "shared.down.weight">, <shared_scale "shared.scale.weight">]>, moe.max_tokens = 64 : i64, moe.mesh = #moe.mesh<"ep2" on "" ranks 2>, moe.placement = #moe.placement<[[0, 1, 2], [3, 4, 5]]>} {
    comm.task @route kind route
    comm.task @experts kind experts
    comm.task @shared kind shared
    comm.task @slot_sum kind slot_sum
    comm.task @pack kind pack
    %x = comm.buffer input slot of 400 bytes
    %route = comm.buffer local slot of 24 bytes
    %record = comm.buffer local seq [2] of 24 bytes
    %recv = comm.buffer sym seq [2, 2] of 400 bytes
    %meta = comm.buffer sym seq [2, 2] of 24 bytes
    %y = comm.buffer local slot [2] of 2 x 400 bytes
    %back = comm.buffer sym slot [2] of 2 x 400 bytes
    %shared = comm.buffer local slot of 800 bytes
    %out = comm.buffer output slot of 800 bytes
    %fd = comm.flag [2, 2] carry by i1
    %fc = comm.flag [2, 2] by i1
    %rt = comm.compute @route reads %x{A(r)} writes %route{A(r)}
    %pk = comm.compute @pack for p in all reads %route{A(r)} writes %record[p]{D(r,p)} after(%rt)
    %pd = comm.put for p in stagger to p : %recv[n mod 2, r]{D(r,p)} from %x{D(r,p)} after(%rt)
    %pm = comm.put for p in stagger to p : %meta[n mod 2, r]{D(r,p)} from %record[p]{D(r,p)} after(%pk(p))
    %sd = comm.signal for p in stagger to p : %fd[n mod 2, r] = n carry D(r,p) after(%pd(p), %pm(p))
    %sh = comm.compute @shared reads %x{A(r)} writes %shared{A(r)}
    %wd = comm.wait for s in all : %fd[n mod 2, s] at n get D(s,r)
    %ex = comm.compute @experts reads %recv[n mod 2, s]{D(s,r)} each s in all, %meta[n mod 2, s]{D(s,r)} each s in all writes %y[s]{Y(s,r)} each s in all after(%wd)
    %pc = comm.put for s in stagger to s : %back[n mod 2]{Y(s,r)} from %y[s]{Y(s,r)} after(%ex)
    %sc = comm.signal for s in stagger to s : %fc[n mod 2, r] = n after(%pc(s))
    %wc = comm.wait for p in all : %fc[n mod 2, p] at n
    %rd = comm.reduce @slot_sum reads %route{A(r)}, %back[n mod 2]{Y(r,p)} each p in all, %shared{A(r)} writes %out{A(r)} after(%wc, %sh)
  }
}
