// RUN: moe-opt %s --tile-lower-roles | FileCheck %s
// RUN: moe-opt %s --moe-phase-lower | FileCheck %s --check-prefix=LOWERED

// Two stages of scalar code without a budget: no branch but those of the roles, all
// CTAs meet between them.

// CHECK: module attributes {llvm.data_layout = "e-p6:32:32-i64:64
// CHECK: llvm.mlir.global external @shared_memory() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

// CHECK-LABEL: llvm.func @step(
// CHECK-SAME: %[[TABLE:.*]]: !llvm.ptr<1> {llvm.align = 128 : i64}) attributes {
// CHECK-SAME: nvvm.kernel, nvvm.minctasm = 1 : i32, nvvm.reqntid = array<i32: 384, 1, 1>
// CHECK-SAME: {{\[\[}}"denormal-fp-math-f32", "preserve-sign,preserve-sign"{{\]\]}}
// CHECK-SAME: tile.info = #tile.kernel_info<stages = ["first", "second"], shape = "", pipe_slots = 0, threads = 384, shared = 0, arg_bytes = 128
// LOWERED-LABEL: llvm.func @step(
// LOWERED-NOT: {{scf|arith|cf}}.
tile.kernel @step(
    %state: !llvm.ptr<1> = <"state", pointer, state, 0 at 0>,
    %flags: !llvm.ptr<1> = <"flags", pointer, flag, 0 at 8>,
    %meeting: !llvm.ptr<1> = <"grid_counter", pointer, workspace, 0 at 16>,
    %far: i64 = <"far", scalar, flag_offset, 0 at 24>)
    attributes {gridCounter = 2 : i32, smem = 0 : i32, argBytes = 128 : i32} {
  // The warp's number, before any branch.
  // CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx
  // CHECK: nvvm.barrier
  tile.stage "first" {
    // The whole CTA: no branch. Its argument is loaded in the role, from the block of
    // the rank.
    // CHECK: scf.execute_region
    // CHECK: %[[Z:.*]] = nvvm.read.ptx.sreg.ctaid.z
    // CHECK: %[[RANK:.*]] = arith.extui %[[Z]] : i32 to i64
    // CHECK: %[[BYTES:.*]] = arith.muli %[[RANK]], %c128_i64
    // CHECK: %[[BLOCK:.*]] = llvm.getelementptr %[[TABLE]][%[[BYTES]]]
    // CHECK: %[[STATE:.*]] = llvm.load %[[BLOCK]] invariant
    // CHECK: llvm.store %{{.*}}, %[[STATE]]
    // CHECK: warps = array<i32: 0, 11, 12, 0>
    tile.role "all" warps [0, 11] {
      %one = arith.constant 1 : i32
      llvm.store %one, %state : i32, !llvm.ptr<1>
    }
  }
  // The barrier of the stages: proxy fence, CTA, one thread at the counter, CTA, fence.
  // CHECK: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async>}
  // CHECK: nvvm.barrier id = %c15_i32{{.*}} number_of_threads = %c384_i32
  // CHECK: scf.if
  // CHECK: tile.ptx.atom add acq_rel gpu
  // CHECK: tile.ptx.ld_acquire gpu
  // CHECK: nvvm.barrier id = %c15_i32
  // CHECK-NEXT: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async>}
  tile.stage "second" {
    // CHECK: %[[MINE:.*]] = arith.cmpi eq, %[[WARP]], %c3_i32
    // CHECK: scf.if %[[MINE]]
    tile.role "one" warps [3, 3] {
      %n = arith.constant 3 : i32
      // One thread is the whole role: it loads what it needs, counts and, if it was the last,
      // tells; nobody else has to know.
      // CHECK: %[[ELECTED:.*]] = nvvm.elect.sync
      // CHECK-NEXT: scf.if %[[ELECTED]]
      // CHECK: %[[LAST:.*]] = tile.arrive
      // CHECK-NEXT: scf.if %[[LAST]]
      // CHECK-NEXT: tile.signal
      %last = tile.arrive %state total(%n)
      scf.if %last {
        tile.signal %flags, %n, %n
      }
    }
  }
}

// The accesses order what stands around them: no fence beside them.
// LOWERED-NOT: llvm.fence
// LOWERED: tile.ptx.atom inc acq_rel gpu
// LOWERED-NOT: llvm.fence
// LOWERED: tile.ptx.st_release sys
