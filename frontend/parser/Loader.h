//===- Loader.h - A program's files -----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_LOADER_H
#define MOEC_FRONTEND_PARSER_LOADER_H

#include "frontend/parser/Ast.h"

#include <deque>

namespace moec::frontend {

/// The trees of the given files and of all they import, and the blocks of the
/// outermost level that take part.
struct LoadedFiles {
  std::deque<Ast> trees; ///< a deque: `blocks` points into them
  std::vector<const Statement *> blocks;
  /// False if a file was missing or something in it was not understood: a name
  /// that nobody declares may then be declared there.
  bool complete = true;

  std::vector<const Statement *> ofKind(std::string_view keyword) const {
    std::vector<const Statement *> result;
    for (const Statement *block : blocks)
      if (block->name() == keyword)
        result.push_back(block);
    return result;
  }
};

/// Reads `files` (already in the sources) and their imports.
LoadedFiles loadFiles(const std::vector<uint32_t> &files, Diagnostics &diagnostics);

/// Text of a machine that comes with moec; empty if there is none of that name.
std::string_view shippedMachine(std::string_view name);
std::vector<std::string_view> shippedMachineNames();

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_LOADER_H
