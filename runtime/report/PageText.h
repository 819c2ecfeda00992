//===- PageText.h - Texts and numbers as a page has them --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_REPORT_PAGETEXT_H
#define MOEC_RUNTIME_REPORT_PAGETEXT_H

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace moec::report {

/// As text of an element or a quoted attribute: & < > " ' are entities, and bytes that
/// are no UTF-8 a replacement character.
std::string escape(std::string_view text);

/// Of a script element that holds JSON: no `<` in it, so that nothing ends it early.
std::string dataText(const nlohmann::ordered_json &data);

std::string timeText(double seconds);                ///< "12.3 us", as "12.3 µs"; "4.56 ms"
std::string timeHtml(double seconds);                ///< with a small unit
std::string ratioText(double seconds, double bound); ///< "1.02"; empty without a bound
std::string percentText(double share);               ///< "41.20%", at most 100

/// The begin of a table row of that class and of its first cell.
std::string rowHead(std::string_view cssClass);

} // namespace moec::report

#endif // MOEC_RUNTIME_REPORT_PAGETEXT_H
