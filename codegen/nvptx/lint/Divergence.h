//===- Divergence.h - What differs between the lanes of a warp -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sees what comes from lane and thread numbers, clocks, atomics and elections, and
// what is computed from it or chosen by it. A shuffle from one lane, a vote or a
// reduction makes values uniform again, and so do the thread number without its
// lowest five bits and its comparison with a multiple of 32. Loads from one address
// count as one value, and loops that lanes leave at different times as left
// together: what is said to differ may differ, but not the other way round.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_LINT_DIVERGENCE_H
#define MOEC_CODEGEN_NVPTX_LINT_DIVERGENCE_H

#include "codegen/nvptx/lint/Ptx.h"

namespace moec::codegen {

class Divergence {
public:
  explicit Divergence(const ptx::Kernel &kernel);

  bool diverges(ptx::Register reg) const { return registers[reg]; }
  /// The branch that leaves only some lanes of a warp in the block, if there is one.
  std::optional<const ptx::Instruction *> splitBefore(Block block) const;

private:
  bool resultDiverges(const ptx::Instruction &instruction) const;
  bool isWarpNumber(const ptx::Instruction &instruction) const;
  bool propagateBlocks();
  bool propagateRegisters();

  const ptx::Kernel &kernel;
  std::vector<std::vector<Block>> controllers;
  std::vector<unsigned> writers;            ///< instructions that write a register
  std::vector<bool> threadNumbers;          ///< registers that hold %tid.x and nothing else
  std::vector<bool> registers;              ///< diverge
  std::vector<std::optional<Block>> splits; ///< of a block: where lanes part
};

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_LINT_DIVERGENCE_H
