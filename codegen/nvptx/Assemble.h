//===- Assemble.h - From PTX to a cubin ------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function may be called from several threads at once.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_ASSEMBLE_H
#define MOEC_CODEGEN_NVPTX_ASSEMBLE_H

#include "codegen/nvptx/Nvptx.h"
#include "runtime/base/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace moec::codegen {

struct Assembly {
  std::vector<uint8_t> cubin;
  std::string log;
};

/// Runs the program `ptxas`. Its files are temporary and readable by the user
/// alone.
rt::Result<Assembly> runPtxas(const std::string &ptxas, const std::string &ptx,
                              const std::string &arch);

/// libnvJitLink.so, opened once and never closed.
class NvJitLink {
public:
  /// The library of `candidates` (FindTool.h) that opens first, or why none does.
  static rt::Result<const NvJitLink *> open(const std::vector<std::string> &candidates);

  rt::Result<Assembly> assemble(const std::string &ptx, const std::string &arch) const;

private:
  struct Functions;
  const Functions *functions = nullptr;
};

/// Decides once which of the two it is.
class ChosenAssembler {
public:
  /// Unsupported if the options insist on one that is not there.
  static rt::Result<ChosenAssembler> choose(const NvptxOptions &options);

  /// False: nobody assembles.
  bool exists() const { return !ptxas.empty() || nvJitLink; }
  /// Whether it does what `ptx` says. nvJitLink compiles all that it gets for linking, and
  /// there setmaxnreg is ignored (ptxas' C7504): math warps would have the registers of loaders.
  bool understands(const std::string &ptx) const;
  rt::Result<Assembly> assemble(const std::string &ptx, const std::string &arch) const;

private:
  std::string ptxas;
  const NvJitLink *nvJitLink = nullptr;
};

/// Bytes of machine code of the kernel `name` in a cubin; 0 if there is no such.
uint32_t codeBytes(const std::vector<uint8_t> &cubin, const std::string &name);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_ASSEMBLE_H
