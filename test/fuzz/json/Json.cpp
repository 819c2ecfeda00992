//===- Json.cpp - Any bytes as JSON ---------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same bytes as a program in JSON form and as a checkpoint's config.json.
//===----------------------------------------------------------------------===//

#include "frontend/import/hf/ImportHf.h"
#include "frontend/parser/Ast.h"
#include "frontend/parser/Program.h"

#include <cstdlib>

using namespace moec::frontend;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static void checkProgram(const std::string &text) {
  Diagnostics diagnostics;
  uint32_t file = diagnostics.sources().add("fuzz.json", text);
  Ast ast = parseJson(file, diagnostics);
  require(!renderText(diagnostics).empty() == !diagnostics.empty());
  require(!renderJson(diagnostics).empty());
  if (diagnostics.hasErrors())
    return;
  // What the JSON form can say, the text form can.
  std::string formatted = formatText(ast), json = formatJson(ast);
  Diagnostics again;
  require(formatSource(formatted, "again.moe", again) == formatted);
  require(formatSource(json, "again.json", again) == formatted);
  if (formatted.find("import") != std::string::npos)
    return;
  std::optional<Program> program = parseProgramText(text, "fuzz.json", {}, again);
  Diagnostics fromText;
  std::optional<Program> same = parseProgramText(formatted, "again.moe", {}, fromText);
  require(program.has_value() == same.has_value());
  if (program)
    require(program->layer == same->layer && program->ranks() == same->ranks());
}

static void checkConfig(const std::string &text) {
  Diagnostics diagnostics;
  std::optional<HfImport> import = importHf(text, "config.json", std::nullopt, diagnostics);
  require(import.has_value() == (diagnostics.exitCode() == 0));
  require(!renderJson(diagnostics).empty());
  if (!import)
    return;
  Diagnostics again;
  require(formatSource(import->source, "import.moe", again) == import->source);
  require(parseProgramText(import->source, "import.moe", {}, again).has_value());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  checkProgram(text);
  checkConfig(text);
  return 0;
}
