//===- Route.cpp - Choose experts, count what goes where ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/RouteStages.h"

namespace moec::fusion {

mlir::LogicalResult buildRoute(KernelBuilder &kernel) {
  buildLogits(kernel);
  buildChoice(kernel);
  return mlir::success();
}

} // namespace moec::fusion
