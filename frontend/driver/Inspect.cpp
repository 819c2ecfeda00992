//===- Inspect.cpp - moec inspect -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/module/Inspect.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"

namespace moec::driver {

int runInspect(const InspectOptions &options) {
  auto module = rt::Module::open(options.module);
  if (!module)
    return showFailure(module.status(), options.json);
  return writeOutput("", options.json ? rt::inspectJson(*module) : rt::inspectText(*module));
}

} // namespace moec::driver
