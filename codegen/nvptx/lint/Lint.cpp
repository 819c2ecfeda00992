//===- Lint.cpp - Rules that the PTX of every kernel must keep ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Lint.h"
#include "codegen/nvptx/lint/Rules.h"

namespace moec::codegen {

/// By name.
static constexpr std::array<Rule, 11> kRules = {{
    {"aligned-count", checkAlignedCount},
    {"aligned-divergent", checkAlignedDivergent},
    {"flag-width", checkFlagWidth},
    {"memory-order", checkMemoryOrder},
    {"no-calls", checkNoCalls},
    {"no-local", checkNoLocal},
    {"proxy-after-acquire", checkProxyAfterAcquire},
    {"proxy-before-async", checkProxyBeforeAsync},
    {"register-budget", checkRegisterBudget},
    {"vector-width", checkVectorWidth},
    {"wait-before-publish", checkWaitBeforePublish},
}};

/// Instructions of wgmma run over thousands of characters.
static std::string shortened(std::string_view text) {
  constexpr size_t kMost = 120;
  std::string line(text.substr(0, kMost));
  for (char &c : line)
    if (c == '\n' || c == '\t')
      c = ' ';
  return text.size() > kMost ? line + "..." : line;
}

void LintContext::report(const ptx::Instruction &instruction, const std::string &message) {
  Finding finding;
  finding.rule = rule;
  finding.message =
      rt::concat(message, " (PTX line ", instruction.line, ": ", shortened(instruction.text), ")");
  const ptx::Place &place = instruction.place;
  if (place.line != 0 && place.file >= 1 && place.file <= file.names.size()) {
    finding.sourceFile = file.names[place.file - 1];
    finding.sourceLine = place.line;
    finding.sourceColumn = place.column;
  }
  findings.push_back(std::move(finding));
}

void LintContext::reportLine(unsigned line, const std::string &message) {
  Finding finding;
  finding.rule = rule;
  finding.message = rt::concat(message, " (PTX line ", line, ")");
  findings.push_back(std::move(finding));
}

void followPaths(
    const ptx::Kernel &kernel,
    const std::function<void(const ptx::Instruction &, unsigned &state, bool final)> &step) {
  const FlowGraph &flow = *kernel.flow;
  std::vector<unsigned> entry(flow.size(), 0);
  auto run = [&](Block block, bool final) {
    unsigned state = entry[block];
    for (unsigned i = kernel.first[block]; i < kernel.first[block + 1]; ++i)
      step(kernel.instructions[i], state, final);
    return state;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (Block block = 0; block < flow.size(); ++block) {
      if (!flow.reachable(block))
        continue;
      unsigned state = run(block, false);
      for (Block successor : flow.successors(block)) {
        changed |= (entry[successor] | state) != entry[successor];
        entry[successor] |= state;
      }
    }
  }
  for (Block block = 0; block < flow.size(); ++block)
    if (flow.reachable(block))
      run(block, true);
}

rt::Result<std::vector<Finding>> lintPtx(std::string_view text, const LintOptions &options) {
  MOEC_ASSIGN_OR_RETURN(ptx::File file, ptx::parse(text));
  std::vector<Finding> findings;
  for (const ptx::Kernel &kernel : file.kernels) {
    LintContext context(file, kernel, options, findings);
    for (const Rule &rule : kRules) {
      context.rule = rule.id;
      rule.check(context);
    }
  }
  return findings;
}

std::vector<std::string_view> lintRules() {
  std::vector<std::string_view> ids;
  for (const Rule &rule : kRules)
    ids.push_back(rule.id);
  return ids;
}

} // namespace moec::codegen
