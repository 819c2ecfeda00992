//===- StoredModule.cpp - Modules that were compiled elsewhere -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/File.h"
#include "test/conformance/ModuleRun.h"

#include <cstdlib>

namespace moec::test {

std::vector<uint8_t> kernelModule(const Layer &layer, const Arrangement &arrangement) {
  const char *folder = std::getenv("MOEC_CONFORMANCE_MODULES");
  if (!folder)
    throw Error(MOEC_INVALID, "MOEC_CONFORMANCE_MODULES: wanted a folder of modules, found none");
  auto file = rt::readFile(std::string(folder) + "/" + moduleFileName(layer, arrangement));
  if (!file)
    throw Error(MOEC_INVALID, file.status().message());
  return {file->begin(), file->end()};
}

} // namespace moec::test
