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
#include <nlohmann/json.hpp>

namespace moec::driver {

static bool isJson(const std::string &text) {
  size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

/// What became of one file. Without --json everything is said at once; with it,
/// `entry` is filled.
static int formatFile(const std::string &path, const FmtOptions &options,
                      nlohmann::ordered_json &entry) {
  entry = {{"file", path}, {"changed", false}, {"diagnostics", nlohmann::ordered_json::array()}};
  frontend::Diagnostics diagnostics;
  auto fail = [&](const rt::Status &status) {
    entry["diagnostics"].push_back({{"severity", "error"}, {"message", status.message()}});
    return options.json ? status.exitCode() : showFailure(status);
  };
  auto text = rt::readFile(path);
  if (!text)
    return fail(text.status());
  auto formatted = frontend::formatSource(*text, path, diagnostics);
  if (!formatted) {
    if (!options.json)
      return showDiagnostics(diagnostics, /*json=*/false);
    entry["diagnostics"] =
        nlohmann::ordered_json::parse(frontend::renderJson(diagnostics))["diagnostics"];
    return diagnostics.exitCode();
  }
  if (options.toStdout && !options.json)
    return writeOutput("", *formatted);
  if (options.toStdout)
    entry["text"] = *formatted;
  if (options.toStdout || *formatted == *text)
    return 0;
  if (isJson(*text))
    return fail(rt::invalidError(path, ": is the JSON form; --stdout prints it as text"));
  if (options.check)
    return fail(rt::invalidError(path, " is not in the canonical form; run: moec fmt ", path));
  entry["changed"] = true;
  rt::Status written = rt::writeFileAtomically(path, *formatted);
  return written.ok() ? 0 : fail(written);
}

int runFmt(const FmtOptions &options) {
  int worst = 0;
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const std::string &path : options.inputs) {
    nlohmann::ordered_json entry;
    worst = std::max(worst, formatFile(path, options, entry));
    files.push_back(std::move(entry));
  }
  if (options.json)
    writeOutput("", nlohmann::ordered_json{{"files", files}}.dump(2) + "\n");
  return worst;
}

} // namespace moec::driver
