// RUN: moe-opt %s --canonicalize --cse | FileCheck %s

// Constants stay in the role that uses them, and nothing that touches a pipe goes or
// moves, not even two equal ones.
// CHECK-LABEL: tile.kernel @k
// CHECK-NOT: arith.constant
// CHECK: tile.role "write"
// CHECK: arith.constant 8 : i32
// CHECK: tile.for_tiles
// CHECK: %[[S:.*]] = tile.acquire %p
// CHECK-NEXT: tile.commit %[[S]]
// CHECK-NEXT: %[[S2:.*]] = tile.acquire %p
// CHECK-NEXT: tile.commit %[[S2]]
// CHECK: tile.role "read"
// CHECK: arith.constant 8 : i32
// CHECK: tile.for_tiles
// CHECK: %[[R:.*]] = tile.wait %p
// CHECK-NEXT: tile.release %[[R]]
// CHECK-NEXT: %[[R2:.*]] = tile.wait %p
// CHECK-NEXT: tile.release %[[R2]]
tile.kernel @k() {
  tile.stage "s" {
    %p = tile.pipe "p" : !tile.pipe<1 x [<8x8xf32>]>
    tile.role "write" warps [0, 0] {
      %n = arith.constant 8 : i32
      tile.for_tiles total(%n) rows 128 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.acquire %p : !tile.pipe<1 x [<8x8xf32>]>
        tile.commit %s : !tile.slot<[<8x8xf32>]>
        %s2 = tile.acquire %p : !tile.pipe<1 x [<8x8xf32>]>
        tile.commit %s2 : !tile.slot<[<8x8xf32>]>
      }
    }
    tile.role "read" warps [1, 1] {
      %n = arith.constant 8 : i32
      tile.for_tiles total(%n) rows 128 cols 2 order rows_first (%e, %row, %valid, %col, %tiles) {
        %s = tile.wait %p : !tile.pipe<1 x [<8x8xf32>]>
        tile.release %s : !tile.slot<[<8x8xf32>]>
        %s2 = tile.wait %p : !tile.pipe<1 x [<8x8xf32>]>
        tile.release %s2 : !tile.slot<[<8x8xf32>]>
      }
    }
  }
}
