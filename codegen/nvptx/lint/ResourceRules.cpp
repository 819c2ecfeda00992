//===- ResourceRules.cpp - Calls, local memory, registers -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Rules.h"

#include <algorithm>
#include <charconv>

namespace moec::codegen {
using ptx::Instruction;

void checkNoCalls(LintContext &context) {
  for (const Instruction &i : context.kernel.instructions)
    if (i.is("call"))
      context.report(i, "wanted no function, found a call");
}

void checkNoLocal(LintContext &context) {
  if (context.kernel.usesLocalMemory)
    context.reportLine(context.kernel.localLine,
                       "wanted everything in registers, found local memory");
  for (const Instruction &i : context.kernel.instructions)
    if ((i.is("ld") || i.is("st")) && i.has("local"))
      context.report(i, "wanted everything in registers, found an access of local memory");
}

/// Registers that a thread gets at launch when a CTA has the SM to itself.
static unsigned registersAtLaunch(unsigned threads) {
  constexpr unsigned kRegisters = 65536, kMost = 255, kStep = 8;
  return std::min(kRegisters / threads, kMost) / kStep * kStep;
}

void checkRegisterBudget(LintContext &context) {
  unsigned least = 0, most = 0;
  const Instruction *last = nullptr;
  for (const Instruction &i : context.kernel.instructions) {
    if (!i.is("setmaxnreg"))
      continue;
    last = &i;
    unsigned count = 0;
    if (!i.operands.empty())
      std::from_chars(i.operands[0].data(), i.operands[0].data() + i.operands[0].size(), count);
    if (count < 24 || count > 256 || count % 8 != 0)
      context.report(i, "wanted a multiple of 8 between 24 and 256");
    unsigned &side = i.has("dec") ? least : most;
    side = std::max(side, count);
  }
  if (!last)
    return;
  const auto &shape = context.kernel.threads;
  unsigned threads = shape[0] * shape[1] * shape[2];
  if (threads == 0 || threads % 128 != 0) {
    context.report(*last, "wanted .reqntid with whole warpgroups in a kernel that moves registers "
                          "between them");
    return;
  }
  // At least one warpgroup gives, and the others take: who is who is not in the text.
  unsigned groups = threads / 128, given = registersAtLaunch(threads) * groups;
  unsigned wanted = least ? least + (groups - 1) * std::max(most, least) : groups * most;
  if (most && wanted > given)
    context.report(*last, rt::concat("wanted at most ", given, " registers for ", groups,
                                     " threads, one of each warpgroup, found ", wanted,
                                     ": the kernel would hang"));
}

} // namespace moec::codegen
