//===- BackendsPlan.cpp - Backends that need no compiler here --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cpu backend, and a GPU when modules for it were brought along: machines with
// GPUs need not have the compiler.
//===----------------------------------------------------------------------===//

#include "test/conformance/Backends.h"

#include <cstdlib>

namespace moec::test {

const std::vector<BackendUnderTest> &backends() {
  static const std::vector<BackendUnderTest> all = [] {
    std::vector<BackendUnderTest> found = {{.name = "cpu", .hasTestMode = true, .exceptions = {}}};
    if (std::getenv("MOEC_CONFORMANCE_MODULES"))
      found.push_back({.name = "cuda", .runsKernels = true, .ranks = {2, 3, 8}, .exceptions = {}});
    return found;
  }();
  return all;
}

} // namespace moec::test
