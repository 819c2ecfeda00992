//===- Dialects.cpp - Every dialect that moec's tools read ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Dialects.h"
#include "dialects/comm/CommOps.h"
#include "dialects/moe/MoeOps.h"

void moec::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<comm::CommDialect, moe::MoeDialect>();
}
