// Which roles of helper warps go over the tiles in one loop, and what that looks like.
//
// RUN: moe-opt %s --split-input-file --tile-lower-roles | FileCheck %s

!a = !tile.buf<64x64xbf16, swizzle 128>
!p = !tile.pipe<2 x [<64x64xbf16, swizzle 128>]>
!d = !tile.pipe<1 x [<64x64xbf16, swizzle 128>]>
!v = !tile.view<box 64x64xbf16, swizzle 128>

// Threads that gather, one that loads and one that stores: one loop. Their arguments and
// what stands before their loops are made by all; one lane of each warp is chosen there.
// CHECK-LABEL: llvm.func @three
// CHECK: nvvm.setmaxregister decrease 72
// CHECK: %[[CHOSEN:.*]] = nvvm.elect.sync
// CHECK-NOT: nvvm.elect.sync
// CHECK: %[[LOOP:.*]]:7 = scf.while
// CHECK: ^bb0(%{{.*}}: i32, %{{.*}}: i32, %{{.*}}: i32, %{{.*}}: i32, %[[L:.*]]: i32, %[[G:.*]]: i32, %[[S:.*]]: i32):
// What they hand on is made outside of the branches. In there, of one warp one thread.
// CHECK: %[[NL:.*]] = arith.xori %[[L]], %c1
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %{{.*}}, %c0
// CHECK: %[[LOADS:.*]] = arith.andi %[[ONE]], %[[CHOSEN]]
// CHECK: scf.if %[[LOADS]]
// CHECK: tile.acquire %p[0] phase %[[L]]
// CHECK: tile.load
// CHECK: warps = array<i32: 0, 0, 12,
// CHECK: %[[NG:.*]] = arith.xori %[[G]], %c1
// CHECK: %[[GATHERS:.*]] = arith.cmpi uge, %{{.*}}, %c2
// CHECK: scf.if %[[GATHERS]]
// CHECK: tile.gather_rows
// CHECK: tile.acquire %p[1] phase %[[G]]
// CHECK: warps = array<i32: 2, 3, 12,
// CHECK: %[[NS:.*]] = arith.xori %[[S]], %c1
// CHECK: %[[SECOND:.*]] = arith.cmpi eq, %{{.*}}, %c1
// CHECK: %[[STORES:.*]] = arith.andi %[[SECOND]], %[[CHOSEN]]
// CHECK: scf.if %[[STORES]]
// CHECK: tile.wait %d[0] phase %[[S]]
// CHECK: tile.store
// CHECK: warps = array<i32: 1, 1, 12,
// CHECK: scf.yield {{.*}}, %[[NL]], %[[NG]], %[[NS]] :
// All wait for the stores of their own, those without any too.
// CHECK-NOT: scf.if
// CHECK: scf.execute_region
// CHECK-NEXT: tile.wait_stores
// CHECK-NOT: scf.while
// CHECK: setmaxregister increase 216
tile.kernel @three(
    %view: !v = <"view", view, buffer, 0 at 0,
      <bf16, dims = [<constant = 64>, <constant = 64>], strides = [2, 128], box = [64, 64], swizzle = 128, base = 0>>,
    %base: !llvm.ptr<1> = <"base", pointer, buffer, 0 at 128>,
    %indices: !llvm.ptr<1> = <"indices", pointer, workspace, 0 at 136>)
    attributes {smem = 65536 : i32, argBytes = 256 : i32} {
  tile.stage "s" {
    %p = tile.pipe "p" {offset = 0 : i32, barrier = 32768 : i32, fullCount = 3 : i32, emptyCount = 2 : i32, txBytes = 8192 : i32} : !p
    %d = tile.pipe "d" {offset = 16384 : i32, barrier = 32800 : i32, fullCount = 8 : i32, emptyCount = 1 : i32} : !d
    tile.role "load" warps [0, 0] regs 72 {
      %n = arith.constant 300 : i32
      %one = arith.constant 1 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) iter_args(%phase = %one : i32) {
        %s = tile.acquire %p[0] phase %phase : !p
        %a = tile.slot_buf %s[0] : !tile.slot<[<64x64xbf16, swizzle 128>]>
        tile.load %view[%row, %col], %a : !v, !a
        tile.commit %p[0] : !p
        %next = arith.xori %phase, %one : i32
        tile.yield %next : i32
      }
    }
    tile.role "gather" warps [2, 3] regs 72 {
      %n = arith.constant 300 : i32
      %one = arith.constant 1 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) iter_args(%phase = %one : i32) {
        %start, %rows:8 = tile.gather_rows %base pitch 400 rows(%indices[%row], %valid) of !a : i32, i32, i32, i32, i32, i32, i32, i32
        %s = tile.acquire %p[1] phase %phase : !p
        %next = arith.xori %phase, %one : i32
        tile.yield %next : i32
      }
    }
    tile.role "store" warps [1, 1] regs 72 {
      %n = arith.constant 300 : i32
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) iter_args(%phase = %zero : i32) {
        %s = tile.wait %d[0] phase %phase : !d
        %a = tile.slot_buf %s[0] : !tile.slot<[<64x64xbf16, swizzle 128>]>
        tile.store %a, %view[%row, %col] : !a, !v
        tile.release %d[0] : !d
        %next = arith.xori %phase, %one : i32
        tile.yield %next : i32
      }
      tile.wait_stores
    }
    tile.role "math" warps [4, 11] regs 216 {
    }
  }
}

// -----

// Who goes over fewer tiles, has effects before its loop, or hands on what it reads in it,
// walks alone, as whoever has two loops or more behind it than a wait for stores. The
// first and the last share.
// CHECK-LABEL: llvm.func @alone
// CHECK: scf.execute_region
// CHECK: scf.while
// CHECK: warps = array<i32: 1, 1,
// CHECK: scf.execute_region
// CHECK: scf.while
// CHECK: warps = array<i32: 2, 2,
// CHECK: scf.execute_region
// CHECK: scf.while
// CHECK: warps = array<i32: 3, 3,
// CHECK: scf.execute_region
// CHECK: scf.while
// CHECK: scf.while
// CHECK: warps = array<i32: 4, 4,
// CHECK: scf.execute_region
// CHECK: scf.while
// CHECK: warps = array<i32: 5, 5,
// CHECK: scf.while
// CHECK: scf.execute_region
// CHECK-NOT: scf.while
// CHECK: warps = array<i32: 0, 0,
// CHECK-NOT: scf.while
// CHECK: warps = array<i32: 6, 7,
// CHECK-NOT: scf.while
tile.kernel @alone(
    %base: !llvm.ptr<1> = <"base", pointer, buffer, 0 at 0>,
    %cells: !llvm.ptr<1> = <"cells", pointer, workspace, 0 at 8>)
    attributes {smem = 0 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    tile.role "same" warps [0, 0] {
      %n = arith.constant 300 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        llvm.store %row, %cells : i32, !llvm.ptr<1>
      }
    }
    tile.role "fewer tiles" warps [1, 1] {
      %n = arith.constant 200 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        llvm.store %row, %cells : i32, !llvm.ptr<1>
      }
    }
    tile.role "writes before" warps [2, 2] {
      %n = arith.constant 300 : i32
      llvm.store %n, %cells : i32, !llvm.ptr<1>
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        llvm.store %row, %cells : i32, !llvm.ptr<1>
      }
    }
    tile.role "hands on what it reads" warps [3, 3] {
      %n = arith.constant 300 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) iter_args(%last = %n : i32) {
        llvm.store %last, %cells : i32, !llvm.ptr<1>
        %next = llvm.load %base : !llvm.ptr<1> -> i32
        tile.yield %next : i32
      }
    }
    tile.role "twice" warps [4, 4] {
      %n = arith.constant 300 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        llvm.store %row, %cells : i32, !llvm.ptr<1>
      }
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        llvm.store %row, %cells : i32, !llvm.ptr<1>
      }
    }
    tile.role "writes behind" warps [5, 5] {
      %n = arith.constant 300 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
      }
      llvm.store %n, %cells : i32, !llvm.ptr<1>
    }
    tile.role "gather" warps [6, 7] {
      %n = arith.constant 300 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %start, %rows:8 = tile.gather_rows %base pitch 400 rows(%cells[%row], %valid) of !tile.buf<64x64xbf16, swizzle 128> : i32, i32, i32, i32, i32, i32, i32, i32
      }
    }
  }
}

// -----

// Nobody gathers: each walks, where registers are few.
// CHECK-LABEL: llvm.func @nobody
// CHECK-COUNT-2: scf.while
// CHECK-NOT: scf.while
tile.kernel @nobody(%cells: !llvm.ptr<1> = <"cells", pointer, workspace, 0 at 0>)
    attributes {smem = 0 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    tile.role "first" warps [0, 0] {
      %n = arith.constant 300 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        llvm.store %row, %cells : i32, !llvm.ptr<1>
      }
    }
    tile.role "second" warps [1, 1] {
      %n = arith.constant 300 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        llvm.store %row, %cells : i32, !llvm.ptr<1>
      }
    }
  }
}

// -----

!p = !tile.pipe<2 x [<64x64xbf16, swizzle 128>]>

// A role has its ring a block a slot: each walks.
// CHECK-LABEL: llvm.func @unrolled
// CHECK-COUNT-2: scf.while
// CHECK-NOT: scf.while
tile.kernel @unrolled(
    %base: !llvm.ptr<1> = <"base", pointer, buffer, 0 at 0>,
    %indices: !llvm.ptr<1> = <"indices", pointer, workspace, 0 at 8>)
    attributes {smem = 65536 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    %p = tile.pipe "p" {offset = 0 : i32, barrier = 32768 : i32, fullCount = 1 : i32, emptyCount = 2 : i32} : !p
    tile.role "fill" warps [0, 0] {
      %n = arith.constant 300 : i32
      %phase = arith.constant 1 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.acquire %p[0] phase %phase : !p
        tile.commit %p[0] : !p
        %t = tile.acquire %p[1] phase %phase : !p
        tile.commit %p[1] : !p
      }
    }
    tile.role "gather" warps [2, 3] {
      %n = arith.constant 300 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %start, %rows:8 = tile.gather_rows %base pitch 400 rows(%indices[%row], %valid) of !tile.buf<64x64xbf16, swizzle 128> : i32, i32, i32, i32, i32, i32, i32, i32
      }
    }
  }
}

// -----

!p = !tile.pipe<2 x [<64x64xbf16, swizzle 128>]>
!d = !tile.pipe<1 x [<64x64xf32, pad 16>]>

// Beside one that scatters a ring that is a block a slot goes along: one walk.
// CHECK-LABEL: llvm.func @scatters
// CHECK-COUNT-1: scf.while
// CHECK-NOT: scf.while
// CHECK: tile.scatter
// CHECK-NOT: scf.while
tile.kernel @scatters(%base: !llvm.ptr<1> = <"base", pointer, buffer, 0 at 0>)
    attributes {smem = 65536 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    %p = tile.pipe "p" {offset = 0 : i32, barrier = 40960 : i32, fullCount = 1 : i32, emptyCount = 2 : i32} : !p
    %d = tile.pipe "d" {offset = 16384 : i32, barrier = 40992 : i32, fullCount = 8 : i32, emptyCount = 1 : i32} : !d
    tile.role "fill" warps [0, 0] {
      %n = arith.constant 300 : i32
      %phase = arith.constant 1 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.acquire %p[0] phase %phase : !p
        tile.commit %p[0] : !p
        %t = tile.acquire %p[1] phase %phase : !p
        tile.commit %p[1] : !p
      }
    }
    tile.role "scatter" warps [1, 1] {
      %n = arith.constant 300 : i32
      %bytes = arith.constant 256 : i32
      %phase = arith.constant 0 : i32
      tile.for_tiles total(%n) rows 64 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.wait %d[0] phase %phase : !d
        %a = tile.slot_buf %s[0] : !tile.slot<[<64x64xf32, pad 16>]>
        tile.scatter %a rows(%valid) bytes(%bytes) : !tile.buf<64x64xf32, pad 16> {
        ^bb0(%i: i32):
          tile.yield %base : !llvm.ptr<1>
        }
        tile.release %d[0] : !d
      }
    }
  }
}
