// One PTX file a kernel, in the order of the module, with what the kernel uses and no more.
// RUN: moe-opt %s --tile-emit-kernels='print=ptx assembler=none' -o %t.mlir | FileCheck %s
// The module itself stays as it is.
// RUN: FileCheck --check-prefix=IR %s < %t.mlir
// However many go through at a time, the same comes out.
// RUN: moe-opt %s --tile-emit-kernels='print=ptx assembler=none threads=1' -o %t.mlir > %t.1
// RUN: moe-opt %s --tile-emit-kernels='print=ptx assembler=none threads=4' -o %t.mlir > %t.4
// RUN: diff %t.1 %t.4

// CHECK: .target sm_90a
// CHECK-NOT: @used_by_nobody
// CHECK: .extern .shared .align 1024 .b8 smem[]
// CHECK: .entry copy(
// CHECK-NEXT: .param .u64 .ptr .global .align 128 copy_param_0
// CHECK: .reqntid 384
// A flag is one store of 64 bits.
// CHECK: st.global.b64
// CHECK: .version
// CHECK-NOT: smem
// CHECK: .entry index(
// CHECK-NOT: .entry

// IR: llvm.func @copy(
// IR-SAME: tile.info = #tile.kernel_info
// IR: llvm.mlir.global external @used_by_nobody
module {
  llvm.mlir.global external @smem() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
  llvm.func @copy(%table: !llvm.ptr<1> {llvm.align = 128 : i64}) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 384>, tile.info = #tile.kernel_info<stages = ["copy"], shape = "", pipe_slots = 0, threads = 384, shared = 0, arg_bytes = 128, args = [<"table", pointer, peers, 0 at 0>]>} {
    %s = llvm.mlir.addressof @smem : !llvm.ptr<3>
    %v = llvm.load %s : !llvm.ptr<3> -> i64
    llvm.store %v, %table : i64, !llvm.ptr<1>
    llvm.return
  }
  llvm.mlir.global external @used_by_nobody() {addr_space = 3 : i32} : !llvm.array<4 x i8>
  llvm.func @index(%table: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %t = nvvm.read.ptx.sreg.tid.x : i32
    llvm.store %t, %table {alignment = 4 : i64} : i32, !llvm.ptr<1>
    llvm.return
  }
}
