//===- TemporaryFile.h - A file for a program to read or write -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_TEMPORARYFILE_H
#define MOEC_CODEGEN_NVPTX_TEMPORARYFILE_H

#include "runtime/base/Status.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileUtilities.h"

#include <memory>
#include <string>

namespace moec::codegen {

/// A file of our own in the folder for temporary files, gone with this object.
class TemporaryFile {
public:
  /// Made exclusively and for the user alone: nobody else can plant or read it.
  static rt::Result<TemporaryFile> create(const char *suffix);

  rt::Status write(llvm::StringRef bytes);
  /// Empty if it cannot be read.
  std::string read() const;
  llvm::StringRef path() const { return name; }

private:
  llvm::SmallString<128> name;
  std::unique_ptr<llvm::FileRemover> remover;
};

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_TEMPORARYFILE_H
