// REQUIRES: ptxas, nvdisasm
// What ptxas makes of a ring of two slots, and how it is counted.
// RUN: moe-opt %S/Inputs/multiply.mlir --tile-emit-kernels='print=sass assembler=ptxas' -o /dev/null | FileCheck %s

// CHECK: multiply: {{[0-9]+}} instructions, {{[0-9]+}} bytes:
// CHECK-NOT: local
// CHECK: math at 0x{{[0-9a-f]+}}: {{[0-9.]+}} a block, 2 blocks a round, 4 mma 64x8x16:
// One fence, wait, try_wait and arrive a block.
// CHECK-SAME: wgmma fence 2, wgmma wait 2, try_wait 2, arrive 2
