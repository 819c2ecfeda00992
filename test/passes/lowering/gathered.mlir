// Tokens on N: rows gathered by index and multiplied with 128 features at a time, each sum
// times the weight of its row, sent in f32 to a place of the row's own. EmulatedTest.cpp
// runs it.
//
// RUN: moe-opt %s --tile-check-pipes --tile-assign --tile-fold-rings --tile-insert-fences \
// RUN:     --tile-lower-roles --tile-to-nvvm | FileCheck %s
// RUN: %if ptxas %{ moe-opt %s --moe-phase-lower --tile-emit-kernels='print=resources assembler=ptxas' \
// RUN:     -o /dev/null | FileCheck %s --check-prefix=CUBIN %}

// CUBIN: gathered: registers 168, spills 0 bytes

!a = !tile.buf<128x64xbf16, swizzle 128>
!b = !tile.buf<16x64xbf16, swizzle 128>
!ab = !tile.pipe<3 x [<128x64xbf16, swizzle 128>, <16x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<128x64xbf16, swizzle 128>, <16x64xbf16, swizzle 128>]>
!s = !tile.slot<[<128x64xbf16, swizzle 128>, <16x64xbf16, swizzle 128>]>
!f = !tile.frag<64x16xf32>
!d = !tile.buf<16x128xf32, pad 16>
!dp = !tile.pipe<1 x [<16x128xf32, pad 16>]>
!ds = !tile.slot<[<16x128xf32, pad 16>]>
!weights = !tile.view<box 128x64xbf16, swizzle 128>

tile.kernel @gathered(
    %w: !weights = <"w", view, weight, 0,
      <bf16, dims = [<constant = 200>, <constant = 256>], strides = [2, 400], box = [64, 128], swizzle = 128, base = 0>>,
    %x: !llvm.ptr<1> = <"x", pointer, buffer, 0>,
    %rows: !llvm.ptr<1> = <"rows", pointer, workspace, 0>,
    %scales: !llvm.ptr<1> = <"scales", pointer, workspace, 1>,
    %out: !llvm.ptr<1> = <"out", pointer, buffer, 1>) {
  tile.stage "s" {
    %ab = tile.pipe "ab" : !ab
    %d = tile.pipe "d" : !dp

    tile.role "load" warps [0, 0] {
      %n = arith.constant 37 : i32
      %c64 = arith.constant 64 : i32
      %c128 = arith.constant 128 : i32
      tile.for_tiles total(%n) rows 16 cols 2 order columns_first (%e, %row, %valid, %col, %tiles) {
        %feature = arith.muli %col, %c128 : i32
        tile.ring %ab count 4 (%t, %k) : !ab {
          %s = tile.acquire %t : !t
          %a = tile.slot_buf %s[0] : !s
          %column = arith.muli %k, %c64 : i32
          tile.load %w[%feature, %column], %a : !weights, !a
          tile.commit %s : !s
        }
      }
    }

    // Two rows a thread; the last block ends 8 columns behind 192.
    // CHECK-COUNT-2: llvm.load %{{.*}} : !llvm.ptr<1> -> i32
    // CHECK: scf.for
    // CHECK-COUNT-2: nvvm.cp.async.shared.global %{{[^,]*}}, %{{[^,]*}}, 16, cache = cg, %
    // CHECK-NOT: nvvm.cp.async.shared.global
    tile.role "gather" warps [2, 3] {
      %n = arith.constant 37 : i32
      tile.for_tiles total(%n) rows 16 cols 2 order columns_first (%e, %row, %valid, %col, %tiles) {
        tile.ring %ab count 4 (%t, %k) : !ab {
          %s = tile.acquire %t : !t
          %b = tile.slot_buf %s[1] : !s
          tile.gather %x pitch 400 rows(%rows[%row], %valid) k(%k), %b : !b
          tile.commit %s after 1 : !s
        }
      }
    }

    tile.role "math" warps [4, 11] {
      %n = arith.constant 37 : i32
      tile.for_tiles total(%n) rows 16 cols 2 order columns_first (%e, %row, %valid, %col, %tiles) {
        %z = tile.zero : !f
        %acc = tile.ring %ab count 4 (%t, %k) iter_args(%i = %z : !f) : !ab {
          %s = tile.wait %t : !t
          %a = tile.slot_buf %s[0] : !s
          %b = tile.slot_buf %s[1] : !s
          %next = tile.mma %i, %a, %b : !f, !a, !b
          tile.release %s after 1 : !s
          tile.yield %next : !f
        }
        %scale = tile.col_values %scales[%row] count(%valid) : !f
        %h = tile.map (%v = %acc, %f = %scale) : !f {
          %p = arith.mulf %v, %f : f32
          tile.yield %p : f32
        }
        %o = tile.acquire %d : !dp
        %ob = tile.slot_buf %o[0] : !ds
        tile.put %h, %ob transpose : !f, !d
        tile.commit %o : !ds
      }
    }

    // CHECK: nvvm.cp.async.bulk.global.shared.cta
    // CHECK: nvvm.cp.async.bulk.commit.group
    // CHECK: nvvm.cp.async.bulk.wait_group 0 {read}
    tile.role "scatter" warps [1, 1] {
      %n = arith.constant 37 : i32
      %bytes = arith.constant 512 : i32
      %pitch = arith.constant 1024 : i32
      tile.for_tiles total(%n) rows 16 cols 2 order columns_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.wait %d : !dp
        %b = tile.slot_buf %s[0] : !ds
        %left = arith.muli %col, %bytes : i32
        tile.scatter %b rows(%valid) bytes(%bytes) : !d {
        ^bb0(%i: i32):
          // Backwards, so that a wrong row is seen.
          %last = arith.constant 36 : i32
          %at = arith.addi %row, %i : i32
          %mirrored = arith.subi %last, %at : i32
          %start = arith.muli %mirrored, %pitch : i32
          %place = arith.addi %start, %left : i32
          %p = llvm.getelementptr %out[%place] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
          tile.yield %p : !llvm.ptr<1>
        }
        tile.release %s : !ds
      }
    }
  }
}
