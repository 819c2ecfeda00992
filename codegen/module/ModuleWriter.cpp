//===- ModuleWriter.cpp - Making a .moex file ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/ModuleWriter.h"

#include "codegen/module/Layout.h"
#include "runtime/base/File.h"
#include "runtime/module/Module.h"

namespace moec::codegen {

/// Reads the file back: a module that cannot be opened, or says something else
/// than was asked for, must not leave the compiler.
static rt::Status checkReadable(const Bytes &file, const ModuleContents &contents) {
  rt::Result<rt::Module> module = rt::Module::openMemory(file, contents.manifest.layer.name);
  if (!module)
    return rt::internalError("the module that was made cannot be read back: ",
                             module.status().message());
  ModuleContents found = {module->manifest(), module->plan(), module->sources(),
                          module->provenance(), module->kernels()};
  if (found != contents)
    return rt::internalError("the module that was made reads back as another one");
  return {};
}

rt::Result<Bytes> encodeModule(const ModuleContents &contents) {
  if (contents.provenance.compiler.empty() && !contents.provenance.options.empty())
    return rt::internalError("wanted a compiler in the provenance, found options alone");
  Bytes file = layOut(encodeSections(contents));
  MOEC_RETURN_IF_ERROR(checkReadable(file, contents));
  return file;
}

rt::Status writeModule(const std::string &path, const ModuleContents &contents) {
  MOEC_ASSIGN_OR_RETURN(Bytes file, encodeModule(contents));
  return rt::writeFileAtomically(path, file);
}

} // namespace moec::codegen
