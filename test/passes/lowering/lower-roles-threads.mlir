// RUN: moe-opt %s --tile-lower-roles --split-input-file | FileCheck %s

// Who signals. The warps of a role meet first, one thread counts and leaves the answer in
// shared memory behind the pipes, in the word of the role's first warp.
// CHECK-LABEL: llvm.func @shared_answer
// CHECK-SAME: shared = 1072
tile.kernel @shared_answer(%p: !llvm.ptr<1> = <"p", pointer, state, 0 at 0>)
    attributes {smem = 1020 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    tile.role "r" warps [4, 11] {
      %n = arith.constant 3 : i32
      // CHECK: scf.execute_region
      // CHECK: nvvm.barrier id = %c5_i32{{.*}} number_of_threads = %c256_i32
      // CHECK: %[[E:.*]] = nvvm.elect.sync
      // CHECK: %[[FIRST:.*]] = arith.cmpi eq, %{{.*}}, %c4_i32
      // CHECK: %[[ONE:.*]] = arith.andi %[[E]], %[[FIRST]]
      // CHECK: scf.if %[[ONE]]
      // CHECK: %[[LAST:.*]] = tile.arrive
      // CHECK: %[[WORD:.*]] = arith.extui %[[LAST]]
      // CHECK: %[[PLACE:.*]] = llvm.getelementptr %{{.*}}[1040]
      // CHECK: llvm.store %[[WORD]], %[[PLACE]]
      // CHECK: nvvm.barrier
      // CHECK: llvm.load
      // CHECK: scf.if
      // CHECK-NEXT: llvm.store
      %last = tile.arrive %p total(%n)
      scf.if %last {
        llvm.store %n, %p : i32, !llvm.ptr<1>
      }
    }
  }
}

// -----

// Four warps: their own barrier, and one thread that goes on alone.
// CHECK-LABEL: llvm.func @four_warps
// CHECK: nvvm.barrier id = %c5_i32{{.*}} number_of_threads = %c128_i32
// CHECK: nvvm.elect.sync
// CHECK: scf.if
// CHECK: tile.arrive
// CHECK: tile.signal
// CHECK-NOT: nvvm.barrier
tile.kernel @four_warps(%p: !llvm.ptr<1> = <"p", pointer, state, 0 at 0>)
    attributes {smem = 0 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    tile.role "r" warps [4, 7] {
      %n = arith.constant 3 : i32
      %last = tile.arrive %p total(%n)
      scf.if %last {
        tile.signal %p, %n, %n
      }
    }
  }
}

// -----

// Threads of a warp part: the author has chosen one.
// CHECK-LABEL: llvm.func @chosen_thread
// CHECK-NOT: nvvm.elect.sync
tile.kernel @chosen_thread(%p: !llvm.ptr<1> = <"p", pointer, state, 0 at 0>)
    attributes {smem = 0 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    tile.role "r" warps [0, 11] {
      %n = arith.constant 3 : i32
      %t = nvvm.read.ptx.sreg.tid.x : i32
      %c = arith.cmpi eq, %t, %n : i32
      scf.if %c {
        tile.signal %p, %n, %n
      }
    }
  }
}

// -----

// A flag of each lane, and no branch that says which come: all signal.
// CHECK-LABEL: llvm.func @flag_of_each_lane
// CHECK-NOT: nvvm.elect.sync
// CHECK: tile.signal
tile.kernel @flag_of_each_lane(%p: !llvm.ptr<1> = <"p", pointer, state, 0 at 0>)
    attributes {smem = 0 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    tile.role "r" warps [0, 0] {
      %n = arith.constant 3 : i32
      %lane = nvvm.read.ptx.sreg.laneid : i32
      %cell = llvm.getelementptr %p[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i64
      tile.signal %cell, %n, %n
    }
  }
}

// -----

// Warps part: each that comes elects a thread.
// CHECK-LABEL: llvm.func @chosen_warp
// CHECK: scf.if
// CHECK-NOT: number_of_threads
// CHECK: nvvm.elect.sync
// CHECK: tile.signal
tile.kernel @chosen_warp(%p: !llvm.ptr<1> = <"p", pointer, state, 0 at 0>)
    attributes {smem = 0 : i32, argBytes = 128 : i32} {
  tile.stage "s" {
    tile.role "r" warps [0, 11] {
      %n = arith.constant 3 : i32
      %five = arith.constant 5 : i32
      %zero = arith.constant 0 : i32
      %all = arith.constant -1 : i32
      %clamp = arith.constant 31 : i32
      %t = nvvm.read.ptx.sreg.tid.x : i32
      %mine = arith.shrui %t, %five : i32
      %w = nvvm.shfl.sync idx %all, %mine, %zero, %clamp : i32 -> i32
      %c = arith.cmpi eq, %w, %n : i32
      scf.if %c {
        tile.signal %p, %n, %n
      }
    }
  }
}
