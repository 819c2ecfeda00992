//===- Sass.h - The machine code of a kernel -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_SASS_SASS_H
#define MOEC_CODEGEN_NVPTX_SASS_SASS_H

#include "codegen/nvptx/flow/FlowGraph.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moec::codegen {

/// What nvdisasm prints of a cubin. `nvdisasm`: its path; empty: looked for as
/// FindTool.h says. Unsupported where there is none.
rt::Result<std::string> disassemble(const std::vector<uint8_t> &cubin,
                                    const std::string &nvdisasm = "");

namespace sass {

/// An instruction has 16 bytes.
struct Instruction {
  unsigned address = 0;
  std::string_view guard;    ///< "P0", "!UP1"; empty: none
  std::string_view opcode;   ///< "HGMMA.64x256x16.F32.BF16"
  std::string_view operands; ///< as they stand

  /// "BAR" of "BAR.SYNC".
  std::string_view mnemonic() const { return opcode.substr(0, opcode.find('.')); }
};

struct Kernel {
  std::string_view name;
  std::vector<Instruction> instructions;
  /// Blocks: instructions [first[b], first[b + 1]).
  std::vector<unsigned> first;
  std::optional<FlowGraph> flow;
};

/// The kernels of a listing that nvdisasm -c printed; views point into it.
rt::Result<std::vector<Kernel>> parse(std::string_view listing);

} // namespace sass
} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_SASS_SASS_H
