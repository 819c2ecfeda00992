//===- Dialects.cpp - Every dialect that moec's tools read ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/tools/Dialects.h"
#include "dialects/comm/CommOps.h"
#if __has_include("dialects/moe/MoeOps.h")
#include "dialects/moe/MoeOps.h"
#endif

void moec::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<comm::CommDialect>();
#if __has_include("dialects/moe/MoeOps.h")
  registry.insert<moe::MoeDialect>();
#endif
}
