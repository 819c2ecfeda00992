// RUN: moe-opt %s --comm-form-kernels=report --comm-verify-formed -o %t.tile 2> %t.report
// RUN: FileCheck %s < %t.tile
// RUN: FileCheck %s --check-prefix=REPORT < %t.report
// RUN: moe-opt %t.tile --comm-verify-formed -o %t.again
// RUN: diff %t.tile %t.again
// RUN: sed 's/moe.target = "sm_90a"/moe.max_tokens = 3 : i64/' %s | moe-opt --comm-form-kernels --comm-verify-formed | FileCheck %s --check-prefix=CPU
// RUN: sed 's/fuse = dispatch_up/fuse = everything/' %s | moe-opt --comm-form-kernels --comm-verify-formed | FileCheck %s --check-prefix=ONE

// Two ranks, rows of no round size, two copies of each region, a gated shared expert.

// REPORT:      schedule for small {
// REPORT-NEXT:   algorithm staggered
// REPORT-NEXT:   depth 2
// REPORT-NEXT:   fuse dispatch + up
// REPORT-NEXT:   tile experts swapped 64 up to 1024  # up swapped 64x256x64, down swapped 64x128x64
// REPORT-NEXT:   tile experts rows 128  # up 128x256x64, down 128x128x64
// REPORT-NEXT:   tile shared swapped 16 up to 1024  # up swapped 16x256x64, down swapped 16x128x64
// REPORT-NEXT:   tile shared rows 128  # up 128x256x64, down 128x128x64
// REPORT-NEXT: }

// Without a target there are no kernels.
// CPU-NOT: tile.

// CHECK: module attributes {{{.*}}tile.arch = "sm_90a", tile.form = "dispatch + up"
// The plan stays, and says what was decided.
// CHECK: comm.plan @small
// CHECK-SAME: schedule <staggered_put, window = 0, depth = 2, fuse = dispatch_up>
// CHECK: comm.reduce @slot_sum

// CHECK: tile.workspace @hidden <per_row = 144>
// CHECK: tile.workspace @shared_hidden <per_token = 80>

// A gathered row starts in the copy of this step. Rows between the products are
// clipped where an expert ends; their padding is written.
// CHECK-LABEL: tile.kernel @dispatch_to_expert_up_64(
// CHECK-SAME: <"weight3_view{{[0-9]+}}", view, weight, 3, <bf16, dims = [<constant = 200>, <constant = 72>, <constant = 2>, <per_expert = 1>], strides = [2, 400, 28800, 57600], box = [64, 128, 2, 1], swizzle = 128, base = 0>>
// CHECK-SAME: <"hidden_view{{[0-9]+}}", view, workspace, {{[0-9]+}}, <bf16, dims = [<constant = 72>, <constant = 64>, <constant = 1, per_row = 1>], strides = [2, 144, 144], box = [64, 64, 1], swizzle = 128, base = -9216>>
// CHECK-SAME: gridCounter
// CHECK-SAME: shape = "swapped 64x256x64"
// CHECK: tile.stage "dispatch"
// CHECK: tile.stage "expert_up"
// CHECK-NEXT: tile.pipe "operands" : !tile.pipe<4 x [<64x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
// CHECK-NEXT: tile.pipe "result" : !tile.pipe<1 x [<64x128xbf16, swizzle 128>]>
// CHECK: tile.role "load" warps [0, 0]
// CHECK: tile.for_tiles offsets(%offsets) experts(%{{.*}}) rows 64 cols 1 order rows_first
// CHECK: tile.ring %operands count 4
// CHECK: %[[B:.*]] = tile.slot_buf %{{.*}}[1]
// CHECK-NEXT: tile.load %weight3_view{{[0-9]+}}[%{{.*}}], %[[B]]
// CHECK-NOT: tile.load
// CHECK: tile.role "gather" warps [2, 3]
// CHECK: %[[COPY:.*]] = arith.remui
// CHECK: %[[REGION:.*]] = llvm.getelementptr %buffer3
// CHECK: tile.gather %[[REGION]] pitch 400 rows(%row_source[%{{.*}}], %{{.*}}) k(%{{.*}})
// CHECK: tile.commit %{{.*}} after 2
// CHECK: tile.role "multiply" warps [4, 11]
// CHECK: %[[GATE:.*]] = tile.zero : !tile.frag<64x64xf32>
// CHECK: %[[UP:.*]] = tile.zero : !tile.frag<64x64xf32>
// CHECK: tile.mma %{{.*}}, %[[W:.*]], %[[X:.*]] :
// CHECK: tile.mma %{{.*}}, %[[W]][128], %[[X]] :
// CHECK: tile.map
// CHECK: arith.divf
// CHECK: tile.put %{{.*}}, %{{.*}} transpose
// CHECK: tile.role "store" warps [1, 1]
// CHECK: tile.store %{{.*}}, %hidden_view
// CHECK: tile.wait_stores

// Many tokens are the first operand; gate and up are halves of one product.
// CHECK-LABEL: tile.kernel @dispatch_to_expert_up_128(
// CHECK: tile.ring %operands count 4 {{.*}} iter_args(%{{.*}} = %{{.*}} : !tile.frag<64x256xf32>)
// CHECK: tile.mma %{{.*}}, %[[X:.*]], %[[W:.*]] : !tile.frag<64x256xf32>, !tile.buf<128x64xbf16, swizzle 128>, !tile.buf<256x64xbf16, swizzle 128>
// CHECK: %[[GATE:.*]] = tile.half %[[SUMS:.*]], 0
// CHECK: %[[UP:.*]] = tile.half %[[SUMS]], 1
// CHECK: tile.map (%{{.*}} = %[[GATE]], %{{.*}} = %[[UP]])
// CHECK: tile.launch @dispatch_to_expert_up_launch kernels [@dispatch_to_expert_up_64, @dispatch_to_expert_up_128] max_rows [1024, -1] ops [1, 2, 3, 4, 6]

// Rows of bf16 go to their slots, weighted; then one flag a rank.
// CHECK-LABEL: tile.kernel @expert_down_64(
// CHECK: tile.pipe "result" : !tile.pipe<1 x [<64x128xbf16, pad 16>]>
// CHECK: tile.load %hidden_view{{.*}} rows %
// CHECK: %[[W:.*]] = tile.col_values %row_weight[%{{.*}}] count(%{{.*}}) : !tile.frag<64x64xf32>
// CHECK: tile.map (%{{.*}} = %{{.*}}, %{{.*}} = %[[W]])
// CHECK: tile.scatter %{{.*}} rows(%{{.*}}) bytes(%{{.*}}) by_threads
// CHECK: llvm.getelementptr %row_target
// CHECK: llvm.getelementptr %peers
// CHECK: tile.release
// CHECK: tile.wait_stores
// CHECK-NEXT: %[[CTAS:.*]] = nvvm.read.ptx.sreg.nctaid.x
// CHECK-NEXT: %[[LAST:.*]] = tile.arrive %down_arrivals total(%[[CTAS]])
// CHECK: %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK: %[[THREAD:.*]] = arith.subi %[[TID]], %c32_i32
// CHECK-NEXT: scf.if %[[LAST]]
// CHECK: scf.for %{{.*}} = %[[THREAD]] to %{{.*}} step %c96_i32
// CHECK: tile.signal
// CHECK: tile.launch @expert_down_launch {{.*}} ops [7, 8, 9]

// The shared expert: rows as they are, f32, times its gate.
// CHECK-LABEL: tile.kernel @shared_up_16(
// CHECK-SAME: dims = [<constant = 200>, <constant = 40>, <constant = 2>, <constant = 1>]
// CHECK: tile.for_tiles total(%{{.*}}) rows 16 cols 1
// CHECK: tile.load %buffer0_view
// CHECK: tile.launch @shared_up_launch {{.*}} ops []
// CHECK-LABEL: tile.kernel @shared_down_16(
// CHECK: !tile.pipe<1 x [<16x128xf32, pad 16>]>
// CHECK: tile.col_values %shared_gate
// CHECK: tile.scatter
// CHECK-NEXT: ^bb0
// CHECK-NOT: %peers
// CHECK: tile.wait_stores
// CHECK-NOT: tile.signal
// CHECK: tile.launch @shared_down_launch {{.*}} ops [5]
// CHECK: tile.launch @reduce_launch kernels [@reduce] max_rows [-1] ops [10, 11]

// ONE: tile.form = "everything"
// ONE: tile.kernel @route_to_reduce_64(
// ONE: tile.stage "expert_up"
// ONE: tile.stage "expert_down"
// ONE: tile.stage "shared_up"
// ONE: tile.stage "shared_down"
// ONE: tile.stage "reduce"
// ONE: tile.launch @route_to_reduce_launch kernels [@route_to_reduce_64, @route_to_reduce_128] max_rows [1024, -1] ops [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]

// 64 rows: the warpgroups halve the features. 72 of them do not end between two groups
// of 64, so gate and up are two products; 128 do, so they are halves of one.
// RUN: sed 's/experts swapped 64 up to 1024>, #comm.tile<experts rows 128/experts rows 64/' %s > %t.rows
// RUN: moe-opt %t.rows --comm-form-kernels | FileCheck %s --check-prefix=ROWS
// RUN: sed 's/intermediate = 72/intermediate = 128/' %t.rows | moe-opt --comm-form-kernels | FileCheck %s --check-prefix=EVEN
// ROWS: tile.kernel @dispatch_to_expert_up(
// ROWS: tile.mma %{{.*}}, %[[X:.*]], %[[W:.*]] split n : !tile.frag<64x64xf32>, !tile.buf<64x64xbf16, swizzle 128>, !tile.buf<256x64xbf16, swizzle 128>
// ROWS: tile.mma %{{.*}}, %[[X]], %[[W]][128] split n :
// ROWS: tile.put %{{.*}}, %{{.*}} split n :
// EVEN: dims = [<constant = 200>, <constant = 64>, <constant = 2>, <constant = 2>, <per_expert = 1>], strides = [2, 400, 51200, 25600, 102400], box = [64, 64, 2, 2, 1]
// EVEN: tile.mma %{{.*}} split n : !tile.frag<64x128xf32>, !tile.buf<64x64xbf16, swizzle 128>, !tile.buf<256x64xbf16, swizzle 128>
// EVEN: tile.half %{{.*}}, 0 : !tile.frag<64x128xf32>

// Tiles that the plan asks for, but that there are not.
// RUN: sed 's/swapped 64 up to 1024/swapped 24 up to 1024/' %s | not moe-opt --comm-form-kernels 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: sed 's/experts rows 128>/experts rows 128 up to 2000>/' %s | not moe-opt --comm-form-kernels 2>&1 | FileCheck %s --check-prefix=LIMIT
// UNKNOWN: error: a tile of swapped 24 tokens for the experts
// LIMIT: error: no tile for many rows of the experts

module attributes {moe.target = "sm_90a", moe.source = "small.moe"} {
  comm.plan @small ranks 2 topk 2 depth 2 steps serial result rows schedule <staggered_put, window = 0, depth = 2, fuse = dispatch_up> attributes {comm.tiles = [#comm.tile<experts swapped 64 up to 1024>, #comm.tile<experts rows 128>], moe.layer = #moe.layer<hidden = 200, experts = 6, tokens = bf16, weights = bf16, combine = bf16, router = <top_k = 2, logits = f32, score = softmax, shares = f32>, expert = <intermediate = 72, activation = silu>, shared = <intermediate = 40, activation = gelu_tanh, scaled = true>, names = [<router "router.weight">, <expert_gate "experts.{expert}.gate.weight">, <expert_up "experts.{expert}.up.weight">, <expert_down "experts.{expert}.down.weight">, <shared_gate "shared.gate.weight">, <shared_up "shared.up.weight">, <shared_down "shared.down.weight">, <shared_scale "shared.scale.weight">]>, moe.mesh = #moe.mesh<"ep2" on "" ranks 2>, moe.placement = #moe.placement<[[0, 1, 2], [3, 4, 5]]>} {
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
