//===- Backends.cpp - Which backends the suite runs on ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/Backends.h"

namespace moec::test {

const std::vector<BackendUnderTest> &backends() {
  static const std::vector<BackendUnderTest> all = {
      {"cpu", /*hasTestMode=*/true, {}},
  };
  return all;
}

} // namespace moec::test
