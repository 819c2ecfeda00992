// RUN: moe-opt %S/form-kernels.mlir --comm-form-kernels | moe-opt --comm-verify-formed | FileCheck %s
// RUN: moe-opt %s --comm-verify-formed | FileCheck %s --check-prefix=NONE

// Changes nothing; of a module without a target nothing is asked.

// CHECK: tile.launch @reduce_launch
// NONE: module
module {
}
