// Before the ring the addresses of its four barriers, in the ring no addition for them.
// RUN: moe-opt %S/Inputs/multiply.mlir --tile-emit-kernels='print=ptx assembler=none' -o /dev/null | FileCheck %s

// CHECK: .entry multiply(
// CHECK: mov.b32 [[FULL0:%r[0-9]+]], %r{{[0-9]+}};
// CHECK: mov.b32 [[EMPTY0:%r[0-9]+]], %r{{[0-9]+}};
// CHECK: mov.b32 [[FULL1:%r[0-9]+]], %r{{[0-9]+}};
// CHECK: mov.b32 [[EMPTY1:%r[0-9]+]], %r{{[0-9]+}};
// CHECK: [[RING:\$L__BB0_[0-9]+]]:
// CHECK: mbarrier.try_wait.parity.shared.b64 P1, {{\[}}[[FULL0]]],
// CHECK: @p mbarrier.arrive.shared.b64 _, {{\[}}[[EMPTY0]]];
// CHECK: mbarrier.try_wait.parity.shared.b64 P1, {{\[}}[[FULL1]]],
// CHECK: @p mbarrier.arrive.shared.b64 _, {{\[}}[[EMPTY1]]];
// CHECK: bra [[RING]];
