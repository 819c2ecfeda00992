// RUN: moe-opt %s --convert-scf-to-cf --tile-scalars-to-llvm | FileCheck %s

// Arithmetic, math and branches of a kernel become llvm ops; nvvm stays for the emulator.
// CHECK-LABEL: llvm.func @kernel
llvm.func @kernel(%n: i32, %x: f32) -> f32 {
  // CHECK: %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  // CHECK: %[[LESS:.*]] = llvm.icmp "slt" %[[TID]], %{{.*}} : i32
  %less = arith.cmpi slt, %tid, %n : i32
  // CHECK: llvm.cond_br %[[LESS]]
  %result = scf.if %less -> f32 {
    // CHECK: %[[ROOT:.*]] = llvm.intr.sqrt(%{{.*}}) : (f32) -> f32
    %root = math.sqrt %x : f32
    // CHECK: %[[SUM:.*]] = llvm.fadd %[[ROOT]], %{{.*}} : f32
    %sum = arith.addf %root, %x : f32
    // CHECK: llvm.br ^{{.*}}(%[[SUM]] : f32)
    scf.yield %sum : f32
  } else {
    scf.yield %x : f32
  }
  // CHECK-NOT: {{arith|math|cf}}.
  llvm.return %result : f32
}
