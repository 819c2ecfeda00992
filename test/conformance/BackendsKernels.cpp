//===- BackendsKernels.cpp - Backends that run what is compiled here ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/Backends.h"

namespace moec::test {

const std::vector<BackendUnderTest> &backends() {
  static const std::vector<BackendUnderTest> all = {{.name = "emulator",
                                                     .hasTestMode = true,
                                                     .runsKernels = true,
                                                     .ranks = {2, 3, 8},
                                                     .exceptions = {}}};
  return all;
}

} // namespace moec::test
