//===- Format.h - Numbers for people ---------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_FORMAT_H
#define MOEC_RUNTIME_TOOLS_FORMAT_H

#include <cstdint>
#include <string>
#include <string_view>

namespace moec::run {

/// "12.30".
std::string formatFixed(double value, int decimals);
/// "1.2e-05".
std::string formatScientific(double value);
/// Three digits and a unit: "23.4 ms".
std::string formatSeconds(double seconds);
/// "1 token", "3 tokens".
std::string formatCount(uint64_t count, std::string_view noun);
/// Padded with spaces to `width` columns, counting characters of UTF-8 as one.
std::string padLeft(std::string_view text, size_t width);
std::string padRight(std::string_view text, size_t width);
size_t columnsOf(std::string_view text);

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_FORMAT_H
