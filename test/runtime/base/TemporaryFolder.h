//===- TemporaryFolder.h - A folder of its own for one test -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cases run at the same time, each in a process of its own: a file of a fixed name
// in the common temporary folder would be another's.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_BASE_TEMPORARYFOLDER_H
#define MOEC_TEST_RUNTIME_BASE_TEMPORARYFOLDER_H

#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <string>

namespace moec::test {

/// A folder of its own for one test, removed afterwards.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "moec-test-XXXXXX";
    if (::mkdtemp(name.data()))
      path = name;
    EXPECT_FALSE(path.empty()) << name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  std::string operator/(const std::string &name) const { return (path / name).string(); }
  /// Writes a file and returns its path.
  std::string write(const std::string &name, const std::string &bytes) const {
    std::ofstream file(path / name, std::ios::binary);
    EXPECT_TRUE(file.write(bytes.data(), std::streamsize(bytes.size())).flush()) << name;
    return *this / name;
  }

  std::filesystem::path path;
};

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_BASE_TEMPORARYFOLDER_H
