//===- Fmt.cpp - moec fmt ---------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/parser/Ast.h"
#include "runtime/base/File.h"

#include <algorithm>
#include <cstdio>

namespace moec::driver {

static bool isJson(const std::string &text) {
  size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

static int formatFile(const std::string &path, const FmtOptions &options) {
  auto text = rt::readFile(path);
  if (!text)
    return showFailure(text.status(), options.json);
  frontend::Diagnostics diagnostics;
  auto formatted = frontend::formatSource(*text, path, diagnostics);
  if (!formatted)
    return showDiagnostics(diagnostics, options.json);
  if (options.toStdout)
    return writeOutput("", *formatted);
  if (isJson(*text))
    return showFailure(rt::invalidError(path, ": is the JSON form; --stdout prints it as text"),
                       options.json);
  if (*formatted == *text)
    return 0;
  if (!options.check)
    return writeOutput(path, *formatted, options.json);
  std::fprintf(stderr, "moec: error: %s is not in the canonical form; run: moec fmt %s\n",
               path.c_str(), path.c_str());
  return 1;
}

int runFmt(const FmtOptions &options) {
  int worst = 0;
  for (const std::string &path : options.inputs)
    worst = std::max(worst, formatFile(path, options));
  return worst;
}

} // namespace moec::driver
