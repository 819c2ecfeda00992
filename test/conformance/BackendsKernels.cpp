//===- BackendsKernels.cpp - Backends that run what is compiled here ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/Backends.h"

#include <cstdlib>

namespace moec::test {

/// With MOEC_CONFORMANCE_SAVE the modules are what is wanted: they run where that is
/// quick, on a backend that leaves their kernels alone.
static BackendUnderTest chosen() {
  if (std::getenv("MOEC_CONFORMANCE_SAVE"))
    return {.name = "cpu", .runsKernels = true, .ranks = {2, 3, 8}, .exceptions = {}};
  return {.name = "emulator",
          .hasTestMode = true,
          .runsKernels = true,
          .ranks = {2, 3, 8},
          .exceptions = {}};
}

const std::vector<BackendUnderTest> &backends() {
  static const std::vector<BackendUnderTest> all = {chosen()};
  return all;
}

} // namespace moec::test
