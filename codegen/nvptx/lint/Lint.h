//===- Lint.h - Rules that the PTX of every kernel must keep ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last look at a kernel before NVIDIA's tools take it, which say nothing about
// what is checked here. It runs on every compile; a finding is a bug of moec's.
// The rules and their reasons are in README.md.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_LINT_LINT_H
#define MOEC_CODEGEN_NVPTX_LINT_LINT_H

#include "codegen/nvptx/lint/AlignedOps.h"
#include "runtime/base/Status.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moec::codegen {

struct Finding {
  std::string_view rule; ///< its id
  std::string message;   ///< what was wanted and found, the PTX line, the instruction
  // The place in the source that the instruction came from; no line: unknown.
  std::string sourceFile;
  unsigned sourceLine = 0;
  unsigned sourceColumn = 0;
};

struct LintOptions {
  /// What LLVM was given; nothing: not known, and not compared.
  std::optional<AlignedCounts> aligned;
};

/// In the order of the rules and of the lines. Fails where the text is no PTX that
/// the parser knows.
rt::Result<std::vector<Finding>> lintPtx(std::string_view ptx, const LintOptions &options = {});

/// The ids of all rules.
std::vector<std::string_view> lintRules();

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_LINT_LINT_H
