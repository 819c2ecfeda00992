// RUN: moe-opt %s --tile-fold-rings --tile-insert-fences --tile-lower-roles --tile-to-nvvm --split-input-file | FileCheck %s

!a = !tile.buf<64x64xbf16, swizzle 128>
!ab = !tile.pipe<2 x [<64x64xbf16, swizzle 128>, <16x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<64x64xbf16, swizzle 128>, <16x64xbf16, swizzle 128>]>
!s = !tile.slot<[<64x64xbf16, swizzle 128>, <16x64xbf16, swizzle 128>]>
!b = !tile.buf<16x64xbf16, swizzle 128>
!f = !tile.frag<64x16xf32>
!d = !tile.buf<16x64xf32, pad 16>
!dp = !tile.pipe<1 x [<16x64xf32, pad 16>]>
!ds = !tile.slot<[<16x64xf32, pad 16>]>

// Tokens on N: gathered rows, weights by TMA, sums scattered in f32.
// CHECK-LABEL: llvm.func @swapped
tile.kernel @swapped(
    %x: !llvm.ptr<1> = <"x", pointer, buffer, 0 at 128>,
    %rows: !llvm.ptr<1> = <"rows", pointer, workspace, 0 at 136>,
    %w: !tile.view<box 64x64xbf16, swizzle 128> = <"w", view, weight, 0 at 0,
      <bf16, dims = [<constant = 128>, <constant = 64>], strides = [2, 256], box = [64, 64], swizzle = 128, base = 0>>)
    attributes {smem = 20608 : i32, argBytes = 256 : i32} {
  tile.stage "s" {
    // A slot has 8192 + 2048 bytes.
    %ab = tile.pipe "ab" {offset = 0 : i32, barrier = 25600 : i32, fullCount = 3 : i32, emptyCount = 1 : i32, txBytes = 8192 : i32} : !ab
    %d = tile.pipe "d" {offset = 20480 : i32, barrier = 25632 : i32, fullCount = 4 : i32, emptyCount = 1 : i32} : !dp
    // Barriers of a pipe: full ones, then empty ones.
    // CHECK: llvm.getelementptr %{{.*}}[25600]
    // CHECK: nvvm.mbarrier.init %{{.*}}, %c3_i32
    // CHECK: llvm.getelementptr %{{.*}}[25608]
    // CHECK: nvvm.mbarrier.init %{{.*}}, %c3_i32
    // CHECK: llvm.getelementptr %{{.*}}[25616]
    // CHECK: nvvm.mbarrier.init %{{.*}}, %c1_i32
    // CHECK: nvvm.fence.mbarrier.init
    // CHECK: nvvm.fence.proxy.acquire <sys>

    // CHECK: nvvm.setmaxregister decrease 72
    tile.role "load" warps [0, 0] regs 72 {
      %zero = arith.constant 0 : i32
      %c64 = arith.constant 64 : i32
      // One elected thread: wait until empty, say how many bytes come, load.
      // CHECK: nvvm.elect.sync
      // CHECK: nvvm.mbarrier.try_wait.parity
      // CHECK: nvvm.mbarrier.arrive.expect_tx %{{.*}}, %c8192_i32
      // CHECK: nvvm.cp.async.bulk.tensor.shared.cluster.global {{.*}}box[%{{.*}}, %{{.*}}] {isCTAOnly = true}
      // CHECK-NOT: tile.ptx.arrive_if
      tile.ring %ab count 2 (%t, %k) : !ab {
        %s = tile.acquire %t : !t
        %a = tile.slot_buf %s[0] : !s
        %column = arith.muli %k, %c64 : i32
        tile.load %w[%zero, %column], %a : !tile.view<box 64x64xbf16, swizzle 128>, !a
        tile.commit %s : !s
      }
    }

    tile.role "gather" warps [2, 3] regs 72 {
      %zero = arith.constant 0 : i32
      %n = arith.constant 9 : i32
      // CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg
      // CHECK: nvvm.cp.async.commit.group
      // CHECK: nvvm.cp.async.wait.group 0
      // CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>
      // CHECK: nvvm.bar.warp.sync
      // CHECK: tile.ptx.arrive_if
      tile.ring %ab count 2 (%t, %k) : !ab {
        %s = tile.acquire %t : !t
        %b = tile.slot_buf %s[1] : !s
        tile.gather %x pitch 256 rows(%rows[%zero], %n) k(%k), %b : !b
        tile.commit %s : !s
      }
    }

    // CHECK: nvvm.setmaxregister increase 216
    tile.role "math" warps [4, 7] regs 216 {
      // CHECK: %[[SHARED:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<3> to i32
      // Weights are the M operand, at unit 0 of a slot, tokens the N operand, at 512.
      // CHECK: nvvm.wgmma.fence.aligned
      // CHECK: tile.ptx.wgmma a %[[A:.*]] + 0 b %[[B:.*]] + 512 scale_d %{{.*}} acc
      // CHECK: tile.ptx.wgmma a %[[A]] + 2 b %[[B]] + 514 scale_d
      // CHECK: tile.ptx.wgmma a %[[A]] + 4 b %[[B]] + 516 scale_d
      // CHECK: tile.ptx.wgmma a %[[A]] + 6 b %[[B]] + 518 scale_d
      // CHECK: nvvm.wgmma.commit.group.sync.aligned
      %z = tile.zero : !f
      %acc = tile.ring %ab count 2 (%t, %k) iter_args(%i = %z : !f) : !ab {
        %s = tile.wait %t : !t
        %a = tile.slot_buf %s[0] : !s
        %b = tile.slot_buf %s[1] : !s
        %next = tile.mma %i, %a, %b : !f, !a, !b
        tile.release %s after 1 : !s
        tile.yield %next : !f
      }
      // The sums are read behind a wait that they are tied to.
      // CHECK: tile.ptx.wgmma_wait 0
      %o = tile.acquire %d : !dp
      %ob = tile.slot_buf %o[0] : !ds
      // CHECK-COUNT-8: llvm.store %{{.*}} : f32, !llvm.ptr<3>
      tile.put %acc, %ob transpose : !f, !d
      tile.commit %o : !ds
    }

    tile.role "scatter" warps [1, 1] regs 72 {
      %n = arith.constant 9 : i32
      %bytes = arith.constant 256 : i32
      %s = tile.wait %d : !dp
      %b = tile.slot_buf %s[0] : !ds
      tile.scatter %b rows(%n) bytes(%bytes) : !d {
      ^bb0(%i: i32):
        %p = llvm.getelementptr %x[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
        tile.yield %p : !llvm.ptr<1>
      }
      tile.release %s : !ds
    }
  }
}
