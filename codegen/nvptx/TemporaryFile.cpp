//===- TemporaryFile.cpp - A file for a program to read or write ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/TemporaryFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace moec::codegen {

rt::Result<TemporaryFile> TemporaryFile::create(const char *suffix) {
  TemporaryFile file;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("moec", suffix, file.name))
    return rt::invalidError("cannot make a temporary file: ", code.message());
  file.remover = std::make_unique<llvm::FileRemover>(file.name);
  return file;
}

rt::Status TemporaryFile::write(llvm::StringRef bytes) {
  std::error_code code;
  llvm::raw_fd_ostream out(name, code);
  if (!code) {
    out << bytes;
    out.close();
    code = out.error();
    out.clear_error();
  }
  return code ? rt::invalidError("cannot write ", std::string(path()), ": ", code.message())
              : rt::Status();
}

std::string TemporaryFile::read() const {
  auto buffer = llvm::MemoryBuffer::getFile(name, /*IsText=*/false, /*RequiresNull=*/false);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

} // namespace moec::codegen
