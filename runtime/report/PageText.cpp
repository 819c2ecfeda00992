//===- PageText.cpp - Texts and numbers as a page has them ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/report/PageText.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace moec::report {

std::string escape(std::string_view text) {
  // A JSON string with bytes that are no UTF-8 replaced, and back.
  std::string clean =
      nlohmann::json::parse(nlohmann::json(std::string(text))
                                .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  std::string html;
  for (char c : clean)
    switch (c) {
    case '&':
      html += "&amp;";
      break;
    case '<':
      html += "&lt;";
      break;
    case '>':
      html += "&gt;";
      break;
    case '"':
      html += "&quot;";
      break;
    case '\'':
      html += "&#39;";
      break;
    default:
      html += c;
    }
  return html;
}

std::string dataText(const nlohmann::ordered_json &data) {
  std::string json = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), text;
  for (char c : json)
    text += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return text;
}

/// Number and unit.
static std::pair<std::string, const char *> split(double seconds) {
  char number[32];
  bool isLong = seconds >= 0.01;
  double value = isLong ? seconds * 1e3 : seconds * 1e6;
  std::snprintf(number, sizeof(number), value < 100 ? "%.2f" : "%.1f", value);
  return {number, isLong ? "ms" : "\u00b5s"};
}

std::string timeText(double seconds) {
  auto [number, unit] = split(seconds);
  return number + " " + unit;
}

std::string timeHtml(double seconds) {
  auto [number, unit] = split(seconds);
  return number + "<small>" + unit + "</small>";
}

std::string ratioText(double seconds, double bound) {
  if (bound <= 0)
    return "";
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f", seconds / bound);
  return text;
}

std::string percentText(double share) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2f%%", 100 * std::clamp(share, 0.0, 1.0));
  return text;
}

std::string rowHead(std::string_view cssClass) {
  return cssClass.empty() ? "<tr><td>" : "<tr class=\"" + std::string(cssClass) + "\"><td>";
}

} // namespace moec::report
