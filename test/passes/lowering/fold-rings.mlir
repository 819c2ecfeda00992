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
        // Who only copies does so in a loop over blocks, that carries the slot.
        // CHECK: scf.for %[[I:.*]] = %c0{{.*}} to %c7{{.*}} step %c1{{.*}} iter_args(%[[SLOT:.*]] = %c0{{.*}}, %[[LL:.*]] = %[[L]], %[[LE:.*]] = %[[E]])
        // CHECK: %[[ISEARLY:.*]] = arith.cmpi ult, %[[SLOT]], %c1
        // CHECK: %[[PHASE:.*]] = arith.select %[[ISEARLY]], %[[LE]], %[[LL]]
        // CHECK: tile.acquire %p at %[[SLOT]] phase %[[PHASE]]
        // CHECK: tile.commit %p at %[[SLOT]] :
        // CHECK: %[[NEXT:.*]] = arith.addi %[[SLOT]], %c1
        // CHECK: %[[LESS:.*]] = arith.subi %[[NEXT]], %c3
        // CHECK: %[[NUMBER:.*]] = arith.minui %[[NEXT]], %[[LESS]]
        // CHECK: %[[WRAPS:.*]] = arith.cmpi eq, %[[NUMBER]], %c0
        // CHECK: %[[NL:.*]] = arith.select %[[WRAPS]], %{{.*}}, %[[LL]]
        // CHECK: %[[NE:.*]] = arith.select %[[WRAPS]], %{{.*}}, %[[LE]]
        // CHECK: scf.yield %[[NUMBER]], %[[NL]], %[[NE]]
        tile.ring %p count 7 (%t, %k) : !p {
          %s = tile.acquire %t : !t
          tile.commit %s : !s
        }
        // From the parity before the ring, not from the loop.
        // CHECK: %[[BEHIND:.*]] = arith.xori %[[E]], %{{.*}} : i32
        // CHECK: tile.yield %[[BEHIND]], %[[L]]
      }
    }
    // CHECK: tile.role "read"
    tile.role "read" warps [4, 7] {
      %n = arith.constant 4 : i32
      // CHECK: tile.for_tiles
      tile.for_tiles offsets(%o) experts(%n) rows 64 cols 1 order rows_first (%e, %row, %valid, %col, %tiles) {
        // CHECK: %[[Z:.*]] = tile.zero unread
        %z = tile.zero : !f
        // CHECK: scf.while ({{.*}}, %[[ACC:.*]] = %[[Z]], %[[K:.*]] = %c0
        // CHECK: %[[LATER:.*]] = arith.cmpi ne, %[[K]]
        // CHECK: tile.wait %p[0]
        // CHECK: %[[NEXT:.*]] = tile.mma %[[ACC]], {{.*}} accumulate %[[LATER]]
        // The slot of the block before: in the first block there is none.
        // CHECK: tile.release %p[2] after 1 when %[[LATER]]
        // Block 6 is the first of a round that is left behind it.
        // CHECK: %[[MORE:.*]] = arith.cmpi ult, %[[K]], %c6
        // CHECK-NEXT: scf.condition(%[[MORE]]) {{.*}}, %[[NEXT]], %[[K]]
        // CHECK: ^bb0({{.*}}, %[[THIS:.*]]: !tile.frag<64x64xf32>, %{{.*}}: i32)
        // CHECK: tile.wait %p[1]
        // CHECK-NOT: accumulate
        // CHECK: tile.mma %[[THIS]],
        // CHECK: tile.release %p[0] after 1 :
        // CHECK: tile.wait %p[2]
        // CHECK: tile.release %p[1] after 1 :
        // CHECK: scf.yield
        // CHECK-NOT: tile.wait
        // What is due behind the ring.
        // CHECK: tile.release %p[0] :
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

// Fewer blocks than slots: no loop of the products.
// CHECK-LABEL: tile.kernel @two
// CHECK: scf.for {{.*}} to %c2
// CHECK: tile.role "read"
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

!p = !tile.pipe<3 x [<16x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<16x64xbf16, swizzle 128>]>
!s = !tile.slot<[<16x64xbf16, swizzle 128>]>

// A gather: 128 pieces among 64 threads, two rows of each, whose columns move on once a
// block. In one turn more than blocks nothing is copied and the last slot is handed on.
// CHECK-LABEL: tile.kernel @gather
// CHECK: %[[START:.*]], %[[ROWS:.*]]:2 = tile.gather_rows %base pitch 400 rows(%indices[%{{.*}}], %{{.*}}) of !tile.buf<16x64xbf16, swizzle 128>
// CHECK: scf.for %[[K:.*]] = %c0{{.*}} to %c7{{.*}} step %c1{{.*}} iter_args(%[[SLOT:.*]] = %c0{{.*}}, %{{.*}}, %[[AT:.*]] = %[[START]])
// CHECK: %[[COPIES:.*]] = arith.cmpi ult, %[[K]], %c6
// CHECK: scf.if %[[COPIES]] {
// CHECK: tile.acquire %p at %[[SLOT]]
// CHECK: tile.gather_copy %[[AT]] pitch 400 rows(%[[ROWS]]#0, %[[ROWS]]#1) k(%[[K]])
// CHECK: }
// CHECK: %[[LESS:.*]] = arith.subi %[[SLOT]], %c1
// CHECK: %[[MORE:.*]] = arith.addi %[[SLOT]], %c2
// CHECK: %[[DUE:.*]] = arith.minui %[[LESS]], %[[MORE]]
// CHECK: %[[ANY:.*]] = arith.cmpi uge, %[[K]], %c1
// CHECK: tile.commit %p at %[[DUE]] after 1 when %[[ANY]]
// CHECK: tile.ptx.advance %[[AT]], 128
tile.kernel @gather(%base: !llvm.ptr<1> = <"base", pointer, buffer, 0 at 0>,
                    %indices: !llvm.ptr<1> = <"indices", pointer, workspace, 0 at 8>) {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "fill" warps [2, 3] {
      %n = arith.constant 9 : i32
      %first = arith.constant 0 : i32
      tile.ring %p count 6 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        %a = tile.slot_buf %s[0] : !s
        tile.gather %base pitch 400 rows(%indices[%first], %n) k(%k), %a : !tile.buf<16x64xbf16, swizzle 128>
        tile.commit %s after 1 : !s
      }
    }
  }
}

// -----

!p = !tile.pipe<4 x [<16x64xbf16, swizzle 128>]>
!t = !tile.ticket<[<16x64xbf16, swizzle 128>]>
!s = !tile.slot<[<16x64xbf16, swizzle 128>]>

// Where slots are a power of two, slot and round follow from the number of the block; the
// slot of the rest has a parity of its own.
// CHECK-LABEL: tile.kernel @circle
// CHECK: scf.for %[[K:.*]] = %c0{{.*}} to %c10{{.*}} step %c1{{.*}} iter_args(%[[AT:.*]] = %{{.*}})
// CHECK: %[[ROUND:.*]] = arith.shrui %[[K]], %c2
// CHECK: %[[ODD:.*]] = arith.andi %[[ROUND]], %c1
// CHECK: %[[EARLY:.*]] = arith.xori %{{.*}}, %[[ODD]]
// CHECK: %[[SLOT:.*]] = arith.andi %[[K]], %c3
// CHECK: arith.xori %{{.*}}
// CHECK: scf.if
// CHECK: %[[FIRST:.*]] = arith.cmpi ult, %[[SLOT]], %c1
// CHECK: %[[PARITY:.*]] = arith.select %[[FIRST]], %[[EARLY]], %
// CHECK: tile.acquire %p at %[[SLOT]] phase %[[PARITY]] :
// CHECK: %[[BEFORE:.*]] = arith.subi %[[K]], %c1
// CHECK: %[[DUE:.*]] = arith.andi %[[BEFORE]], %c3
// CHECK: tile.commit %p at %[[DUE]] after 1 when
tile.kernel @circle(%base: !llvm.ptr<1> = <"base", pointer, buffer, 0 at 0>,
                    %indices: !llvm.ptr<1> = <"indices", pointer, workspace, 0 at 8>) {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    tile.role "fill" warps [2, 3] {
      %n = arith.constant 9 : i32
      %first = arith.constant 0 : i32
      tile.ring %p count 9 (%t, %k) : !p {
        %s = tile.acquire %t : !t
        %a = tile.slot_buf %s[0] : !s
        tile.gather %base pitch 400 rows(%indices[%first], %n) k(%k), %a : !tile.buf<16x64xbf16, swizzle 128>
        tile.commit %s after 1 : !s
      }
    }
  }
}
