// REQUIRES: nvjitlink
// RUN: split-file %s %t
// RUN: moe-opt %t/small.mlir --tile-emit-kernels='print=resources assembler=nvjitlink' -o /dev/null | FileCheck %s
// RUN: not moe-opt %t/roles.mlir --tile-emit-kernels='assembler=nvjitlink' -o /dev/null 2>&1 | FileCheck %s --check-prefix=ROLES

// ROLES: error: unsupported here: libnvJitLink.so ignores the registers that roles of kernels ask for (setmaxnreg), 1 kernels have such roles

//--- small.mlir
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

//--- roles.mlir
llvm.func @roles(%out: !llvm.ptr<1>) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 384, 1, 1>} {
  nvvm.setmaxregister decrease 40
  llvm.return
}
