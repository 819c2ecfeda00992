//===- Assemble.cpp - From PTX to a cubin ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/Assemble.h"
#include "codegen/nvptx/FindTool.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace moec::codegen {

static rt::Result<std::string> requirePtxas(const std::string &wanted) {
  if (auto path = findProgram("ptxas", wanted))
    return *path;
  if (!wanted.empty())
    return rt::unsupportedError("no program ptxas at ", wanted);
  return rt::unsupportedError("no ptxas in $CUDA_HOME/bin, $CUDA_PATH/bin or on $PATH");
}

rt::Result<ChosenAssembler> ChosenAssembler::choose(const NvptxOptions &options) {
  ChosenAssembler chosen;
  if (options.assembler == Assembler::None)
    return chosen;
  if (options.assembler != Assembler::NvJitLink) {
    auto path = requirePtxas(options.ptxas);
    if (path.ok()) {
      chosen.ptxas = *path;
      return chosen;
    }
    // A path that was asked for and is wrong is not replaced by something else.
    if (options.assembler == Assembler::Ptxas || !options.ptxas.empty())
      return path.status();
  }
  auto library = NvJitLink::open(libraryCandidates("libnvJitLink.so", options.nvJitLink));
  if (library.ok())
    chosen.nvJitLink = *library;
  else if (options.assembler == Assembler::NvJitLink || !options.nvJitLink.empty())
    return library.status();
  return chosen;
}

bool ChosenAssembler::understands(const std::string &ptx) const {
  return !nvJitLink || ptx.find("\tsetmaxnreg.") == std::string::npos;
}

rt::Result<Assembly> ChosenAssembler::assemble(const std::string &ptx,
                                               const std::string &arch) const {
  assert(exists() && "nobody to assemble");
  return nvJitLink ? nvJitLink->assemble(ptx, arch) : runPtxas(ptxas, ptx, arch);
}

uint32_t codeBytes(const std::vector<uint8_t> &cubin, const std::string &name) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(cubin.data()), cubin.size());
  auto file = llvm::object::ELF64LEObjectFile::create(llvm::MemoryBufferRef(bytes, "cubin"));
  if (!file) {
    llvm::consumeError(file.takeError());
    return 0;
  }
  for (const llvm::object::SectionRef &section : file->sections()) {
    auto found = section.getName();
    if (!found)
      llvm::consumeError(found.takeError());
    else if (*found == ".text." + name)
      return uint32_t(section.getSize());
  }
  return 0;
}

} // namespace moec::codegen
