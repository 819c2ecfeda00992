// Instructions point into the source that the ops were made from.
// RUN: moe-opt %s --tile-emit-kernels='print=ptx assembler=none' -o %t.mlir | FileCheck %s

// CHECK: .entry lines(
// CHECK: .loc 1 7 3
// CHECK: .file 1 "{{.*}}layer.moe"
llvm.func @lines(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %t = nvvm.read.ptx.sreg.tid.x : i32 loc("layer.moe":7:3)
  llvm.store %t, %out {alignment = 4 : i64} : i32, !llvm.ptr<1> loc("layer.moe":7:3)
  llvm.return loc("layer.moe":8:3)
} loc("layer.moe":5:1)
