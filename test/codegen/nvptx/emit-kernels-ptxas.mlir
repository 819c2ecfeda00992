// REQUIRES: ptxas
// RUN: moe-opt %s --tile-emit-kernels='print=resources assembler=ptxas' -o /dev/null | FileCheck %s
// No temporary file stays behind.
// RUN: rm -rf %t.tmp && mkdir %t.tmp
// RUN: env TMPDIR=%t.tmp moe-opt %s --tile-emit-kernels=assembler=ptxas -o /dev/null
// RUN: ls %t.tmp | count 0

// CHECK: small: registers {{[1-9][0-9]*}}, spills 0 bytes, stack 0 bytes, static shared 512 bytes, barriers 1, code {{[1-9][0-9]*}} bytes
llvm.mlir.global internal @cells() {addr_space = 3 : i32, alignment = 8 : i64} : !llvm.array<128 x i32>
llvm.func @small(%out: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 128>} {
  %cells = llvm.mlir.addressof @cells : !llvm.ptr<3>
  %t = nvvm.read.ptx.sreg.tid.x : i32
  %mine = llvm.getelementptr %cells[0, %t] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, !llvm.array<128 x i32>
  llvm.store %t, %mine {alignment = 4 : i64} : i32, !llvm.ptr<3>
  nvvm.barrier
  %count = llvm.load %out {alignment = 4 : i64} : !llvm.ptr<1> -> i32
  %theirs = llvm.getelementptr %cells[0, %count] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, !llvm.array<128 x i32>
  %v = llvm.load %theirs {alignment = 4 : i64} : !llvm.ptr<3> -> i32
  llvm.store %v, %out {alignment = 4 : i64} : i32, !llvm.ptr<1>
  llvm.return
}
