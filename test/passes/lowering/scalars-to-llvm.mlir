// RUN: moe-opt %s --tile-scalars-to-llvm | FileCheck %s

// Arithmetic and math of a kernel become llvm ops; nvvm stays for the emulator. Branches, which only
// -convert-scf-to-cf makes, are seen in lower-roles.mlir.
// CHECK-LABEL: llvm.func @kernel
llvm.func @kernel(%n: i32, %x: f32) -> f32 {
  // CHECK: %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  // CHECK: %[[LESS:.*]] = llvm.icmp "slt" %[[TID]], %{{.*}} : i32
  %less = arith.cmpi slt, %tid, %n : i32
  // CHECK: %[[ROOT:.*]] = llvm.intr.sqrt(%{{.*}}) : (f32) -> f32
  %root = math.sqrt %x : f32
  // CHECK: %[[SUM:.*]] = llvm.fadd %[[ROOT]], %{{.*}} : f32
  %sum = arith.addf %root, %x : f32
  // CHECK: llvm.select %[[LESS]], %[[SUM]]
  %result = arith.select %less, %sum, %x : f32
  // CHECK-NOT: {{arith|math}}.
  llvm.return %result : f32
}
