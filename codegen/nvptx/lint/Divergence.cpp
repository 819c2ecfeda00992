//===- Divergence.cpp - What differs between the lanes of a warp ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Divergence.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace moec::codegen {
using ptx::Instruction;

static bool mentions(const Instruction &instruction, std::string_view special) {
  for (size_t i = 1; i < instruction.operands.size(); ++i)
    for (std::string_view name : ptx::identifiers(instruction.operands[i]))
      if (name == special)
        return true;
  return false;
}

static std::optional<long> immediate(std::string_view operand) {
  std::string text(operand);
  char *end = nullptr;
  long value = std::strtol(text.c_str(), &end, 0);
  return end == text.c_str() || *end ? std::nullopt : std::optional(value);
}

Divergence::Divergence(const ptx::Kernel &kernel)
    : kernel(kernel), controllers(kernel.flow->controllers()), writers(kernel.registers),
      threadNumbers(kernel.registers), registers(kernel.registers), splits(kernel.flow->size()) {
  for (const Instruction &instruction : kernel.instructions)
    for (ptx::Register reg : instruction.writes)
      ++writers[reg];
  // Warps are rows of 32 threads only where blocks have one dimension.
  bool flat = kernel.threads[1] <= 1 && kernel.threads[2] <= 1;
  for (const Instruction &instruction : kernel.instructions)
    if (flat && instruction.is("mov") && mentions(instruction, "%tid.x"))
      for (ptx::Register reg : instruction.writes)
        threadNumbers[reg] = writers[reg] == 1;
  for (bool changed = true; changed;) {
    changed = propagateRegisters();
    changed |= propagateBlocks();
  }
}

/// Whether the result is the same for all lanes although a thread number goes in.
bool Divergence::isWarpNumber(const Instruction &instruction) const {
  // The guard would be among what is read.
  if (instruction.guard || instruction.operands.size() < 3 || instruction.reads.size() != 1 ||
      !threadNumbers[instruction.reads[0]])
    return false;
  auto value = immediate(instruction.operands[2]);
  if (!value)
    return false;
  if (instruction.is("shr"))
    return *value >= 5;
  if (instruction.is("and"))
    return *value % 32 == 0;
  if (instruction.is("setp") && instruction.operands.size() == 3) {
    if (instruction.has("lt") || instruction.has("ge"))
      return *value % 32 == 0;
    if (instruction.has("gt") || instruction.has("le"))
      return *value % 32 == 31;
  }
  return false;
}

bool Divergence::resultDiverges(const Instruction &instruction) const {
  auto any = [&](const std::vector<ptx::Register> &regs) {
    return std::any_of(regs.begin(), regs.end(), [&](ptx::Register reg) { return registers[reg]; });
  };
  if (instruction.guard && registers[*instruction.guard])
    return true;
  if (instruction.is("mov"))
    for (std::string_view special :
         {"%tid.x", "%tid.y", "%tid.z", "%laneid", "%globaltimer", "%clock", "%clock64",
          "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge"})
      if (mentions(instruction, special))
        return true;
  if (instruction.is("elect") || instruction.is("atom") || instruction.is("mbarrier.try_wait") ||
      instruction.is("mbarrier.test_wait"))
    return true;
  if (instruction.is("ld") &&
      (instruction.has("acquire") || instruction.has("relaxed") || instruction.has("volatile")))
    return true; // another value a moment later
  if (instruction.is("vote") || instruction.is("redux") || instruction.is("match.all"))
    return false;
  if (instruction.is("shfl.sync.idx") && instruction.operands.size() >= 3 &&
      immediate(instruction.operands[2]))
    return false;
  if (isWarpNumber(instruction))
    return false;
  return any(instruction.reads);
}

bool Divergence::propagateRegisters() {
  bool changed = false;
  for (unsigned i = 0; i < kernel.instructions.size(); ++i) {
    const Instruction &instruction = kernel.instructions[i];
    if (instruction.writes.empty())
      continue;
    bool diverges = resultDiverges(instruction);
    bool chosen = splits[kernel.blockOf(i)].has_value();
    for (ptx::Register reg : instruction.writes) {
      // elect gives every lane the same leader; only its predicate differs.
      bool leader = instruction.is("elect") && reg == instruction.writes.front();
      if (!registers[reg] && ((diverges && !leader) || (chosen && writers[reg] > 1))) {
        registers[reg] = true;
        changed = true;
      }
    }
  }
  return changed;
}

bool Divergence::propagateBlocks() {
  bool changed = false;
  for (Block block = 0; block < splits.size(); ++block) {
    if (splits[block])
      continue;
    for (Block controller : controllers[block]) {
      const Instruction &branch = kernel.instructions[kernel.first[controller + 1] - 1];
      bool parts = branch.guard ? registers[*branch.guard]
                                : std::any_of(branch.reads.begin(), branch.reads.end(),
                                              [&](ptx::Register reg) { return registers[reg]; });
      if (parts)
        splits[block] = controller;
      else if (splits[controller])
        splits[block] = splits[controller];
      if (splits[block]) {
        changed = true;
        break;
      }
    }
  }
  return changed;
}

std::optional<const Instruction *> Divergence::splitBefore(Block block) const {
  if (!splits[block])
    return std::nullopt;
  return &kernel.instructions[kernel.first[*splits[block] + 1] - 1];
}

} // namespace moec::codegen
