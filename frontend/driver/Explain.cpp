//===- Explain.cpp - moec explain -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/parser/Diagnostics.h"

#include <nlohmann/json.hpp>

namespace moec::driver {

/// An explanation begins with the id and the severity, then the text on a line of its own.
static std::string titleOf(const std::string &explanation) {
  size_t begin = explanation.find_first_not_of(" \n", explanation.find('\n'));
  size_t end = explanation.find('\n', begin);
  return explanation.substr(begin, end - begin);
}

int runExplain(const ExplainOptions &options) {
  std::vector<frontend::DiagnosticId> ids = frontend::allDiagnostics();
  if (!options.id.empty()) {
    auto id = frontend::diagnosticFromName(options.id);
    if (!id)
      return showFailure(rt::invalidError("diagnostic '", options.id, "': wanted an id like ",
                                          frontend::diagnosticName(ids.front()),
                                          "; 'moec explain' lists all of them"),
                         options.json);
    ids = {*id};
  }
  std::string out;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (frontend::DiagnosticId id : ids) {
    std::string text = frontend::explainDiagnostic(id);
    if (options.json)
      list.push_back(
          {{"id", frontend::diagnosticName(id)}, {"title", titleOf(text)}, {"explanation", text}});
    else
      out += options.id.empty() ? frontend::diagnosticName(id) + "  " + titleOf(text) + "\n" : text;
  }
  if (options.json)
    out = (options.id.empty() ? list : list.front()).dump(2);
  if (!out.empty() && out.back() != '\n')
    out += '\n';
  return writeOutput("", out);
}

} // namespace moec::driver
