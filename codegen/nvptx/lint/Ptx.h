//===- Ptx.h - PTX text as instructions ------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// As much of PTX as LLVM writes and moec's inline assembly holds: one level of
// functions, instructions, labels, and blocks in braces with registers and labels
// of their own. Views point into the text, which has to live as long.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_LINT_PTX_H
#define MOEC_CODEGEN_NVPTX_LINT_PTX_H

#include "codegen/nvptx/flow/FlowGraph.h"
#include "runtime/base/Status.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moec::codegen::ptx {

/// A register, numbered through the kernel. Two blocks in braces that declare the
/// same name declare two registers.
using Register = unsigned;

/// What a `.loc` says.
struct Place {
  unsigned file = 0; ///< number of a `.file`; 0: unknown
  unsigned line = 0;
  unsigned column = 0;
};

struct Instruction {
  std::string_view text;                  ///< without guard, comments at its ends and semicolon
  std::string_view opcode;                ///< "st.release.sys.global.b64"
  std::vector<std::string_view> operands; ///< as they stand: "[%rd1+8]", "{%r1, %r2}"
  unsigned line = 0;                      ///< of the PTX, from 1
  Place place;                            ///< in the source
  std::optional<Register> guard;          ///< @p
  bool guardNegated = false;              ///< @!p
  std::vector<Register> reads, writes;    ///< the guard is read
  std::vector<unsigned> targets;          ///< of a branch: instructions

  /// "cp.async.bulk" of "cp.async.bulk.tensor.3d", not of "cp.async.bulky".
  bool is(std::string_view name) const;
  /// Whether the opcode has ".modifier" behind its first word.
  bool has(std::string_view modifier) const;
  bool endsFlow() const; ///< ret, exit, trap or a branch without guard
};

struct Kernel {
  std::string_view name;
  unsigned line = 0;
  std::array<unsigned, 3> threads = {0, 0, 0}; ///< .reqntid; 0: not said
  bool usesLocalMemory = false;                ///< declares .local
  unsigned localLine = 0;                      ///< where
  std::vector<Instruction> instructions;
  unsigned registers = 0; ///< how many
  /// Blocks: instructions [first[b], first[b + 1]).
  std::vector<unsigned> first;
  std::optional<FlowGraph> flow;

  unsigned blockOf(unsigned instruction) const;
};

struct File {
  std::vector<Kernel> kernels;
  std::vector<std::string_view> names; ///< of `.file`: names[0] is number 1
};

/// Wants well-formed PTX, as LLVM writes it; an error names the line.
rt::Result<File> parse(std::string_view text);

/// The identifiers of an operand: "%r1", "%tid.x", "smem".
std::vector<std::string_view> identifiers(std::string_view operand);

} // namespace moec::codegen::ptx

#endif // MOEC_CODEGEN_NVPTX_LINT_PTX_H
