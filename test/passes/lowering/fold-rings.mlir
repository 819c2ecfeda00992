// RUN: moe-opt %s --tile-fold-rings --split-input-file --mlir-print-local-scope | FileCheck %s

!a = !tile.buf<64x64xbf16, swizzle 128>
!p = !tile.pipe<3 x [<64x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<64x64xbf16, swizzle 128>]>
!s = !tile.slot<[<64x64xbf16, swizzle 128>]>
!f = !tile.frag<64x64xf32>

// Seven blocks in three slots: two rounds, and slot 0 once more. Two parities go from
// tile to tile; that of slot 0 flips three times a tile, that of the others twice.
// CHECK-LABEL: tile.kernel @seven
tile.kernel @seven(%o: !llvm.ptr<1> = <"o", pointer, workspace, 0 at 0>) {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    // CHECK: tile.role "fill"
    tile.role "fill" warps [0, 0] {
      %n = arith.constant 4 : i32
      // Who fills finds all slots empty.
      // CHECK: %[[LATE:.*]] = arith.constant 1 : i32
      // CHECK: %[[EARLY:.*]] = arith.constant 1 : i32
      // CHECK: tile.for_tiles {{.*}} iter_args(%[[E:.*]] = %[[EARLY]] : i32, %[[L:.*]] = %[[LATE]] : i32)
      tile.for_tiles offsets(%o) experts(%n) rows 64 cols 1 order rows_first (%e, %row, %valid, %col, %tiles) {
        // CHECK: %[[LOOP:.*]]:2 = scf.for %[[I:.*]] = %c0{{.*}} to %c6{{.*}} step %c3{{.*}} iter_args(%[[LL:.*]] = %[[L]], %[[LE:.*]] = %[[E]])
        // CHECK: tile.acquire %p[0] phase %[[LE]]
        // CHECK: tile.commit %p[0]
        // CHECK: tile.acquire %p[1] phase %[[LL]]
        // CHECK: tile.acquire %p[2] phase %[[LL]]
        // CHECK: %[[NL:.*]] = arith.xori %[[LL]]
        // CHECK: %[[NE:.*]] = arith.xori %[[LE]]
        // CHECK: scf.yield %[[NL]], %[[NE]]
        // CHECK: tile.acquire %p[0] phase %[[LOOP]]#1
        tile.ring %p count 7 (%t, %k) : !p {
          %s = tile.acquire %t : !t
          tile.commit %s : !s
        }
        // From the parity before the ring, not from the loop.
        // CHECK: %[[NEXT:.*]] = arith.xori %[[E]], %{{.*}} : i32
        // CHECK: tile.yield %[[NEXT]], %[[L]]
      }
    }
    // CHECK: tile.role "read"
    tile.role "read" warps [4, 7] {
      %n = arith.constant 4 : i32
      // CHECK: tile.for_tiles
      tile.for_tiles offsets(%o) experts(%n) rows 64 cols 1 order rows_first (%e, %row, %valid, %col, %tiles) {
        // CHECK: %[[Z:.*]] = tile.zero unread
        %z = tile.zero : !f
        // CHECK: %[[R:.*]]:3 = scf.for %[[K:.*]] = {{.*}} iter_args({{.*}}, %[[ACC:.*]] = %[[Z]])
        // CHECK: %[[LATER:.*]] = arith.cmpi ne, %[[K]]
        // CHECK: tile.wait %p[0]
        // CHECK: tile.mma %[[ACC]], {{.*}} accumulate %[[LATER]]
        // The slot of the block before: in the first block there is none.
        // CHECK: tile.release %p[2] after 1 when %[[LATER]]
        // CHECK: tile.wait %p[1]
        // CHECK-NOT: accumulate
        // CHECK: tile.release %p[0] after 1 :
        // CHECK: tile.wait %p[2]
        // CHECK: tile.release %p[1] after 1 :
        // CHECK: scf.yield
        // CHECK: tile.wait %p[0]
        // CHECK: tile.mma %[[R]]#2, {{.*}}
        // CHECK: tile.release %p[2] after 1 :
        // What is due behind the ring.
        // CHECK-NEXT: tile.release %p[0] :
        %acc = tile.ring %p count 7 (%t, %k) iter_args(%i = %z : !f) : !p {
          %s = tile.wait %t : !t
          %a = tile.slot_buf %s[0] : !s
          %next = tile.mma %i, %a, %a : !f, !a, !a
          tile.release %s after 1 : !s
          tile.yield %next : !f
        }
      }
    }
  }
}

// -----

!p = !tile.pipe<4 x [<64x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<64x64xbf16, swizzle 128>]>
!s = !tile.slot<[<64x64xbf16, swizzle 128>]>
!f = !tile.frag<64x64xf32>

// Fewer blocks than slots: no loop.
// CHECK-LABEL: tile.kernel @two
// CHECK-NOT: scf.for
// CHECK: %[[FALSE:.*]] = arith.constant false
// CHECK: accumulate %[[FALSE]]
// CHECK-NOT: accumulate
// CHECK: tile.release %p[0] after 1
// CHECK-NEXT: tile.release %p[1] :
tile.kernel @two() {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "fill" warps [0, 0] {
      tile.ring %p count 2 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        tile.commit %s : !s
      }
    }
    tile.role "read" warps [4, 7] {
      %z = tile.zero : !f
      %acc = tile.ring %p count 2 (%t, %k) iter_args(%i = %z : !f) : !p {
        %s = tile.wait %t : !t
        %a = tile.slot_buf %s[0] : !s
        %next = tile.mma %i, %a, %a : !f, !tile.buf<64x64xbf16, swizzle 128>, !tile.buf<64x64xbf16, swizzle 128>
        tile.release %s after 1 : !s
        tile.yield %next : !f
      }
    }
  }
}

// -----

!p = !tile.pipe<2 x [<16x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<16x64xbf16, swizzle 128>]>
!s = !tile.slot<[<16x64xbf16, swizzle 128>]>

// A gather: 128 pieces among 64 threads, two pointers, moved on once a round. The last
// block is the only one that may reach beyond the pitch.
// CHECK-LABEL: tile.kernel @gather
// CHECK: %[[ROWS:.*]]:2 = tile.gather_rows %base pitch 400 rows(%indices[%{{.*}}], %{{.*}}) of !tile.buf<16x64xbf16, swizzle 128>
// CHECK: scf.for {{.*}} iter_args(%{{.*}}, %[[P0:.*]] = %[[ROWS]]#0, %[[P1:.*]] = %[[ROWS]]#1)
// CHECK: tile.gather_copy(%[[P0]], %[[P1]]) + 0 pitch 400
// CHECK: tile.commit %p[1] after 1 when
// CHECK: tile.gather_copy(%[[P0]], %[[P1]]) + 128 k(%{{.*}}) pitch 400
// CHECK: tile.commit %p[0] after 1 :
// CHECK: tile.ptx.advance %[[P0]], 256
// CHECK: tile.ptx.advance %[[P1]], 256
// CHECK: tile.commit %p[1] :
tile.kernel @gather(%base: !llvm.ptr<1> = <"base", pointer, buffer, 0 at 0>,
                    %indices: !llvm.ptr<1> = <"indices", pointer, workspace, 0 at 8>) {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "fill" warps [2, 3] {
      %n = arith.constant 9 : i32
      %first = arith.constant 0 : i32
      tile.ring %p count 4 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        %a = tile.slot_buf %s[0] : !s
        tile.gather %base pitch 400 rows(%indices[%first], %n) k(%k), %a : !tile.buf<16x64xbf16, swizzle 128>
        tile.commit %s after 1 : !s
      }
    }
  }
}
