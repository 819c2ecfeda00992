//===- Cases.cpp - Files of the data-driven tests -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/frontend/Cases.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace moec::frontend::test {

std::string folder(const std::string &name) {
  return std::string(MOEC_TEST_DIR) + "/frontend/" + name;
}

std::vector<std::string> listFiles(const std::string &folder,
                                   const std::vector<std::string> &extensions) {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    std::string extension = entry.path().extension();
    if (entry.is_regular_file() &&
        std::find(extensions.begin(), extensions.end(), extension) != extensions.end())
      names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

long readArgument(const std::string &path, const std::string &key) {
  std::ifstream stream(std::filesystem::path(path).replace_extension(".args"));
  std::string name;
  long value = -1;
  while (stream >> name >> value)
    if (name == key)
      return value;
  return -1;
}

void expectText(const std::string &source, const std::string &actual) {
  std::string path = std::filesystem::path(source).replace_extension(".expected");
  if (std::getenv("MOEC_UPDATE_EXPECTED")) {
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing; found:\n" << actual;
  EXPECT_EQ(readFile(path), actual) << source;
}

} // namespace moec::frontend::test
