//===- Diff.cpp - moec diff -------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "runtime/module/Inspect.h"

namespace moec::driver {

int runDiff(const DiffOptions &options) {
  auto left = rt::Module::open(options.left);
  if (!left)
    return showFailure(left.status(), options.json);
  auto right = rt::Module::open(options.right);
  if (!right)
    return showFailure(right.status(), options.json);
  auto differences = rt::diffModules(*left, *right);
  int code = writeOutput("", options.json ? rt::diffJson(*left, *right, differences)
                                          : rt::diffText(*left, *right, differences));
  return code ? code : differences.empty() ? 0 : 1;
}

} // namespace moec::driver
