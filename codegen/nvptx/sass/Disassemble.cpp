//===- Disassemble.cpp - nvdisasm as a program ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/FindTool.h"
#include "codegen/nvptx/TemporaryFile.h"
#include "codegen/nvptx/sass/Sass.h"

#include "llvm/Support/Program.h"

namespace moec::codegen {

rt::Result<std::string> disassemble(const std::vector<uint8_t> &cubin,
                                    const std::string &nvdisasm) {
  auto program = findProgram("nvdisasm", nvdisasm);
  if (!program)
    return rt::unsupportedError(
        "no nvdisasm in $CUDA_HOME/bin, $CUDA_PATH/bin, on $PATH or in $VIRTUAL_ENV (the Python "
        "package nvidia-cuda-nvdisasm has it)");
  MOEC_ASSIGN_OR_RETURN(TemporaryFile input, TemporaryFile::create("cubin"));
  MOEC_ASSIGN_OR_RETURN(TemporaryFile output, TemporaryFile::create("sass"));
  MOEC_ASSIGN_OR_RETURN(TemporaryFile log, TemporaryFile::create("log"));
  MOEC_RETURN_IF_ERROR(input.write({reinterpret_cast<const char *>(cubin.data()), cubin.size()}));
  std::string message;
  int status = llvm::sys::ExecuteAndWait(*program, {*program, "-c", input.path()},
                                         /*Env=*/std::nullopt,
                                         {/*in=*/"", output.path(), log.path()}, 0, 0, &message);
  if (status != 0)
    return rt::internalError("nvdisasm failed with status ", status, ": ", message, log.read());
  return output.read();
}

} // namespace moec::codegen
