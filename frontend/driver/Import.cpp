//===- Import.cpp - moec import -------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/import/hf/ImportHf.h"
#include "runtime/base/File.h"

namespace moec::driver {

int runImport(const ImportOptions &options) {
  auto config = rt::readFile(options.config);
  if (!config)
    return showFailure(config.status(), options.json);
  if (rt::Status status = rt::refuseToReplace(options.config, options.output, "--output");
      !status.ok())
    return showFailure(status, options.json);
  frontend::Diagnostics diagnostics;
  auto imported =
      frontend::importHf(*std::move(config), options.config, options.layer, diagnostics);
  // With no -o the standard output is the .moe file: diagnostics keep to standard error.
  bool json = options.json && (!options.output.empty() || !imported);
  int code = showDiagnostics(diagnostics, json);
  return imported ? writeOutput(options.output, imported->source, json) : code;
}

} // namespace moec::driver
