// Rows stored by the lanes of three warps: addresses behind the rows, then 16 bytes a lane.
// RUN: moe-opt %s --moe-phase-lower | FileCheck %s

// CHECK-LABEL: llvm.func @rows_of_256_bytes
// A lane leaves the address of its row behind it.
// CHECK: %[[ADDRESS:.*]] = llvm.ptrtoint %{{.*}} : !llvm.ptr<1> to i64
// CHECK: llvm.store %[[ADDRESS]], %{{.*}} {alignment = 8 : i64} : i64, !llvm.ptr<3>
// CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>
// CHECK: nvvm.bar.warp.sync
// Two rows a turn of the warp, two turns together: the loads, then the stores of rows that exist.
// CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> !llvm.ptr<1>
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// CHECK: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
// CHECK: llvm.cond_br
// CHECK: llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK: llvm.cond_br
// CHECK: llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK-NOT: cp.async.bulk.global
// All lanes have read before one of each warp gives the slot back.
// CHECK: nvvm.bar.warp.sync
// CHECK: tile.ptx.arrive_if
tile.kernel @rows_of_256_bytes(%y: !llvm.ptr<1> = <"y", pointer, workspace, 0>) {
  tile.stage "a" {
    %d = tile.pipe "rows" : !tile.pipe<1 x [<32x64xf32, pad 16>]>
    tile.role "write" warps [4, 4] {
      %s = tile.acquire %d : !tile.pipe<1 x [<32x64xf32, pad 16>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<32x64xf32, pad 16>]>
      tile.commit %s : !tile.slot<[<32x64xf32, pad 16>]>
    }
    tile.role "store" warps [1, 3] {
      %rows = arith.constant 20 : i32
      %bytes = arith.constant 256 : i32
      %s = tile.wait %d : !tile.pipe<1 x [<32x64xf32, pad 16>]>
      %b = tile.slot_buf %s[0] : !tile.slot<[<32x64xf32, pad 16>]>
      tile.scatter %b rows(%rows) bytes(%bytes) by_threads : !tile.buf<32x64xf32, pad 16> {
      ^bb0(%i: i32):
        %p = llvm.getelementptr %y[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
        tile.yield %p : !llvm.ptr<1>
      }
      tile.release %s : !tile.slot<[<32x64xf32, pad 16>]>
    }
  }
}
