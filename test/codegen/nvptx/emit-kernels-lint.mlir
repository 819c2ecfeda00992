// The lint runs on every compile; what it finds is an error at the place in the source.
// RUN: not moe-opt %s --tile-emit-kernels=assembler=none 2>&1 | FileCheck %s
// RUN: moe-opt %s --tile-emit-kernels='assembler=none lint=false' -o /dev/null

// All kernels are looked at, in their order.
// CHECK: layer.moe:7:3: error: internal error: kernel 'counts': memory-order: wanted an order and the scope gpu or sys, found an atomic that leaves them open (PTX line {{[0-9]+}}: atom.global.add.u32
// CHECK: layer.moe:9:1: error: internal error: kernel 'calls': no-calls:
llvm.func @counts(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %one = llvm.mlir.constant(1 : i32) : i32
  %old = llvm.atomicrmw add %out, %one acq_rel {alignment = 4 : i64} : !llvm.ptr<1>, i32 loc("layer.moe":7:3)
  llvm.store %old, %out {alignment = 4 : i64} : i32, !llvm.ptr<1>
  llvm.return
}
llvm.func @__nv_expf(f32) -> f32
llvm.func @calls(%out: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %x = llvm.load %out {alignment = 4 : i64} : !llvm.ptr<1> -> f32
  %y = llvm.call @__nv_expf(%x) : (f32) -> f32 loc("layer.moe":9:1)
  llvm.store %y, %out {alignment = 4 : i64} : f32, !llvm.ptr<1>
  llvm.return
}
