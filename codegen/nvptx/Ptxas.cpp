//===- Ptxas.cpp - ptxas as a program -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/Assemble.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

namespace moec::codegen {
namespace {

/// A file of our own in the folder for temporary files, gone with this object.
class TemporaryFile {
public:
  static rt::Result<TemporaryFile> create(const char *suffix) {
    TemporaryFile file;
    // Made exclusively and for the user alone: nobody else can plant or read it.
    if (std::error_code code = llvm::sys::fs::createTemporaryFile("moec", suffix, file.name))
      return rt::internalError("cannot make a temporary file: ", code.message());
    file.remover = std::make_unique<llvm::FileRemover>(file.name);
    return file;
  }

  rt::Status write(const std::string &text) {
    std::error_code code;
    llvm::raw_fd_ostream out(name, code);
    if (!code) {
      out << text;
      out.close();
      code = out.error();
      out.clear_error();
    }
    return code ? rt::internalError("cannot write ", path(), ": ", code.message()) : rt::Status();
  }

  std::string read() const {
    auto buffer = llvm::MemoryBuffer::getFile(name, /*IsText=*/false, /*RequiresNull=*/false);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  }

  llvm::StringRef path() const { return name; }

private:
  llvm::SmallString<128> name;
  std::unique_ptr<llvm::FileRemover> remover;
};

} // namespace

rt::Result<Assembly> runPtxas(const std::string &ptxas, const std::string &ptx,
                              const std::string &arch) {
  MOEC_ASSIGN_OR_RETURN(TemporaryFile input, TemporaryFile::create("ptx"));
  MOEC_ASSIGN_OR_RETURN(TemporaryFile output, TemporaryFile::create("cubin"));
  MOEC_ASSIGN_OR_RETURN(TemporaryFile log, TemporaryFile::create("log"));
  MOEC_RETURN_IF_ERROR(input.write(ptx));

  std::string target = "-arch=" + arch;
  std::vector<llvm::StringRef> arguments = {ptxas, "-v", target};
  if (ptx.find("\t.loc\t") != std::string::npos) // else ptxas would warn
    arguments.push_back("-lineinfo");
  arguments.insert(arguments.end(), {input.path(), "-o", output.path()});
  std::string message;
  int status = llvm::sys::ExecuteAndWait(ptxas, arguments, /*Env=*/std::nullopt,
                                         {/*in=*/"", log.path(), log.path()}, 0, 0, &message);
  Assembly made;
  made.log = log.read();
  std::string bytes = output.read();
  if (status != 0 || bytes.empty())
    return rt::internalError("ptxas failed with status ", status, ": ", message, made.log);
  made.cubin.assign(bytes.begin(), bytes.end());
  return made;
}

} // namespace moec::codegen
