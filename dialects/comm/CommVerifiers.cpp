//===- CommVerifiers.cpp - Constraints of the comm ops --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommSyntax.h"

using namespace mlir;
using namespace moec::comm;

LogicalResult PlanOp::verifyRegions() { return success(); }
LogicalResult BufferOp::verify() { return success(); }
LogicalResult FlagOp::verify() { return success(); }
LogicalResult ComputeOp::verify() { return success(); }
LogicalResult ComputeOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult ReduceOp::verify() { return success(); }
LogicalResult ReduceOp::verifySymbolUses(SymbolTableCollection &) { return success(); }
LogicalResult PutOp::verify() { return success(); }
LogicalResult SignalOp::verify() { return success(); }
LogicalResult WaitOp::verify() { return success(); }
LogicalResult CopyOp::verify() { return success(); }
LogicalResult DispatchOp::verify() { return success(); }
LogicalResult CombineOp::verify() { return success(); }
