// RUN: moe-opt %s --tile-check-pipes | FileCheck %s

// Rings of a remainder, a lag on both sides, a scalar loop of the same bounds on
// both sides, and a pipe that goes back: nothing to say.
!p = !tile.pipe<4 x [<8x8xf32>]>
!t = !tile.ticket<[<8x8xf32>]>
!s = !tile.slot<[<8x8xf32>]>
!one = !tile.pipe<1 x [<8x8xf32>]>

// CHECK-LABEL: tile.kernel @good
tile.kernel @good(%o: !llvm.ptr<1> = <"o", pointer, workspace, 0>) {
  tile.stage "s" {
    %p = tile.pipe "p" : !p
    %back = tile.pipe "back" : !one
    tile.role "write" warps [0, 0] {
      %n = llvm.load %o : !llvm.ptr<1> -> i32
      %from = arith.constant 0 : i32
      %step = arith.constant 1 : i32
      tile.for_tiles offsets(%o) experts(%n) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        tile.ring %p count 113 (%t, %k) : !p {
          %s = tile.acquire %t : !t
          tile.commit %s after 2 : !s
        }
        %b = tile.wait %back : !one
        tile.release %b : !s
      }
      scf.for %i = %from to %n step %step : i32 {
        tile.ring %p count 3 (%t, %k) : !p {
          %s = tile.acquire %t : !t
          tile.commit %s : !s
        }
      }
    }
    tile.role "read" warps [1, 1] {
      %n = llvm.load %o : !llvm.ptr<1> -> i32
      %from = arith.constant 0 : i32
      %step = arith.constant 1 : i32
      tile.for_tiles offsets(%o) experts(%n) rows 128 cols 16 order rows_first (%e, %row, %valid, %col, %tiles) {
        tile.ring %p count 113 (%t, %k) : !p {
          %s = tile.wait %t : !t
          tile.release %s after 1 : !s
        }
        %b = tile.acquire %back : !one
        tile.commit %b : !s
      }
      scf.for %i = %from to %n step %step : i32 {
        tile.ring %p count 3 (%t, %k) : !p {
          %s = tile.wait %t : !t
          tile.release %s : !s
        }
      }
    }
  }
}
