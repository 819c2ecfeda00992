// LLVM would copy the assembly into both sides of the branch on the thread number: MLIR has no way
// to mark it convergent. One stays one.
// RUN: moe-opt %s --tile-emit-kernels='print=ptx assembler=none lint=false' -o /dev/null | FileCheck %s

// CHECK: .entry divergent(
// CHECK: wgmma.fence.sync.aligned
// CHECK-NOT: wgmma.fence.sync.aligned
// CHECK: .entry ring(
// The ring keeps its 64 rounds: not one is unrolled or peeled.
// CHECK: mbarrier.try_wait
// CHECK: wgmma.commit_group
// CHECK: setp.{{..}}.b32 {{.*}}, 64
// CHECK-NOT: mbarrier.try_wait
llvm.func @divergent(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %t = nvvm.read.ptx.sreg.tid.x : i32
  %first = llvm.icmp "eq" %t, %zero : i32
  llvm.cond_br %first, ^store, ^then
^store:
  llvm.store volatile %one, %out {alignment = 4 : i64} : i32, !llvm.ptr<1>
  llvm.br ^then
^then:
  llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "~{memory}" : () -> ()
  llvm.cond_br %first, ^again, ^end
^again:
  llvm.store volatile %zero, %out {alignment = 4 : i64} : i32, !llvm.ptr<1>
  llvm.br ^end
^end:
  llvm.return
}
llvm.mlir.global external @smem() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
llvm.func @ring(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %zero = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %rounds = llvm.mlir.constant(64 : i32) : i32
  %full = llvm.mlir.addressof @smem : !llvm.ptr<3>
  llvm.br ^round(%zero : i32)
^round(%i: i32):
  %phase = llvm.and %i, %one : i32
  nvvm.mbarrier.try_wait.parity %full, %phase, %rounds : !llvm.ptr<3>, i32, i32
  nvvm.wgmma.commit.group.sync.aligned
  %next = llvm.add %i, %one : i32
  %more = llvm.icmp "ne" %next, %rounds : i32
  llvm.cond_br %more, ^round(%next : i32), ^end
^end:
  llvm.return
}
