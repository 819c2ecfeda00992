//===- Backends.h - Which backends the suite runs on ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_CONFORMANCE_BACKENDS_H
#define MOEC_TEST_CONFORMANCE_BACKENDS_H

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
  std::vector<ExpectedFailure> exceptions;
};

const std::vector<BackendUnderTest> &backends();

} // namespace moec::test

#endif // MOEC_TEST_CONFORMANCE_BACKENDS_H
