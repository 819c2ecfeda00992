//===- Backends.h - Which backends the suite runs on ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_CONFORMANCE_BACKENDS_H
#define MOEC_TEST_CONFORMANCE_BACKENDS_H

#include <cstdint>
#include <string>
#include <vector>

namespace moec::test {

/// A case that a backend does not pass, and why.
struct ExpectedFailure {
  std::string testCase; ///< name of the TEST_P
  std::string reason;
};

struct BackendUnderTest {
  std::string name; ///< libmoec_<name>.so
  bool hasTestMode = false;
  /// Runs generated kernels: layers are in bf16, and modules come from `compiler`.
  bool runsKernels = false;
  std::vector<uint32_t> ranks = {2, 3, 5, 8};
  std::vector<ExpectedFailure> exceptions;
};

/// Of this binary: BackendsPlan.cpp, or BackendsKernels.cpp where the compiler is at hand.
const std::vector<BackendUnderTest> &backends();

} // namespace moec::test

#endif // MOEC_TEST_CONFORMANCE_BACKENDS_H
