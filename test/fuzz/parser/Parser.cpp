//===- Parser.cpp - Any bytes as a .moe program ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whatever is read can be shown, and what is accepted keeps its meaning through
// the formatter and the JSON form.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Ast.h"
#include "frontend/parser/Program.h"

#include <cstdlib>

using namespace moec::frontend;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static void requireShown(const Diagnostics &diagnostics) {
  // Most inputs are wrong all over; showing the first few of a hundred is enough.
  size_t shown = 0;
  for (const Diagnostic &diagnostic : diagnostics.all())
    if (++shown <= 8)
      require(renderText(diagnostic, diagnostics.sources()).size() < 20000);
  if (diagnostics.all().size() <= 8)
    require(!renderJson(diagnostics).empty());
  for (const Diagnostic &diagnostic : diagnostics.all())
    require(!diagnostic.message.empty());
}

static void checkForms(const std::string &text) {
  Diagnostics diagnostics;
  std::optional<std::string> formatted = formatSource(text, "fuzz.moe", diagnostics);
  std::optional<std::string> json = sourceToJson(text, "fuzz.moe", diagnostics);
  require(formatted.has_value() == json.has_value());
  requireShown(diagnostics);
  if (!formatted) {
    require(diagnostics.hasErrors());
    return;
  }
  Diagnostics again;
  require(formatSource(*formatted, "again.moe", again) == formatted);
  require(formatSource(*json, "again.json", again) == formatted);
  require(sourceToJson(*json, "again.json", again) == json);
}

static void checkProgram(const std::string &text) {
  // A file that the input names is no part of the input.
  if (text.find("import") != std::string::npos)
    return;
  Diagnostics diagnostics;
  std::optional<Program> program = parseProgramText(text, "fuzz.moe", {}, diagnostics);
  require(program.has_value() == (diagnostics.exitCode() == 0));
  requireShown(diagnostics);
  if (!program)
    return;
  const moec::Layer &layer = program->layer;
  require(layer.hidden && layer.experts && layer.expert.intermediate && program->ranks());
  require(layer.router.topK >= 1 && layer.router.topK <= layer.experts);
  require(layer.weights.size() >= 4);
  for (const ExpertPin &pin : program->placement.pins)
    for (uint32_t rank : pin.ranks)
      require(rank < program->ranks() && pin.expert < layer.experts);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  checkForms(text);
  checkProgram(text);
  return 0;
}
