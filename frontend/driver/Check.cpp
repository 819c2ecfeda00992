//===- Check.cpp - moec check -----------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/parser/Ast.h"
#include "frontend/parser/Program.h"
#include "runtime/base/File.h"

namespace moec::driver {

int runCheck(const CheckOptions &options) {
  frontend::Diagnostics diagnostics;
  frontend::parseProgram({options.input}, {.ranks = options.ranks, .machinesWillDo = true},
                         diagnostics);
  // With --emit=json the standard output belongs to the twin.
  bool json = options.json && options.emit.empty();
  int code = showDiagnostics(diagnostics, json, /*always=*/true);
  if (code != 0 || options.emit.empty())
    return code;

  if (rt::Status status = rt::refuseToReplace(options.input, options.output, "--output");
      !status.ok())
    return showFailure(status, options.json);
  auto text = rt::readFile(options.input);
  if (!text)
    return showFailure(text.status());
  frontend::Diagnostics again;
  auto twin = frontend::sourceToJson(*std::move(text), options.input, again);
  if (!twin)
    return showDiagnostics(again, /*json=*/false);
  return writeOutput(options.output, *twin);
}

} // namespace moec::driver
