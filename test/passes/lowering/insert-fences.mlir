// RUN: moe-opt %s --tile-insert-fences | FileCheck %s

!a = !tile.buf<64x64xbf16, swizzle 128>
!p = !tile.pipe<2 x [<64x64xbf16, swizzle 128>]>
!s = !tile.slot<[<64x64xbf16, swizzle 128>]>
!f = !tile.frag<64x64xf32>

// CHECK-LABEL: tile.kernel @k
tile.kernel @k(%g: !llvm.ptr<1> = <"g", pointer, state, 0 at 0>,
    %v: !tile.view<box 64x64xbf16, swizzle 128> = <"v", view, buffer, 0,
      <bf16, dims = [<constant = 64>, <constant = 64>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>>) {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    %d = tile.pipe "d" : !p

    // Copies of this thread, then the fence, then all lanes, then the arrive.
    // CHECK: tile.role "gather"
    tile.role "gather" warps [2, 3] {
      %zero = arith.constant 0 : i32
      // CHECK: tile.gather_copy
      // CHECK-NEXT: nvvm.cp.async.commit.group
      // CHECK-NEXT: nvvm.cp.async.wait.group 1
      // CHECK-NEXT: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
      // CHECK-NEXT: arith.constant -1
      // CHECK-NEXT: nvvm.bar.warp.sync
      // CHECK-NEXT: tile.commit %p[1] after 1
      %s = tile.acquire %p[0] phase %zero : !p
      %a = tile.slot_buf %s[0] : !s
      tile.gather_copy %g pitch 128 rows(%zero), %a : (i32), !a
      tile.commit %p[1] after 1 : !p

      // A group for each turn, with copies or without.
      // CHECK: scf.if
      // CHECK: tile.gather_copy
      // CHECK-NEXT: }
      // CHECK-NEXT: nvvm.cp.async.commit.group
      // CHECK-NEXT: nvvm.cp.async.wait.group 1
      // CHECK: tile.commit %p at
      %copies = arith.cmpi ult, %zero, %zero : i32
      scf.if %copies {
        %next = tile.acquire %p at %zero phase %zero : !p
        %b = tile.slot_buf %next[0] : !s
        tile.gather_copy %g pitch 128 rows(%zero), %b : (i32), !a
      }
      tile.commit %p at %zero after 1 when %copies : !p
    }

    // TMA needs nothing; flags are acquired in the generic proxy.
    // CHECK: tile.role "load"
    tile.role "load" warps [0, 0] {
      %zero = arith.constant 0 : i32
      %limit = arith.constant 0 : i64
      // CHECK: tile.flag_wait
      // CHECK-NEXT: arith.constant -1
      // CHECK-NEXT: nvvm.bar.warp.sync
      // CHECK-NEXT: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async>}
      tile.flag_wait %g count(%zero) epoch(%zero) deadline(%limit) status(%g) flag 0
      %s = tile.acquire %d[0] phase %zero : !p
      %a = tile.slot_buf %s[0] : !s
      // CHECK: tile.load
      // CHECK-NEXT: tile.commit
      tile.load %v[%zero, %zero], %a : !tile.view<box 64x64xbf16, swizzle 128>, !a
      tile.commit %d[0] : !p
    }

    // CHECK: tile.role "math"
    tile.role "math" warps [4, 7] {
      %zero = arith.constant 0 : i32
      %z = tile.zero unread : !f
      %s = tile.wait %p[0] phase %zero : !p
      %a = tile.slot_buf %s[0] : !s
      // A slot goes back when the products of it are over: all but the youngest.
      // CHECK: %[[N:.*]] = tile.mma
      // CHECK-NEXT: %[[W:.*]] = tile.mma_wait %[[N]] pending 1
      // CHECK-NEXT: tile.release %p[1] after 1
      %next = tile.mma %z, %a, %a : !f, !a, !a
      tile.release %p[1] after 1 : !p
      // CHECK-NEXT: %[[LAST:.*]] = tile.mma_wait %[[W]] pending 0
      // CHECK-NEXT: tile.release %p[0]
      tile.release %p[0] : !p
      // Nothing runs any more: no second wait.
      // CHECK-NEXT: tile.map (%{{.*}} = %[[LAST]])
      %h = tile.map (%x = %next) : !f {
        tile.yield %x : f32
      }
      %o = tile.acquire %d[1] phase %zero : !p
      %b = tile.slot_buf %o[0] : !s
      // CHECK: tile.put
      // CHECK-NEXT: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>
      // CHECK-NEXT: arith.constant -1
      // CHECK-NEXT: nvvm.bar.warp.sync
      // CHECK-NEXT: tile.commit
      tile.put %h, %b : !f, !a
      tile.commit %d[1] : !p
    }

    // CHECK: tile.role "store"
    tile.role "store" warps [1, 1] {
      %zero = arith.constant 0 : i32
      %s = tile.wait %d[0] phase %zero : !p
      %a = tile.slot_buf %s[0] : !s
      tile.store %a, %v[%zero, %zero] : !a, !tile.view<box 64x64xbf16, swizzle 128>
      // CHECK: nvvm.cp.async.bulk.wait_group 0 {read}
      // CHECK-NEXT: tile.release
      tile.release %d[0] : !p
      // What was stored has arrived before a later stage or the host looks.
      // CHECK: tile.wait_stores
      // CHECK-NEXT: }
    }
  }
}

// Rows that a warp scatters are stored by every lane: one lane speaks for all of them
// only behind a meeting of the warp.
// CHECK-LABEL: tile.kernel @scatter
tile.kernel @scatter(%y: !llvm.ptr<1> = <"y", pointer, workspace, 0 at 0>,
    %done: !llvm.ptr<1> = <"done", pointer, workspace, 1 at 8>) {
  tile.stage "s" {
    %d = tile.pipe "d" : !tile.pipe<1 x [<16x64xf32, pad 16>]>
    tile.role "store" warps [1, 1] {
      %rows = arith.constant 16 : i32
      %zero = arith.constant 0 : i32
      %s = tile.wait %d[0] phase %zero : !tile.pipe<1 x [<16x64xf32, pad 16>]>
      %a = tile.slot_buf %s[0] : !tile.slot<[<16x64xf32, pad 16>]>
      %bytes = arith.constant 256 : i32
      tile.scatter %a rows(%rows) bytes(%bytes) : !tile.buf<16x64xf32, pad 16> {
      ^bb0(%i: i32):
        tile.yield %y : !llvm.ptr<1>
      }
      tile.release %d[0] : !tile.pipe<1 x [<16x64xf32, pad 16>]>
      // CHECK: tile.wait_stores
      // CHECK-NEXT: arith.constant -1
      // CHECK-NEXT: nvvm.bar.warp.sync
      // CHECK: tile.arrive
      tile.wait_stores
      %last = tile.arrive %done total(%rows)
    }
  }
}

// Accumulators that are read without a release: a wait all the same. A loop hands
// running products on.
// CHECK-LABEL: tile.kernel @read
// CHECK: %[[R:.*]] = scf.for
// CHECK-NOT: mma_wait
// CHECK: }
// CHECK: %[[DONE:.*]] = tile.mma_wait %[[R]] pending 0
// CHECK: tile.half %[[DONE]], 0
// CHECK-NOT: mma_wait
tile.kernel @read() {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "math" warps [4, 7] {
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %z = tile.zero : !f
      %s = tile.wait %p[0] phase %zero : !p
      %a = tile.slot_buf %s[0] : !s
      %r = scf.for %i = %zero to %one step %one iter_args(%acc = %z) -> (!f) : i32 {
        %next = tile.mma %acc, %a, %a : !f, !a, !a
        scf.yield %next : !f
      }
      %h = tile.half %r, 0 : !f
      %g = tile.half %r, 1 : !f
    }
  }
}
