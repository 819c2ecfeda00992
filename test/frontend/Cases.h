//===- Cases.h - Files of the data-driven tests -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A case is a source, perhaps a NAME.args beside it, and NAME.expected: what is
// shown to the user, to the letter. MOEC_UPDATE_EXPECTED=1 in the environment
// writes the expected files instead of comparing; read the difference before
// committing it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FRONTEND_CASES_H
#define MOEC_TEST_FRONTEND_CASES_H

#include <string>
#include <vector>

namespace moec::frontend::test {

/// A folder below test/frontend.
std::string folder(const std::string &name);
/// Names of the files in it with one of the extensions, sorted.
std::vector<std::string> listFiles(const std::string &folder,
                                   const std::vector<std::string> &extensions);
std::string readFile(const std::string &path);
/// The number behind `key` in NAME.args beside NAME.moe; -1 if there is none.
long readArgument(const std::string &path, const std::string &key);
/// Compares with (or updates) the expected file of a source.
void expectText(const std::string &source, const std::string &actual);

} // namespace moec::frontend::test

#endif // MOEC_TEST_FRONTEND_CASES_H
