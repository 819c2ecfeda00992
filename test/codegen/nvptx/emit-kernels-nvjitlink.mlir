// REQUIRES: nvjitlink
// RUN: moe-opt %s --tile-emit-kernels='print=resources assembler=nvjitlink' -o /dev/null | FileCheck %s

// CHECK: small: registers {{[1-9][0-9]*}}, spills 0 bytes, stack 0 bytes, static shared 0 bytes, barriers 0, code {{[1-9][0-9]*}} bytes
// CHECK: other: registers {{[1-9][0-9]*}}, spills 0 bytes
llvm.func @small(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %t = nvvm.read.ptx.sreg.tid.x : i32
  llvm.store %t, %out {alignment = 4 : i64} : i32, !llvm.ptr<1>
  llvm.return
}
llvm.func @other(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
  llvm.return
}
