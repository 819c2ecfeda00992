//===- Dialects.cpp - Every dialect that moec's tools read ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Dialects.h"
#include "dialects/comm/CommOps.h"
#include "dialects/moe/MoeOps.h"
#include "dialects/tile/TileOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

void moec::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<comm::CommDialect, moe::MoeDialect, tile::TileDialect>();
  // What stands beside tile ops in a role, and what they become.
  registry.insert<mlir::arith::ArithDialect, mlir::LLVM::LLVMDialect, mlir::NVVM::NVVMDialect,
                  mlir::math::MathDialect, mlir::scf::SCFDialect>();
}
