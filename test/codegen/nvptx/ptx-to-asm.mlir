// RUN: moe-opt %s --tile-ptx-to-asm | FileCheck %s
// RUN: moe-opt %s --tile-emit-kernels='print=ptx assembler=none lint=false' -o /dev/null | FileCheck --check-prefix=PTX %s

// PTX: .entry instructions(
module attributes {tile.arch = "sm_90a"} {
// Declarations of the tile dialect stay: only functions become machine code.
// CHECK: tile.workspace @counters
tile.workspace @counters <constant = 64>
// CHECK-LABEL: llvm.func @instructions
llvm.func @instructions(%table: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 384>} {
  %s = llvm.mlir.addressof @smem : !llvm.ptr<3>
  %lo = llvm.ptrtoint %s : !llvm.ptr<3> to i32
  %t = nvvm.read.ptx.sreg.tid.x : i32
  %zero = llvm.mlir.constant(0 : i32) : i32
  %first = llvm.icmp "eq" %t, %zero : i32
  %x = llvm.load %table {alignment = 4 : i64} : !llvm.ptr<1> -> f32

  // Accumulators are tied: what reads them cannot move over the fence or the wait.
  // CHECK: llvm.inline_asm has_side_effects asm_dialect = att "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,0,1,2,3,~{memory}" %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
  // PTX: wgmma.fence.sync.aligned;
  %f:4 = tile.ptx.wgmma_fence(%x, %x, %x, %x) : 4 x f32
  // CHECK: %[[SCALE:.*]] = llvm.zext %{{.*}} : i1 to i32
  // CHECK: llvm.inline_asm has_side_effects asm_dialect = att "{ .reg .pred p; .reg .b32 h; mov.b32 h, 0x40000040;
  // CHECK-SAME: add.s32 al, $8, 2; mov.b64 a, {al, h}; .reg .b32 bl; .reg .b64 b; add.s32 bl, $8, 1024; mov.b64 b, {bl, h}; setp.ne.b32 p, $9, 0;
  // CHECK-SAME: wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {$0, $1, $2, $3}, a, b, p, 1, 1, 0, 0; }
  // A product that goes on with the same sums is in the same text, and a value in it once.
  // CHECK-SAME: add.s32 bl, $8, 0; mov.b64 b, {bl, h}; setp.ne.b32 p, $9, 0;
  // CHECK-SAME: {$0, $1, $2, $3}, {$8, $8, $8, $8}, b, p, 1, 1, 0; }"
  // CHECK-SAME: "=f,=f,=f,=f,0,1,2,3,r,r,~{memory}"
  // CHECK-SAME: %[[SCALE]]
  // PTX: add.s32 al, [[LO:%r[0-9]+]], 2; mov.b64 a, {al, h}; .reg .b32 bl; .reg .b64 b; add.s32 bl, [[LO]], 1024; mov.b64 b, {bl, h};
  // PTX-SAME: wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {[[A0:%r[0-9]+]], [[A1:%r[0-9]+]], [[A2:%r[0-9]+]], [[A3:%r[0-9]+]]}, a, b, p, 1, 1, 0, 0; }
  %d:4 = tile.ptx.wgmma a %lo + 2 b %lo + 1024 scale_d %first acc(%f#0, %f#1, %f#2, %f#3) : bf16 -> 4 x f32
  // The accumulators stay where they are.
  // PTX-SAME: wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {[[A0]], [[A1]], [[A2]], [[A3]]}, {{[{]}}[[LO]], [[LO]], [[LO]], [[LO]]}, b, p, 1, 1, 0; }
  %r:4 = tile.ptx.wgmma regs(%lo, %lo, %lo, %lo) b %lo + 0 scale_d %first acc(%d#0, %d#1, %d#2, %d#3) : bf16 -> 4 x f32
  nvvm.wgmma.commit.group.sync.aligned
  // PTX: wgmma.wait_group.sync.aligned 1;
  %w:4 = tile.ptx.wgmma_wait 1 (%r#0, %r#1, %r#2, %r#3) : 4 x f32

  // PTX: @p mbarrier.arrive.shared.b64 _, [%r{{[0-9]+}}];
  tile.ptx.arrive_if %first, %s
  // PTX: barrier.sync 15, 384;
  tile.ptx.barrier_sync 15 threads 384
  // Opaque, but free to move or to vanish: no side effects.
  // CHECK: llvm.inline_asm asm_dialect = att "add.s64 $0, $1, 512;", "=l,l" %{{.*}} : (!llvm.ptr<1>) -> !llvm.ptr<1>
  // PTX: add.s64 [[Q:%rd[0-9]+]], %rd{{[0-9]+}}, 512;
  %q = tile.ptx.advance %table, 512 : !llvm.ptr<1>
  // PTX: atom.relaxed.gpu.global.inc.u32 %r{{[0-9]+}}, [[[Q]]], %r{{[0-9]+}};
  %old = tile.ptx.atom inc relaxed gpu %q, %lo : !llvm.ptr<1>, i32
  %wide = llvm.zext %old : i32 to i64
  // PTX: atom.acq_rel.sys.global.exch.b64 %rd{{[0-9]+}}, [%rd{{[0-9]+}}], %rd{{[0-9]+}};
  %old2 = tile.ptx.atom exch acq_rel sys %table, %wide : !llvm.ptr<1>, i64
  // PTX: red.release.sys.global.add.u64 [%rd{{[0-9]+}}], %rd{{[0-9]+}};
  tile.ptx.red add release sys %table, %old2 : !llvm.ptr<1>, i64
  // PTX: red.relaxed.cta.shared.or.b32 [%r{{[0-9]+}}], %r{{[0-9]+}};
  tile.ptx.red or relaxed cta %s, %old : !llvm.ptr<3>, i32
  // PTX: ld.acquire.sys.global.b64 [[V:%rd[0-9]+]], [%rd{{[0-9]+}}];
  %v = tile.ptx.ld_acquire sys %table : !llvm.ptr<1> -> i64
  // PTX: st.release.sys.global.b64 [%rd{{[0-9]+}}], [[V]];
  tile.ptx.st_release sys %table, %v : !llvm.ptr<1>, i64
  llvm.store %w#0, %table {alignment = 4 : i64} : f32, !llvm.ptr<1>
  // CHECK-NOT: tile.ptx
  llvm.return
}
llvm.mlir.global external @smem() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
}
