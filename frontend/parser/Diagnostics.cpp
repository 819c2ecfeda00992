//===- Diagnostics.cpp - What the compiler has to say ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Diagnostics.h"

#include <cctype>
#include <cstdio>
#include <utility>

namespace moec::frontend {

namespace {
struct Entry {
  DiagnosticId id;
  Severity severity;
  const char *text;
  const char *explanation;
};
} // namespace

static constexpr Entry entries[] = {
#define MOEC_DIAGNOSTIC(NUMBER, NAME, SEVERITY, TEXT, EXPLANATION)                                 \
  {DiagnosticId::NAME, Severity::SEVERITY, TEXT, EXPLANATION},
#include "frontend/parser/Diagnostics.def"
};

static const Entry &entryOf(DiagnosticId id) {
  for (const Entry &entry : entries)
    if (entry.id == id)
      return entry;
  return entries[0];
}

/// Puts the values into the holes {0}, {1}, ..
static std::string fillIn(std::string_view text, std::initializer_list<std::string> values) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    bool isHole = text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}' &&
                  std::isdigit(static_cast<unsigned char>(text[i + 1]));
    if (!isHole) {
      result += text[i];
      continue;
    }
    size_t index = static_cast<size_t>(text[i + 1] - '0');
    if (index < values.size())
      result += values.begin()[index];
    i += 2;
  }
  return result;
}

Diagnostic &Diagnostic::under(std::string text) {
  label = std::move(text);
  return *this;
}

Diagnostic &Diagnostic::at(Location place, std::string text) {
  labels.push_back({place, std::move(text)});
  return *this;
}

Diagnostic &Diagnostic::note(std::string text) {
  notes.push_back(std::move(text));
  return *this;
}

Diagnostic &Diagnostic::help(std::string text) {
  helps.push_back(std::move(text));
  return *this;
}

Diagnostic &Diagnostic::fix(Location place, std::string replacement) {
  fixIts.push_back({place, std::move(replacement)});
  return *this;
}

Diagnostic &Diagnostics::report(DiagnosticId id, Location place,
                                std::initializer_list<std::string> values) {
  const Entry &entry = entryOf(id);
  Diagnostic &diagnostic = reportText(entry.severity, place, fillIn(entry.text, values));
  diagnostic.id = id;
  return diagnostic;
}

Diagnostic &Diagnostics::reportText(Severity severity, Location place, std::string message) {
  errors += severity == Severity::Error;
  unsupported += severity == Severity::Unsupported;
  if (list.size() == limit) {
    const Entry &entry = entryOf(DiagnosticId::TooManyMessages);
    Diagnostic last;
    last.id = entry.id;
    last.message = fillIn(entry.text, {std::to_string(limit)});
    last.location = place;
    list.push_back(std::move(last));
  }
  if (full())
    return dropped = Diagnostic();
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.location = place;
  diagnostic.message = std::move(message);
  list.push_back(std::move(diagnostic));
  return list.back();
}

void Diagnostics::truncate(size_t count) {
  while (list.size() > count) {
    errors -= list.back().severity == Severity::Error;
    unsupported -= list.back().severity == Severity::Unsupported;
    list.pop_back();
  }
}

std::string diagnosticName(DiagnosticId id) {
  char name[16];
  std::snprintf(name, sizeof name, "MOE%04u", static_cast<unsigned>(id));
  return name;
}

std::optional<DiagnosticId> diagnosticFromName(std::string_view name) {
  if (name.size() > 3 && std::toupper(name[0]) == 'M' && std::toupper(name[1]) == 'O' &&
      std::toupper(name[2]) == 'E')
    name.remove_prefix(3);
  if (name.empty() || name.size() > 4)
    return std::nullopt;
  unsigned number = 0;
  for (char digit : name) {
    if (digit < '0' || digit > '9')
      return std::nullopt;
    number = number * 10 + static_cast<unsigned>(digit - '0');
  }
  for (const Entry &entry : entries)
    if (static_cast<unsigned>(entry.id) == number)
      return entry.id;
  return std::nullopt;
}

std::string explainDiagnostic(DiagnosticId id) {
  const Entry &entry = entryOf(id);
  const char *kind = "";
  switch (entry.severity) {
  case Severity::Error:
    kind = "error, exit code 1";
    break;
  case Severity::Unsupported:
    kind = "not supported by this version, exit code 2";
    break;
  case Severity::Warning:
    kind = "warning";
    break;
  }
  std::string result = diagnosticName(entry.id) + " (" + kind + ")\n";
  result += "  " + fillIn(entry.text, {"...", "...", "...", "..."}) + "\n\n";
  return result + entry.explanation + "\n";
}

std::vector<DiagnosticId> allDiagnostics() {
  std::vector<DiagnosticId> ids;
  for (const Entry &entry : entries)
    ids.push_back(entry.id);
  return ids;
}

} // namespace moec::frontend
