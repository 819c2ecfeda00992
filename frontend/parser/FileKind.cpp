//===- FileKind.cpp - What a file is, before it is read -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/FileKind.h"
#include "frontend/parser/Lexer.h"
#include "runtime/module/Format.h"

#include <algorithm>

namespace moec::frontend {

/// A few odd bytes are shown where they stand; this many, or a zero byte in the
/// head, are another format.
static constexpr size_t headBytes = 16;
static constexpr ptrdiff_t maxZeroBytes = 3;
static constexpr size_t textBytesPerOddByte = 10;

static bool isModule(std::string_view text) {
  return text.starts_with(std::string_view(rt::format::magic.data(), rt::format::magic.size()));
}

static bool isText(std::string_view text) {
  size_t odd = 0;
  for (size_t i = 0; i < text.size();) {
    size_t length = utf8Length(text.substr(i));
    odd += length == 0 || (text[i] != '\n' && text[i] != '\r' && isControl(text[i]));
    i += std::max<size_t>(length, 1);
  }
  bool hasZeros = text.substr(0, headBytes).find('\0') != std::string_view::npos ||
                  std::count(text.begin(), text.end(), '\0') > maxZeroBytes;
  return !hasZeros && odd * textBytesPerOddByte <= text.size();
}

/// Where the first line starts that is neither empty nor a comment of MLIR or
/// ours; lines such as `#loc = loc(..)` are comments to us.
static size_t firstLine(std::string_view text) {
  size_t at = 0;
  while ((at = text.find_first_not_of(" \t\r\n", at)) != std::string_view::npos &&
         (text[at] == '#' || text.substr(at, 2) == "//"))
    at = std::min(text.find('\n', at), text.size());
  return std::min(at, text.size());
}

/// The length of the word that only IR starts with, or 0.
static size_t irWord(std::string_view text) {
  for (std::string_view word : {"module {", "module attributes", "module @", "\"builtin.module\"",
                                "builtin.module", "moe.", "comm.", "func.func"})
    if (text.starts_with(word))
      return std::min(word.find(' '), word.size());
  return 0;
}

bool isSource(std::string_view text) {
  text.remove_prefix(firstLine(text));
  return text.starts_with("moe ") || text.starts_with("moe\t");
}

bool checkFileKind(uint32_t file, Diagnostics &diagnostics) {
  const std::string &text = diagnostics.sources().text(file);
  const std::string &name = diagnostics.sources().name(file);
  if (isModule(text)) {
    diagnostics.report(DiagnosticId::IsModule, Location(), {name});
    return false;
  }
  if (!isText(text)) {
    diagnostics.report(DiagnosticId::NotText, Location(), {name});
    return false;
  }
  size_t start = firstLine(text);
  size_t length = irWord(std::string_view(text).substr(start));
  if (length == 0)
    return true;
  diagnostics.report(DiagnosticId::IsIr, diagnostics.sources().locate(file, start, length), {name})
      .help("IR is read by `moec compile --from PHASE`; `moec verify` and `simulate` read that of "
            "phase schedule, and `moec compile LAYER.moe --plan FILE` makes a module of it that "
            "runs");
  return false;
}

} // namespace moec::frontend
