// NVPTX knows no log2 of f32 but by a library: an approximate one is the instruction.
// RUN: moe-opt %s --tile-emit-kernels='print=ptx assembler=none' -o %t.mlir | FileCheck %s

// CHECK: .entry log2(
// CHECK: lg2.approx.ftz.f32
llvm.func @log2(%p: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %x = llvm.load %p : !llvm.ptr<1> -> f32
  %y = llvm.intr.log2(%x) {fastmathFlags = #llvm.fastmath<afn>} : (f32) -> f32
  llvm.store %y, %p : f32, !llvm.ptr<1>
  llvm.return
}
