// RUN: sed 's/8, 9, 10]/8, 9]/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=LEFT
// RUN: sed 's/ops \[11]/ops [10, 11]/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: sed 's/ops \[11]/ops [11, 12]/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=OUTSIDE
// RUN: sed 's/ops \[11]/ops [7, 11]/; s/7, 8, 9, 10]/8, 9, 10]/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=ORDER
// RUN: sed 's/\[@most_16,/[@lowered,/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=KERNEL
// RUN: sed 's/\[@most_16,/[@sum,/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=STAGES
// RUN: sed 's/stage "sum"/stage "most"/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=AGAIN
// RUN: sed 's/pointer, buffer, 8/pointer, buffer, 9/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=BUFFER
// RUN: sed 's/buffer_offset, 6/buffer_offset, 5/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=OFFSET
// RUN: sed 's/pointer, flag, 1/pointer, flag, 2/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=FLAG
// RUN: sed 's/workspace, 0/workspace, 1/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=SPACE
// RUN: sed 's/pointer, weight, 0/pointer, weight, 1/' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=WEIGHT
// RUN: sed 's/tile.arch = "sm_90a", //' %s | not moe-opt --comm-verify-formed 2>&1 | FileCheck %s --check-prefix=BARE
// RUN: moe-opt %s --comm-verify-formed -o %t

// The launches of a step, right as they stand; each edit above makes one fault.

// LEFT: error: no launch carries out 'wc'
// TWICE: error: 'tile.launch' op carries out 'wc', which an earlier launch does
// OUTSIDE: error: 'tile.launch' op carries out op 12, but the plan has 12
// ORDER: error: 'tile.launch' op carries out 'pc' before 'ex', after which it runs
// KERNEL: error: 'tile.launch' op launches @lowered, which is no kernel any more
// STAGES: error: 'tile.launch' op has kernels of different stages
// AGAIN: error: 'tile.launch' op has the stage 'most' again
// BUFFER: error: 'tile.kernel' op argument 'out' refers to buffer 9, which does not exist
// OFFSET: error: 'tile.kernel' op argument 'back' refers to symmetric buffer 5, which does not exist
// FLAG: error: 'tile.kernel' op argument 'fc' refers to flag 2, which does not exist
// SPACE: error: 'tile.kernel' op argument 'index' refers to workspace 1, which does not exist
// WEIGHT: error: 'tile.kernel' op argument 'router' refers to weight of role 1, which does not exist
// BARE: error: a module with a target must have kernels, but has none

module attributes {tile.arch = "sm_90a", moe.target = "sm_90a"} {
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
  llvm.func @lowered()
  tile.workspace @index <per_expert = 4>
  tile.kernel @most_16(%index: !llvm.ptr<1> = <"index", pointer, workspace, 0>,
      %router: !llvm.ptr<1> = <"router", pointer, weight, 0>,
      %back: i64 = <"back", scalar, buffer_offset, 6>) {
    tile.stage "most" {
    }
  }
  tile.kernel @most_64() {
    tile.stage "most" {
    }
  }
  tile.launch @most_launch kernels [@most_16, @most_64] max_rows [16, -1] ops [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  tile.kernel @sum(%out: !llvm.ptr<1> = <"out", pointer, buffer, 8>,
      %fc: !llvm.ptr<1> = <"fc", pointer, flag, 1>) {
    tile.stage "sum" {
    }
  }
  tile.launch @sum_launch kernels [@sum] max_rows [-1] ops [11]
}
