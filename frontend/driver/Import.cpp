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

#include <nlohmann/json.hpp>

namespace moec::driver {

/// What was imported, for programs; the source itself where no file holds it.
static std::string summaryJson(const frontend::HfImport &imported, const std::string &output,
                               const frontend::Diagnostics &diagnostics) {
  nlohmann::ordered_json summary = {
      {"model", imported.model}, {"layer", imported.layer}, {"moe_layers", imported.moeLayers}};
  if (output.empty())
    summary["source"] = imported.source;
  else
    summary["output"] = output;
  summary["diagnostics"] =
      nlohmann::ordered_json::parse(frontend::renderJson(diagnostics))["diagnostics"];
  return summary.dump(2) + "\n";
}

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
  if (!imported)
    return showDiagnostics(diagnostics, options.json);
  if (!options.json) {
    showDiagnostics(diagnostics, /*json=*/false); // warnings
    return writeOutput(options.output, imported->source);
  }
  std::string summary = summaryJson(*imported, options.output, diagnostics);
  std::vector<Output> outputs = {{"", summary}};
  if (!options.output.empty())
    outputs.insert(outputs.begin(), {options.output, imported->source});
  return writeOutputs(outputs, /*json=*/true);
}

} // namespace moec::driver
