// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

// The example of dialects/tile/README.md: gate and up of a grouped product, rows
// loaded by TMA or gathered, and every other op once.

!ab = !tile.pipe<4 x [<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
!abt = !tile.ticket<[<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
!abs = !tile.slot<[<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
!a = !tile.buf<128x64xbf16, swizzle 128>
!b = !tile.buf<256x64xbf16, swizzle 128>
!d = !tile.buf<128x128xbf16, swizzle 128>

// CHECK: tile.workspace @h <per_row = 4096>
tile.workspace @h <per_row = 4096>
// CHECK: tile.workspace @meeting <constant = 64, per_expert = 4>
tile.workspace @meeting <constant = 64, per_expert = 4>
// CHECK: tile.launch @up kernels [@expert_up] max_rows [-1] ops [3, 4]
tile.launch @up kernels [@expert_up] max_rows [-1] ops [3, 4]

// CHECK-LABEL: tile.kernel @expert_up(
// CHECK-SAME: %x: !tile.view<box 128x64xbf16, swizzle 128, ragged> = <"x", view, buffer, 0, <bf16, dims = [<constant = 7168>, <constant = 128>, <constant = 1, per_received = 1>], strides = [2, 14336, 14336], box = [64, 128, 1], swizzle = 128, base = -1835008>>,
// CHECK-SAME: %state: !llvm.ptr<1> = <"state", pointer, state, 0 at 128>,
// CHECK-SAME: %limit: i64 = <"limit", scalar, flag_offset, 1>
// CHECK-SAME: attributes {gridCounter = 4 : i32, shape = "128x256x64"}
tile.kernel @expert_up(
    %x: !tile.view<box 128x64xbf16, swizzle 128, ragged> = <"x", view, buffer, 0,
      <bf16, dims = [<constant = 7168>, <constant = 128>, <constant = 1, per_received = 1>],
       strides = [2, 14336, 14336], box = [64, 128, 1], swizzle = 128, base = -1835008>>,
    %w: !tile.view<box 1x2x128x64xbf16, swizzle 128> = <"w", view, weight, 3,
      <bf16, dims = [<constant = 7168>, <constant = 2048>, <constant = 2>, <per_expert = 1>],
       strides = [2, 14336, 29360128, 58720256], box = [64, 128, 2, 1], swizzle = 128, base = 0>>,
    %y: !tile.view<box 128x64xbf16, swizzle 128, ragged> = <"y", view, workspace, 0,
      <bf16, dims = [<constant = 2048>, <constant = 128>, <constant = 1, per_row = 1>],
       strides = [2, 4096, 4096], box = [64, 128, 1], swizzle = 128, base = -524288>>,
    %offsets: !llvm.ptr<1> = <"offsets", pointer, workspace, 1>,
    %meeting: !llvm.ptr<1> = <"meeting", pointer, workspace, 1>,
    %state: !llvm.ptr<1> = <"state", pointer, state, 0 at 128>,
    %limit: i64 = <"limit", scalar, flag_offset, 1>)
    attributes {shape = "128x256x64", gridCounter = 4 : i32} {
  // CHECK: tile.stage "expert_up" {
  tile.stage "expert_up" {
    // CHECK: %[[AB:.*]] = tile.pipe "ab" {offset = 1024 : i32} : !tile.pipe<4 x [<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
    %ab = tile.pipe "ab" {offset = 1024 : i32} : !ab
    %d = tile.pipe "d" : !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
    // CHECK: tile.role "load" warps [0, 0] regs 40 {
    tile.role "load" warps [0, 0] regs 40 {
      %n = arith.constant 256 : i32
      %two = arith.constant 2 : i32
      %zero = arith.constant 0 : i32
      %c64 = arith.constant 64 : i32
      // CHECK: tile.for_tiles offsets(%offsets) experts(%{{.*}}) rows 128 cols 16 order rows_first (%[[E:.*]], %[[ROW:.*]], %[[VALID:.*]], %[[COL:.*]], %{{.*}}) {
      tile.for_tiles offsets(%offsets) experts(%n) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        // CHECK: tile.flag_wait %offsets count(%{{.*}}) epoch(%{{.*}}) deadline(%limit) status(%state) flag 1
        tile.flag_wait %offsets count(%two) epoch(%two) deadline(%limit) status(%state) flag 1
        // CHECK: tile.ring %[[AB]] count 112 (%[[T:.*]], %[[K:.*]]) : !tile.pipe<4 x [<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]> {
        tile.ring %ab count 112 (%t, %k) : !ab {
          %kk = arith.muli %k, %c64 : i32
          // CHECK: %[[S:.*]] = tile.acquire %[[T]] : !tile.ticket<[<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          %s = tile.acquire %t : !abt
          // CHECK: %[[A:.*]] = tile.slot_buf %[[S]][0] : !tile.slot
          %a = tile.slot_buf %s[0] : !abs
          %b = tile.slot_buf %s[1] : !abs
          // CHECK: tile.load %x[%[[ROW]], %{{.*}}] rows %[[VALID]], %[[A]] : !tile.view<box 128x64xbf16, swizzle 128, ragged>, !tile.buf<128x64xbf16, swizzle 128>
          tile.load %x[%row, %kk] rows %valid, %a : !tile.view<box 128x64xbf16, swizzle 128, ragged>, !a
          // CHECK: tile.load %w[%[[E]], %{{.*}}, %[[COL]], %{{.*}}], %{{.*}} : !tile.view<box 1x2x128x64xbf16, swizzle 128>, !tile.buf<256x64xbf16, swizzle 128>
          tile.load %w[%e, %zero, %col, %kk], %b : !tile.view<box 1x2x128x64xbf16, swizzle 128>, !b
          // CHECK: tile.commit %[[S]] : !tile.slot
          tile.commit %s : !abs
        }
      }
    }
    tile.role "store" warps [1, 1] regs 40 {
      %n = arith.constant 256 : i32
      %c128 = arith.constant 128 : i32
      tile.for_tiles offsets(%offsets) experts(%n) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        // CHECK: %[[S:.*]] = tile.wait %{{.*}} : !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
        %s = tile.wait %d : !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
        %b = tile.slot_buf %s[0] : !tile.slot<[!d]>
        %c = arith.muli %col, %c128 : i32
        // CHECK: tile.store %{{.*}}, %y[%{{.*}}, %{{.*}}] rows %{{.*}} : !tile.buf<128x128xbf16, swizzle 128>, !tile.view<box 128x64xbf16, swizzle 128, ragged>
        tile.store %b, %y[%row, %c] rows %valid : !d, !tile.view<box 128x64xbf16, swizzle 128, ragged>
        // CHECK: tile.release %[[S]] : !tile.slot<[<128x128xbf16, swizzle 128>]>
        tile.release %s : !tile.slot<[!d]>
        // CHECK: tile.wait_stores
        tile.wait_stores
        // CHECK: %[[LAST:.*]] = tile.arrive %state total(%{{.*}})
        %last = tile.arrive %state total(%tiles)
        scf.if %last {
          // CHECK: tile.signal %state, %{{.*}}, %{{.*}}
          tile.signal %state, %n, %n
        }
      }
    }
    // CHECK: tile.role "math" warps [4, 11] regs 232 {
    tile.role "math" warps [4, 11] regs 232 {
      %n = arith.constant 256 : i32
      %zero = arith.constant 0 : i32
      %one = arith.constant 1.0 : f32
      tile.for_tiles offsets(%offsets) experts(%n) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        // CHECK: %[[Z:.*]] = tile.zero : !tile.frag<64x256xf32>
        %z = tile.zero : !tile.frag<64x256xf32>
        // CHECK: %[[ACC:.*]] = tile.ring %{{.*}} count 112 (%[[T:.*]], %{{.*}}) iter_args(%[[I:.*]] = %[[Z]] : !tile.frag<64x256xf32>) : !tile.pipe
        %acc = tile.ring %ab count 112 (%t, %k) iter_args(%i = %z : !tile.frag<64x256xf32>) : !ab {
          %s = tile.wait %t : !abt
          %a = tile.slot_buf %s[0] : !abs
          %b = tile.slot_buf %s[1] : !abs
          // CHECK: %[[N:.*]] = tile.mma %[[I]], %{{.*}}, %{{.*}} : !tile.frag<64x256xf32>, !tile.buf<128x64xbf16, swizzle 128>, !tile.buf<256x64xbf16, swizzle 128>
          %next = tile.mma %i, %a, %b : !tile.frag<64x256xf32>, !a, !b
          // CHECK: tile.release %{{.*}} after 1 : !tile.slot
          tile.release %s after 1 : !abs
          // CHECK: tile.yield %[[N]] : !tile.frag<64x256xf32>
          tile.yield %next : !tile.frag<64x256xf32>
        }
        // CHECK: %[[DONE:.*]] = tile.mma_wait %[[ACC]] pending 0 : !tile.frag<64x256xf32>
        %done = tile.mma_wait %acc pending 0 : !tile.frag<64x256xf32>
        // CHECK: %[[GATE:.*]] = tile.half %[[DONE]], 0 : !tile.frag<64x256xf32>
        %gate = tile.half %done, 0 : !tile.frag<64x256xf32>
        %up = tile.half %done, 1 : !tile.frag<64x256xf32>
        // CHECK: %[[BIAS:.*]] = tile.col_values %state[%{{.*}}] count(%{{.*}}) : !tile.frag<64x128xf32>
        %bias = tile.col_values %state[%zero] count(%n) : !tile.frag<64x128xf32>
        // CHECK: tile.row_values %state[%{{.*}}] count(%{{.*}}) whole : !tile.frag<64x128xf32>
        %whole = tile.row_values %state[%zero] count(%n) whole : !tile.frag<64x128xf32>
        // CHECK: %[[W:.*]] = tile.row_values %state[%{{.*}}] count(%{{.*}}) : !tile.frag<64x128xf32>
        %weight = tile.row_values %state[%row] count(%valid) : !tile.frag<64x128xf32>
        // CHECK: %[[H:.*]] = tile.map (%[[EG:.*]] = %[[GATE]], %[[EU:.*]] = %{{.*}}, %{{.*}} = %[[BIAS]], %{{.*}} = %[[W]]) : !tile.frag<64x128xf32> {
        %h = tile.map (%g = %gate, %u = %up, %bi = %bias, %we = %weight) : !tile.frag<64x128xf32> {
          %m = arith.negf %g : f32
          %x1 = math.exp %m : f32
          %x2 = arith.addf %x1, %one : f32
          %q = arith.divf %g, %x2 : f32
          %p = arith.mulf %q, %u : f32
          %o = arith.addf %p, %bi : f32
          %r = arith.mulf %o, %we : f32
          // CHECK: tile.yield %{{.*}} : f32
          tile.yield %r : f32
        }
        %o = tile.acquire %d : !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
        %ob = tile.slot_buf %o[0] : !tile.slot<[!d]>
        // CHECK: tile.put %[[H]], %{{.*}} : !tile.frag<64x128xf32>, !tile.buf<128x128xbf16, swizzle 128>
        tile.put %h, %ob : !tile.frag<64x128xf32>, !d
        tile.commit %o : !tile.slot<[!d]>
      }
    }
  }

  // Rows by index, tokens on N, rows scattered to peers.
  // CHECK: tile.stage "down"
  tile.stage "down" {
    %ab = tile.pipe "ab" : !tile.pipe<6 x [<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
    %d = tile.pipe "d" : !tile.pipe<1 x [<16x128xbf16, pad 16>]>
    tile.role "gather" warps [2, 3] {
      %n = arith.constant 7 : i32
      // CHECK: tile.for_tiles total(%{{.*}}) rows 16 cols 16 order columns_first (%{{.*}}, %[[ROW:.*]], %[[VALID:.*]], %{{.*}}, %{{.*}}) iter_args(%{{.*}} = %{{.*}} : i32) {
      %r = tile.for_tiles total(%n) rows 16 cols 16 order columns_first (%e, %row, %valid, %col, %tiles) iter_args(%c = %n : i32) {
        tile.ring %ab count 45 (%t, %k) : !tile.pipe<6 x [<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]> {
          %s = tile.acquire %t : !tile.ticket<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          %a = tile.slot_buf %s[0] : !tile.slot<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          // CHECK: tile.gather %state pitch 5760 rows(%offsets[%[[ROW]]], %[[VALID]]) k(%{{.*}}), %{{.*}} : !tile.buf<16x64xbf16, swizzle 128>
          tile.gather %state pitch 5760 rows(%offsets[%row], %valid) k(%k), %a : !tile.buf<16x64xbf16, swizzle 128>
          // CHECK: tile.commit %{{.*}} after 2 : !tile.slot
          tile.commit %s after 2 : !tile.slot<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
        }
        // CHECK: tile.yield %{{.*}} : i32
        tile.yield %c : i32
      }
    }
    tile.role "weights" warps [0, 0] {
      %n = arith.constant 7 : i32
      tile.for_tiles total(%n) rows 16 cols 16 order columns_first (%e, %row, %valid, %col, %tiles) {
        tile.ring %ab count 45 (%t, %k) : !tile.pipe<6 x [<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]> {
          %s = tile.acquire %t : !tile.ticket<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          %b = tile.slot_buf %s[1] : !tile.slot<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          tile.load %w[%e, %e, %col, %k], %b : !tile.view<box 1x2x128x64xbf16, swizzle 128>, !b
          tile.commit %s : !tile.slot<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
        }
      }
    }
    tile.role "math" warps [4, 11] {
      %n = arith.constant 7 : i32
      tile.for_tiles total(%n) rows 16 cols 16 order columns_first (%e, %row, %valid, %col, %tiles) {
        %z = tile.zero : !tile.frag<64x16xf32>
        %gate, %up = tile.ring %ab count 45 (%t, %k) iter_args(%i = %z : !tile.frag<64x16xf32>, %j = %z : !tile.frag<64x16xf32>) : !tile.pipe<6 x [<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]> {
          %s = tile.wait %t : !tile.ticket<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          %a = tile.slot_buf %s[0] : !tile.slot<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          %b = tile.slot_buf %s[1] : !tile.slot<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          %g = tile.mma %i, %b, %a : !tile.frag<64x16xf32>, !b, !tile.buf<16x64xbf16, swizzle 128>
          // CHECK: tile.mma %{{.*}}, %{{.*}}[128], %{{.*}} : !tile.frag<64x16xf32>
          %u = tile.mma %j, %b[128], %a : !tile.frag<64x16xf32>, !b, !tile.buf<16x64xbf16, swizzle 128>
          tile.release %s : !tile.slot<[<16x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
          tile.yield %g, %u : !tile.frag<64x16xf32>, !tile.frag<64x16xf32>
        }
        %h = tile.map (%x1 = %gate, %x2 = %up) : !tile.frag<64x16xf32> {
          %r = arith.mulf %x1, %x2 : f32
          tile.yield %r : f32
        }
        %o = tile.acquire %d : !tile.pipe<1 x [<16x128xbf16, pad 16>]>
        %ob = tile.slot_buf %o[0] : !tile.slot<[<16x128xbf16, pad 16>]>
        // CHECK: tile.put %{{.*}}, %{{.*}} transpose : !tile.frag<64x16xf32>, !tile.buf<16x128xbf16, pad 16>
        tile.put %h, %ob transpose : !tile.frag<64x16xf32>, !tile.buf<16x128xbf16, pad 16>
        tile.commit %o : !tile.slot<[<16x128xbf16, pad 16>]>
      }
    }
    tile.role "scatter" warps [1, 1] {
      %n = arith.constant 7 : i32
      %bytes = arith.constant 256 : i32
      tile.for_tiles total(%n) rows 16 cols 16 order columns_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.wait %d : !tile.pipe<1 x [<16x128xbf16, pad 16>]>
        %b = tile.slot_buf %s[0] : !tile.slot<[<16x128xbf16, pad 16>]>
        // CHECK: tile.scatter %{{.*}} rows(%{{.*}}) bytes(%{{.*}}) : !tile.buf<16x128xbf16, pad 16> {
        tile.scatter %b rows(%valid) bytes(%bytes) : !tile.buf<16x128xbf16, pad 16> {
        // CHECK-NEXT: ^bb0(%[[I:.*]]: i32):
        ^bb0(%i: i32):
          %p = llvm.getelementptr %state[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
          // CHECK: tile.yield %{{.*}} : !llvm.ptr<1>
          tile.yield %p : !llvm.ptr<1>
        }
        // CHECK: tile.scatter %{{.*}} rows(%{{.*}}) bytes(%{{.*}}) by_threads : !tile.buf<16x128xbf16, pad 16> {
        tile.scatter %b rows(%valid) bytes(%bytes) by_threads : !tile.buf<16x128xbf16, pad 16> {
        ^bb0(%i: i32):
          %p = llvm.getelementptr %state[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
          tile.yield %p : !llvm.ptr<1>
        }
        tile.release %s : !tile.slot<[<16x128xbf16, pad 16>]>
      }
    }
  }

  // CHECK: tile.stage "plain"
  tile.stage "plain" {
    tile.role "all" warps [0, 11] {
      // CHECK: tile.grid_sync %meeting
      tile.grid_sync %meeting
    }
  }
}

// As rings are folded.
// CHECK-LABEL: tile.kernel @folded
tile.kernel @folded() attributes {smem = 65552 : i32, argBytes = 128 : i32} {
  tile.stage "copy" {
    %p = tile.pipe "p" {offset = 0 : i32, barrier = 65536 : i32, fullCount = 1 : i32, emptyCount = 8 : i32, txBytes = 32768 : i32} : !tile.pipe<2 x [<256x64xbf16, swizzle 128>]>
    %q = tile.pipe "q" : !tile.pipe<1 x [<64x144xbf16, pad 16>]>
    tile.role "one" warps [0, 0] {
      %zero = arith.constant 0 : i32
      // CHECK: %{{.*}} = tile.acquire %{{.*}}[1] phase %{{.*}} : !tile.pipe<2 x [<256x64xbf16, swizzle 128>]>
      %s = tile.acquire %p[1] phase %zero : !tile.pipe<2 x [<256x64xbf16, swizzle 128>]>
      // CHECK: tile.commit %{{.*}}[1] : !tile.pipe<2 x [<256x64xbf16, swizzle 128>]>
      tile.commit %p[1] : !tile.pipe<2 x [<256x64xbf16, swizzle 128>]>
    }
    tile.role "math" warps [4, 11] {
      %zero = arith.constant 0 : i32
      %z = tile.zero : !tile.frag<64x64xf32>
      %s = tile.wait %p[1] phase %zero : !tile.pipe<2 x [<256x64xbf16, swizzle 128>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<256x64xbf16, swizzle 128>]>
      // CHECK: tile.mma %{{.*}}, %{{.*}}, %{{.*}}[64] split n : !tile.frag<64x64xf32>
      %r = tile.mma %z, %b, %b[64] split n : !tile.frag<64x64xf32>, !b, !b
      %o = tile.acquire %q : !tile.pipe<1 x [<64x144xbf16, pad 16>]>
      %ob = tile.slot_buf %o[0] : !tile.slot<[<64x144xbf16, pad 16>]>
      // CHECK: tile.put %{{.*}}, %{{.*}}[0, 16] split n : !tile.frag<64x64xf32>
      tile.put %r, %ob[0, 16] split n : !tile.frag<64x64xf32>, !tile.buf<64x144xbf16, pad 16>
      tile.release %p[1] : !tile.pipe<2 x [<256x64xbf16, swizzle 128>]>
    }
  }
}
