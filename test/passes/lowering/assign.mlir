// RUN: moe-opt %s --split-input-file --tile-assign --verify-diagnostics | FileCheck %s

!ab = !tile.pipe<4 x [<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
!abs = !tile.slot<[<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>

// TMA alone: 40 and 232. Views first in the block, whatever their order.
// CHECK-LABEL: tile.kernel @tma(
// CHECK-SAME: %state: !llvm.ptr<1> = <"state", pointer, state, 0 at 128>
// CHECK-SAME: %x: !tile.view<box 128x64xbf16, swizzle 128> = <"x", view, buffer, 0 at 0, <bf16
// CHECK-SAME: %n: i64 = <"n", scalar, flag_offset, 0 at 136>
// CHECK-SAME: attributes {argBytes = 256 : i32, smem = 229456 : i32}
tile.kernel @tma(
    %state: !llvm.ptr<1> = <"state", pointer, state, 0>,
    %x: !tile.view<box 128x64xbf16, swizzle 128> = <"x", view, buffer, 0,
      <bf16, dims = [<constant = 64>, <per_token = 1>], strides = [2, 128], box = [64, 128], swizzle = 128, base = 0>>,
    %n: i64 = <"n", scalar, flag_offset, 0>) {
  tile.stage "one" {
    // CHECK: tile.pipe "ab" {barrier = 229376 : i32, emptyCount = 2 : i32, fullCount = 1 : i32, offset = 0 : i32, txBytes = 32768 : i32}
    %ab = tile.pipe "ab" : !ab
    // CHECK: tile.pipe "d" {barrier = 229440 : i32, emptyCount = 1 : i32, fullCount = 8 : i32, offset = 196608 : i32, txBytes = 0 : i32}
    %d = tile.pipe "d" : !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
    // CHECK: tile.role "load" warps [0, 0] regs 40
    tile.role "load" warps [0, 0] {
      %zero = arith.constant 0 : i32
      tile.ring %ab count 4 (%t, %k) : !ab {
        %s = tile.acquire %t : !tile.ticket<[<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
        %a = tile.slot_buf %s[0] : !abs
        %b = tile.slot_buf %s[0] : !abs
        tile.load %x[%k, %zero], %a : !tile.view<box 128x64xbf16, swizzle 128>, !tile.buf<128x64xbf16, swizzle 128>
        tile.load %x[%k, %zero], %b : !tile.view<box 128x64xbf16, swizzle 128>, !tile.buf<128x64xbf16, swizzle 128>
        tile.commit %s : !abs
      }
    }
    // CHECK: tile.role "store" warps [1, 1] regs 40
    tile.role "store" warps [1, 1] {
      %zero = arith.constant 0 : i32
      %s = tile.wait %d : !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<128x128xbf16, swizzle 128>]>
      tile.store %b, %x[%zero, %zero] : !tile.buf<128x128xbf16, swizzle 128>, !tile.view<box 128x64xbf16, swizzle 128>
      tile.release %s : !tile.slot<[<128x128xbf16, swizzle 128>]>
    }
    // CHECK: tile.role "math" warps [4, 11] regs 232
    tile.role "math" warps [4, 11] {
      %z = tile.zero : !tile.frag<64x256xf32>
      %acc = tile.ring %ab count 4 (%t, %k) iter_args(%i = %z : !tile.frag<64x256xf32>) : !ab {
        %s = tile.wait %t : !tile.ticket<[<128x64xbf16, swizzle 128>, <256x64xbf16, swizzle 128>]>
        %a = tile.slot_buf %s[0] : !abs
        %b = tile.slot_buf %s[1] : !abs
        %m = tile.mma %i, %a, %b : !tile.frag<64x256xf32>, !tile.buf<128x64xbf16, swizzle 128>, !tile.buf<256x64xbf16, swizzle 128>
        tile.release %s : !abs
        tile.yield %m : !tile.frag<64x256xf32>
      }
      %h = tile.half %acc, 0 : !tile.frag<64x256xf32>
      %o = tile.acquire %d : !tile.pipe<1 x [<128x128xbf16, swizzle 128>]>
      %ob = tile.slot_buf %o[0] : !tile.slot<[<128x128xbf16, swizzle 128>]>
      tile.put %h, %ob : !tile.frag<64x128xf32>, !tile.buf<128x128xbf16, swizzle 128>
      tile.commit %o : !tile.slot<[<128x128xbf16, swizzle 128>]>
    }
  }
}

// -----

// A gather: 72 and 216; two warps arrive beside the thread that loads. The second
// stage lies over the first, but its barriers lie behind. A role over both budgets
// has none.
// CHECK-LABEL: tile.kernel @gather(
// CHECK-SAME: attributes {argBytes = 128 : i32, gridCounter = 0 : i32, smem = 33296 : i32}
tile.kernel @gather(%p: !llvm.ptr<1> = <"p", pointer, state, 0>) attributes {gridCounter = 0 : i32} {
  tile.stage "one" {
    // CHECK: tile.pipe "a" {barrier = 32768 : i32, emptyCount = 2 : i32, fullCount = 2 : i32, offset = 0 : i32, txBytes = 0 : i32}
    %a = tile.pipe "a" : !tile.pipe<2 x [<128x64xbf16, swizzle 128>]>
    // CHECK: tile.role "gather" warps [2, 3] regs 72
    tile.role "gather" warps [2, 3] {
      %zero = arith.constant 0 : i32
      tile.ring %a count 3 (%t, %k) : !tile.pipe<2 x [<128x64xbf16, swizzle 128>]> {
        %s = tile.acquire %t : !tile.ticket<[<128x64xbf16, swizzle 128>]>
        %b = tile.slot_buf %s[0] : !tile.slot<[<128x64xbf16, swizzle 128>]>
        tile.gather %p pitch 384 rows(%p[%zero], %zero) k(%k), %b : !tile.buf<128x64xbf16, swizzle 128>
        tile.commit %s after 1 : !tile.slot<[<128x64xbf16, swizzle 128>]>
      }
    }
    // CHECK: tile.role "math" warps [4, 11] regs 216
    tile.role "math" warps [4, 11] {
      %z = tile.zero : !tile.frag<64x64xf32>
      %acc = tile.ring %a count 3 (%t, %k) iter_args(%i = %z : !tile.frag<64x64xf32>) : !tile.pipe<2 x [<128x64xbf16, swizzle 128>]> {
        %s = tile.wait %t : !tile.ticket<[<128x64xbf16, swizzle 128>]>
        %b = tile.slot_buf %s[0] : !tile.slot<[<128x64xbf16, swizzle 128>]>
        %m = tile.mma %i, %b, %b : !tile.frag<64x64xf32>, !tile.buf<128x64xbf16, swizzle 128>, !tile.buf<128x64xbf16, swizzle 128>
        tile.release %s : !tile.slot<[<128x64xbf16, swizzle 128>]>
        tile.yield %m : !tile.frag<64x64xf32>
      }
    }
  }
  tile.stage "two" {
    // CHECK: tile.pipe "rows" {barrier = 32800 : i32, emptyCount = 3 : i32, fullCount = 1 : i32, offset = 0 : i32, txBytes = 0 : i32}
    %r = tile.pipe "rows" : !tile.pipe<31 x [<8x8xf32>]>
    tile.role "write" warps [0, 0] {
      tile.ring %r count 3 (%t, %k) : !tile.pipe<31 x [<8x8xf32>]> {
        %s = tile.acquire %t : !tile.ticket<[<8x8xf32>]>
        tile.commit %s : !tile.slot<[<8x8xf32>]>
      }
    }
    tile.role "read" warps [1, 3] {
      tile.ring %r count 3 (%t, %k) : !tile.pipe<31 x [<8x8xf32>]> {
        %s = tile.wait %t : !tile.ticket<[<8x8xf32>]>
        tile.release %s : !tile.slot<[<8x8xf32>]>
      }
    }
  }
  tile.stage "three" {
    // CHECK: tile.role "all" warps [0, 11] {
    tile.role "all" warps [0, 11] {
      tile.grid_sync %p
    }
  }
}

// -----

// Nothing multiplies: all threads have the same share.
// CHECK-LABEL: tile.kernel @scalar()
// CHECK-SAME: attributes {argBytes = 128 : i32, smem = 0 : i32}
// CHECK: tile.role "all" warps [0, 11] {
tile.kernel @scalar() {
  tile.stage "one" {
    tile.role "all" warps [0, 11] {
    }
  }
}
