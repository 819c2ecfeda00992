//===- Diagnostics.h - What the compiler has to say -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Messages are data until the end: ids and texts come from Diagnostics.def,
// places from Sources, and a renderer turns the lot into text or JSON. Later
// phases report through `reportText`, with a place of the program, and are
// shown in the same way.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_DIAGNOSTICS_H
#define MOEC_FRONTEND_PARSER_DIAGNOSTICS_H

#include "frontend/parser/Sources.h"

#include <initializer_list>
#include <memory>

namespace moec::frontend {

enum class Severity : uint8_t {
  Error,       ///< the input is wrong: exit code 1
  Unsupported, ///< the input is right, this moec cannot do it: exit code 2
  Warning,
};

/// One per entry of Diagnostics.def; the number is the id's.
enum class DiagnosticId : uint16_t {
  None = 0,
#define MOEC_DIAGNOSTIC(NUMBER, NAME, SEVERITY, TEXT, EXPLANATION) NAME = NUMBER,
#include "frontend/parser/Diagnostics.def"
};

/// A second place with its own text: the other party of a conflict.
struct Label {
  Location location;
  std::string text;
};

/// Replace the place by the text (insert if its length is 0).
struct FixIt {
  Location location;
  std::string replacement;
};

struct Diagnostic {
  DiagnosticId id = DiagnosticId::None;
  Severity severity = Severity::Error;
  std::string message;
  Location location;
  std::string label; ///< shown after the carets; may be empty
  std::vector<Label> labels;
  std::vector<std::string> notes;
  std::vector<std::string> helps;
  std::vector<FixIt> fixIts;

  // Each returns the diagnostic, to be chained at the report.
  Diagnostic &under(std::string text);
  Diagnostic &at(Location place, std::string text);
  Diagnostic &note(std::string text);
  Diagnostic &help(std::string text);
  Diagnostic &fix(Location place, std::string replacement);
};

class Diagnostics {
public:
  Diagnostics() : files(std::make_shared<Sources>()) {}

  Sources &sources() { return *files; }
  const Sources &sources() const { return *files; }
  std::shared_ptr<Sources> shareSources() const { return files; }

  /// The reference is good until the next report.
  Diagnostic &report(DiagnosticId id, Location place,
                     std::initializer_list<std::string> values = {});
  /// For phases whose texts are not in Diagnostics.def.
  Diagnostic &reportText(Severity severity, Location place, std::string message);

  /// The last report, or one that is dropped.
  Diagnostic &last() { return list.empty() || full() ? dropped : list.back(); }

  /// Reports are shown as they came, not by place: their order says something.
  void keepOrder() { isOrdered = true; }
  bool keepsOrder() const { return isOrdered; }

  /// Forgets all but the first `count` reports.
  void truncate(size_t count);

  const std::vector<Diagnostic> &all() const { return list; }
  bool empty() const { return list.empty(); }
  /// Errors and unsupported features, dropped ones too.
  size_t errorCount() const { return errors + unsupported; }
  bool hasErrors() const { return errorCount() != 0; }
  /// 1 if the input is wrong, 2 if it is only unsupported, else 0.
  int exitCode() const { return errors ? 1 : unsupported ? 2 : 0; }
  /// True once so much was reported that going on helps nobody. Further
  /// reports are counted and dropped.
  bool full() const { return list.size() > limit; }

private:
  static constexpr size_t limit = 100;
  std::shared_ptr<Sources> files;
  std::vector<Diagnostic> list;
  Diagnostic dropped;
  size_t errors = 0, unsupported = 0;
  bool isOrdered = false;
};

struct RenderOptions {
  bool colour = false;
};

/// One diagnostic, or all of them by place, as text for a terminal.
std::string renderText(const Diagnostic &diagnostic, const Sources &sources,
                       const RenderOptions &options = {});
std::string renderText(const Diagnostics &diagnostics, const RenderOptions &options = {});

/// {"diagnostics": [{id, severity, message, file, line, column, length, ...}]}
std::string renderJson(const Diagnostics &diagnostics);

/// "MOE0412".
std::string diagnosticName(DiagnosticId id);
/// "MOE0412" (any case) or "412".
std::optional<DiagnosticId> diagnosticFromName(std::string_view name);
/// Id, severity, the text with its holes, and what to do about it.
std::string explainDiagnostic(DiagnosticId id);
/// Every id, ascending.
std::vector<DiagnosticId> allDiagnostics();

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_DIAGNOSTICS_H
