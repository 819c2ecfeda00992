//===- TextTable.h - Columns of text ---------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_TEXTTABLE_H
#define MOEC_RUNTIME_MODULE_TEXTTABLE_H

#include <string>
#include <vector>

namespace moec::rt {

/// Columns as wide as their widest cell, two spaces before each.
class TextTable {
public:
  /// `right[i]`: column i is a number.
  explicit TextTable(std::vector<bool> right) : right(std::move(right)) {}
  /// As many cells as there are columns.
  void row(std::vector<std::string> cells) { rows.push_back(std::move(cells)); }
  std::string text() const;

private:
  std::vector<bool> right;
  std::vector<std::vector<std::string>> rows;
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_TEXTTABLE_H
