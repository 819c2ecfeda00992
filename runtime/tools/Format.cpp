//===- Format.cpp - Numbers for people ------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Format.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace moec::run {

static std::string format(double value, std::chars_format style, int decimals) {
  std::array<char, 400> buffer;
  auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, style, decimals);
  return {buffer.data(), end};
}

std::string formatFixed(double value, int decimals) {
  return format(value, std::chars_format::fixed, decimals);
}

std::string formatScientific(double value) {
  return value == 0 ? "0" : format(value, std::chars_format::scientific, 1);
}

std::string formatSeconds(double seconds) {
  struct Unit {
    double size;
    const char *name;
  };
  for (Unit unit : {Unit{1, "s"}, Unit{1e-3, "ms"}, Unit{1e-6, "us"}}) {
    double value = seconds / unit.size;
    if (value < 0.9995 && unit.size > 1e-6)
      continue;
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return rt::concat(formatFixed(value, decimals), " ", unit.name);
  }
  return "";
}

std::string formatCount(uint64_t count, std::string_view noun) {
  return rt::concat(count, " ", noun, count == 1 ? "" : "s");
}

size_t columnsOf(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padLeft(std::string_view text, size_t width) {
  size_t columns = columnsOf(text);
  return std::string(columns < width ? width - columns : 0, ' ').append(text);
}

std::string padRight(std::string_view text, size_t width) {
  size_t columns = columnsOf(text);
  return std::string(text).append(columns < width ? width - columns : 0, ' ');
}

} // namespace moec::run
