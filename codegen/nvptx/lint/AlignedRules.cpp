//===- AlignedRules.cpp - Instructions that a warp executes as one --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Divergence.h"
#include "codegen/nvptx/lint/Rules.h"

namespace moec::codegen {

void checkAlignedCount(LintContext &context) {
  if (!context.options.aligned)
    return;
  AlignedCounts found{};
  std::array<const ptx::Instruction *, kAlignedOps.size()> last{};
  for (const ptx::Instruction &instruction : context.kernel.instructions)
    if (auto op = alignedOpOfPtx(instruction.opcode)) {
      ++found[*op];
      last[*op] = &instruction;
    }
  for (size_t op = 0; op < kAlignedOps.size(); ++op) {
    size_t wanted = (*context.options.aligned)[op];
    if (found[op] > wanted)
      context.report(*last[op], rt::concat("wanted ", wanted, " of ", kAlignedOps[op].ptx,
                                           "*, as LLVM was given, found ", found[op]));
  }
}

void checkAlignedDivergent(LintContext &context) {
  const ptx::Kernel &kernel = context.kernel;
  Divergence divergence(kernel);
  for (unsigned i = 0; i < kernel.instructions.size(); ++i) {
    const ptx::Instruction &instruction = kernel.instructions[i];
    if (!alignedOpOfPtx(instruction.opcode) && !instruction.has("aligned"))
      continue;
    if (instruction.guard && divergence.diverges(*instruction.guard))
      context.report(instruction, "wanted all lanes of a warp, found a guard that differs between "
                                  "them");
    else if (auto branch = divergence.splitBefore(kernel.blockOf(i)))
      context.report(instruction,
                     rt::concat("wanted all lanes of a warp, found only those that take one side "
                                "of the branch in line ",
                                (*branch)->line));
  }
}

} // namespace moec::codegen
