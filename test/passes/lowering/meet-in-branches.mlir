// Between two stages the warps of two register budgets meet: each barrier is waited for in one
// branch alone.
// RUN: moe-opt %s --tile-lower-roles | FileCheck %s

// CHECK-LABEL: llvm.func @two_budgets
// The helpers lead: they wait for all, meet the other CTAs, meet again and let go.
// CHECK: nvvm.barrier id = %c15_i32{{.*}} number_of_threads = %c384_i32
// CHECK: tile.ptx.atom add acq_rel gpu
// CHECK: nvvm.barrier id = %c15_i32{{.*}} number_of_threads = %c128_i32
// CHECK: nvvm.barrier.arrive id = %c0_i32{{.*}} number_of_threads = %c384_i32
// The others arrive, and wait to be let go.
// CHECK: nvvm.barrier.arrive id = %c15_i32{{.*}} number_of_threads = %c384_i32
// CHECK: nvvm.barrier id = %c0_i32{{.*}} number_of_threads = %c384_i32
// CHECK-NOT: tile.ptx.barrier_sync
tile.kernel @two_budgets(
    %meeting: !llvm.ptr<1> = <"grid_counter", pointer, workspace, 0 at 0>,
    %state: !llvm.ptr<1> = <"state", pointer, state, 0 at 8>)
    attributes {gridCounter = 0 : i32, smem = 0 : i32, argBytes = 128 : i32} {
  tile.stage "first" {
    tile.role "helper" warps [0, 3] regs 40 {
      %one = arith.constant 1 : i32
      llvm.store %one, %state : i32, !llvm.ptr<1>
    }
    tile.role "math" warps [4, 11] regs 232 {
      %one = arith.constant 1 : i32
      llvm.store %one, %state : i32, !llvm.ptr<1>
    }
  }
  tile.stage "second" {
    tile.role "helper" warps [0, 3] regs 40 {
      %one = arith.constant 1 : i32
      llvm.store %one, %state : i32, !llvm.ptr<1>
    }
  }
}
