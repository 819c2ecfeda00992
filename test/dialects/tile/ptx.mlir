// RUN: moe-opt %s | moe-opt | FileCheck %s
// RUN: moe-opt %s --mlir-print-op-generic | moe-opt | FileCheck %s
// RUN: moe-opt %s --emit-bytecode | moe-opt | FileCheck %s

// CHECK: module attributes {tile.arch = "sm_90a", tile.form = "separate"}
module attributes {tile.arch = "sm_90a", tile.form = "separate"} {
// CHECK: llvm.func @kernel
// CHECK-SAME: tile.info = #tile.kernel_info<stages = ["expert_up"], shape = "128x256x64", pipe_slots = 4, threads = 384, shared = 229472, arg_bytes = 256, args = [<"x", pointer, peers, 0 at 0>]>
llvm.func @kernel(%p: !llvm.ptr<1>, %s: !llvm.ptr<3>, %lo: i32, %first: i1, %x: f32, %l: i64) attributes {
    tile.info = #tile.kernel_info<stages = ["expert_up"], shape = "128x256x64", pipe_slots = 4,
      threads = 384, shared = 229472, arg_bytes = 256, args = [<"x", pointer, peers, 0 at 0>]>} {
  // CHECK: %[[F:.*]]:4 = tile.ptx.wgmma_fence (%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : 4 x f32
  %f:4 = tile.ptx.wgmma_fence(%x, %x, %x, %x) : 4 x f32
  // CHECK: %[[D:.*]]:4 = tile.ptx.wgmma a %{{.*}} + 2 b %{{.*}} + 1024 scale_d %{{.*}} acc (%[[F]]#0, %[[F]]#1, %[[F]]#2, %[[F]]#3) : bf16 -> 4 x f32
  %d:4 = tile.ptx.wgmma a %lo + 2 b %lo + 1024 scale_d %first acc(%f#0, %f#1, %f#2, %f#3) : bf16 -> 4 x f32
  // CHECK: %[[R:.*]]:4 = tile.ptx.wgmma regs (%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) b %{{.*}} + 0 scale_d
  %r:4 = tile.ptx.wgmma regs(%lo, %lo, %lo, %lo) b %lo + 0 scale_d %first acc(%d#0, %d#1, %d#2, %d#3) : bf16 -> 4 x f32
  // CHECK: tile.ptx.wgmma_wait 0 (%[[R]]#0, %[[R]]#1, %[[R]]#2, %[[R]]#3) : 4 x f32
  %w:4 = tile.ptx.wgmma_wait 0 (%r#0, %r#1, %r#2, %r#3) : 4 x f32
  // CHECK: tile.ptx.arrive_if %{{.*}}, %{{.*}}
  tile.ptx.arrive_if %first, %s
  // CHECK: tile.ptx.barrier_sync 15 threads 384
  tile.ptx.barrier_sync 15 threads 384
  // CHECK: %[[Q:.*]] = tile.ptx.advance %{{.*}}, 512
  %q = tile.ptx.advance %p, 512 : !llvm.ptr<1>
  // CHECK: tile.ptx.atom inc relaxed gpu %[[Q]], %{{.*}} : !llvm.ptr<1>, i32
  %old = tile.ptx.atom inc relaxed gpu %q, %lo : !llvm.ptr<1>, i32
  // CHECK: tile.ptx.red add release sys %{{.*}}, %{{.*}} : !llvm.ptr<1>, i64
  tile.ptx.red add release sys %p, %l : !llvm.ptr<1>, i64
  // CHECK: tile.ptx.red or relaxed cta %{{.*}}, %{{.*}} : !llvm.ptr<3>, i32
  tile.ptx.red or relaxed cta %s, %old : !llvm.ptr<3>, i32
  // CHECK: tile.ptx.st_release sys %{{.*}}, %{{.*}} : !llvm.ptr<1>, i64
  tile.ptx.st_release sys %p, %l : !llvm.ptr<1>, i64
  // CHECK: tile.ptx.ld_acquire sys %{{.*}} : !llvm.ptr<1> -> i64
  %v = tile.ptx.ld_acquire sys %p : !llvm.ptr<1> -> i64
  llvm.return
}
}
