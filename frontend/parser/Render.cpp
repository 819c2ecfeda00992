//===- Render.cpp - Diagnostics as text and JSON --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//
//   v3.moe:4:7: error[MOE0403]: top 9 of 8 experts
//       4 |   choose top 9 of score
//         |          ^^^^^ at most 8
//       2 |   experts 8 {
//         |   --------- 8 experts
//      help: ...
//===----------------------------------------------------------------------===//

#include "frontend/parser/Diagnostics.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace moec::frontend {

namespace {
enum class Paint { Plain, Bold, Red, Magenta, Yellow, Blue, Green };

/// One marked stretch of a line.
struct Mark {
  Location location;
  std::string_view text;
  bool primary;
  size_t order; ///< of the report: the primary one is 0
};

class TextRenderer {
public:
  TextRenderer(const Sources &sources, const RenderOptions &options)
      : sources(sources), options(options) {}
  std::string render(const Diagnostic &diagnostic);

private:
  std::string paint(Paint colour, std::string_view text) const;
  void renderMarks(const std::vector<Mark> &marks, Paint colour);
  void renderMark(const Mark &mark, Paint colour, bool withLine);

  const Sources &sources;
  const RenderOptions &options;
  std::string out;
};
} // namespace

static const char *severityName(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Unsupported:
    return "unsupported";
  case Severity::Warning:
    return "warning";
  }
  return "";
}

static Paint severityPaint(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return Paint::Red;
  case Severity::Unsupported:
    return Paint::Magenta;
  case Severity::Warning:
    return Paint::Yellow;
  }
  return Paint::Plain;
}

static const char *escapeOf(Paint colour) {
  switch (colour) {
  case Paint::Plain:
    return "";
  case Paint::Bold:
    return "\033[1m";
  case Paint::Red:
    return "\033[1;31m";
  case Paint::Magenta:
    return "\033[1;35m";
  case Paint::Yellow:
    return "\033[1;33m";
  case Paint::Blue:
    return "\033[34m";
  case Paint::Green:
    return "\033[32m";
  }
  return "";
}

std::string TextRenderer::paint(Paint colour, std::string_view text) const {
  if (!options.colour || colour == Paint::Plain || text.empty())
    return std::string(text);
  return escapeOf(colour) + std::string(text) + "\033[0m";
}

static bool isContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// What a terminal can show: control bytes and broken UTF-8 become '?'.
static std::string printable(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = static_cast<unsigned char>(text[i]);
    size_t length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 0;
    bool whole = length != 0 && i + length <= text.size() && byte < 0xF5;
    for (size_t k = 1; whole && k < length; ++k)
      whole = isContinuation(text[i + k]);
    if (!whole || (byte < 0x20 && byte != '\t') || byte == 0x7F) {
      result += '?';
      continue;
    }
    result.append(text.substr(i, length));
    i += length - 1;
  }
  return result;
}

void TextRenderer::renderMark(const Mark &mark, Paint colour, bool withLine) {
  // A line of a generated file can be a megabyte: show a window of it.
  constexpr size_t window = 120;
  std::string_view line = sources.line(mark.location.file, mark.location.line);
  size_t start = std::min<size_t>(mark.location.column - 1, line.size());
  size_t cut = line.size() > window && start > window / 2 ? start - window / 2 : 0;
  while (cut != 0 && cut < line.size() && isContinuation(line[cut]))
    ++cut;
  std::string_view shown = line.substr(cut, window);
  size_t length = std::min<size_t>(mark.location.length, cut + shown.size() - start);
  if (withLine) {
    bool isOfOptions = sources.name(mark.location.file) == optionsName;
    std::string number = isOfOptions ? "" : std::to_string(mark.location.line);
    out += std::string(number.size() < 5 ? 5 - number.size() : 0, ' ');
    out += paint(Paint::Blue, number + " |") + " " + printable(shown) + "\n";
  }
  out += "      " + paint(Paint::Blue, "|") + " ";
  for (char c : printable(line.substr(cut, start - cut)))
    if (!isContinuation(c))
      out += c == '\t' ? '\t' : ' ';
  std::string carets;
  for (char c : printable(line.substr(start, length)))
    if (!isContinuation(c))
      carets += mark.primary ? '^' : '-';
  if (carets.empty())
    carets = mark.primary ? "^" : "-";
  out += paint(colour, carets);
  if (!mark.text.empty())
    out += " " + paint(colour, mark.text);
  out += "\n";
}

void TextRenderer::renderMarks(const std::vector<Mark> &marks, Paint colour) {
  uint32_t lastLine = 0;
  for (const Mark &mark : marks) {
    renderMark(mark, mark.primary ? colour : Paint::Blue, mark.location.line != lastLine);
    lastLine = mark.location.line;
  }
}

static std::string placeOf(const Location &place, const Sources &sources) {
  if (sources.name(place.file) == optionsName)
    return optionsName;
  return sources.name(place.file) + ":" + std::to_string(place.line) + ":" +
         std::to_string(place.column);
}

std::string TextRenderer::render(const Diagnostic &diagnostic) {
  Paint colour = severityPaint(diagnostic.severity);
  const Location &place = diagnostic.location;
  std::string title = severityName(diagnostic.severity);
  if (diagnostic.id != DiagnosticId::None)
    title += "[" + diagnosticName(diagnostic.id) + "]";
  out.clear();
  if (place.isValid())
    out += paint(Paint::Bold, placeOf(place, sources) + ":") + " ";
  out +=
      paint(colour, title + ":") + " " + paint(Paint::Bold, printable(diagnostic.message)) + "\n";

  std::vector<Mark> here;
  if (place.isValid())
    here.push_back({place, diagnostic.label, true, 0});
  for (const Label &label : diagnostic.labels)
    if (place.isValid() && label.location.isValid() && label.location.file == place.file)
      here.push_back({label.location, label.text, false, here.size()});
  std::sort(here.begin(), here.end(), [](const Mark &a, const Mark &b) {
    return std::tie(a.location.line, a.order) < std::tie(b.location.line, b.order);
  });
  renderMarks(here, colour);
  for (const Label &label : diagnostic.labels) {
    if (!label.location.isValid() || (place.isValid() && label.location.file == place.file))
      continue;
    out +=
        "  " + paint(Paint::Bold, placeOf(label.location, sources) + ":") + " " + label.text + "\n";
    renderMarks({{label.location, "", false, 0}}, colour);
  }
  for (const std::string &note : diagnostic.notes)
    out += "   " + paint(Paint::Blue, "note:") + " " + printable(note) + "\n";
  for (const std::string &help : diagnostic.helps)
    out += "   " + paint(Paint::Green, "help:") + " " + printable(help) + "\n";
  return out;
}

std::string renderText(const Diagnostic &diagnostic, const Sources &sources,
                       const RenderOptions &options) {
  return TextRenderer(sources, options).render(diagnostic);
}

/// By place, then as reported; what has no place comes first. Or all as reported.
static std::vector<const Diagnostic *> sorted(const Diagnostics &diagnostics) {
  std::vector<const Diagnostic *> result;
  for (const Diagnostic &diagnostic : diagnostics.all())
    result.push_back(&diagnostic);
  if (diagnostics.keepsOrder())
    return result;
  std::sort(result.begin(), result.end(), [](const Diagnostic *a, const Diagnostic *b) {
    const Location &left = a->location, &right = b->location;
    return std::tie(left.file, left.line, left.column, a) <
           std::tie(right.file, right.line, right.column, b);
  });
  return result;
}

std::string renderText(const Diagnostics &diagnostics, const RenderOptions &options) {
  std::string result;
  for (const Diagnostic *diagnostic : sorted(diagnostics))
    result += renderText(*diagnostic, diagnostics.sources(), options);
  return result;
}

static nlohmann::ordered_json placeJson(const Location &place, const Sources &sources) {
  if (!place.isValid() || sources.name(place.file) == optionsName)
    return nullptr;
  return {{"file", sources.name(place.file)},
          {"line", place.line},
          {"column", place.column},
          {"offset", place.offset},
          {"length", place.length}};
}

std::string renderJson(const Diagnostics &diagnostics) {
  using Json = nlohmann::ordered_json;
  const Sources &sources = diagnostics.sources();
  Json list = Json::array();
  for (const Diagnostic *diagnostic : sorted(diagnostics)) {
    Json entry;
    entry["id"] =
        diagnostic->id == DiagnosticId::None ? Json(nullptr) : Json(diagnosticName(diagnostic->id));
    entry["severity"] = severityName(diagnostic->severity);
    entry["message"] = printable(diagnostic->message);
    entry["location"] = placeJson(diagnostic->location, sources);
    entry["label"] = printable(diagnostic->label);
    entry["related"] = Json::array();
    for (const Label &label : diagnostic->labels)
      entry["related"].push_back(
          {{"location", placeJson(label.location, sources)}, {"text", printable(label.text)}});
    entry["notes"] = diagnostic->notes;
    entry["help"] = diagnostic->helps;
    entry["fixes"] = Json::array();
    for (const FixIt &fix : diagnostic->fixIts)
      entry["fixes"].push_back(
          {{"location", placeJson(fix.location, sources)}, {"replacement", fix.replacement}});
    list.push_back(std::move(entry));
  }
  // Whatever bytes a name or a note quotes, the result is valid UTF-8.
  return Json{{"diagnostics", list}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace moec::frontend
