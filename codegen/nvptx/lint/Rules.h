//===- Rules.h - What a rule is --------------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_LINT_RULES_H
#define MOEC_CODEGEN_NVPTX_LINT_RULES_H

#include "codegen/nvptx/lint/Lint.h"
#include "codegen/nvptx/lint/Ptx.h"

#include <functional>

namespace moec::codegen {

/// What a rule looks at, and where it puts what it finds.
class LintContext {
public:
  LintContext(const ptx::File &file, const ptx::Kernel &kernel, const LintOptions &options,
              std::vector<Finding> &findings)
      : file(file), kernel(kernel), options(options), findings(findings) {}

  /// A finding at an instruction.
  void report(const ptx::Instruction &instruction, const std::string &message);
  /// A finding at a line that holds none.
  void reportLine(unsigned line, const std::string &message);

  const ptx::File &file;
  const ptx::Kernel &kernel;
  const LintOptions &options;
  std::string_view rule; ///< the one at work

private:
  std::vector<Finding> &findings;
};

struct Rule {
  std::string_view id;
  void (*check)(LintContext &);
};

// One function a rule; README.md has the sentence.
void checkAlignedCount(LintContext &);
void checkAlignedDivergent(LintContext &);
void checkFlagWidth(LintContext &);
void checkMemoryOrder(LintContext &);
void checkNoCalls(LintContext &);
void checkNoLocal(LintContext &);
void checkProxyAfterAcquire(LintContext &);
void checkProxyBeforeAsync(LintContext &);
void checkRegisterBudget(LintContext &);
void checkVectorWidth(LintContext &);
void checkWaitBeforePublish(LintContext &);

/// Calls `step` for the instructions along all ways through the kernel. `state`
/// is a set of bits: where ways meet, what any of them has. The last call for each
/// instruction, with everything that can reach it, has `final`.
void followPaths(
    const ptx::Kernel &kernel,
    const std::function<void(const ptx::Instruction &, unsigned &state, bool final)> &step);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_LINT_RULES_H
