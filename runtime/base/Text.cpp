//===- Text.cpp - Putting messages together -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/Text.h"

#include <array>
#include <charconv>

namespace moec::rt {

template <typename T> static void appendNumber(std::string &out, T value) {
  std::array<char, 64> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), end);
}

void appendText(std::string &out, std::string_view text) { out += text; }
void appendText(std::string &out, char character) { out += character; }
void appendText(std::string &out, bool value) { out += value ? "true" : "false"; }
void appendText(std::string &out, int64_t value) { appendNumber(out, value); }
void appendText(std::string &out, uint64_t value) { appendNumber(out, value); }
void appendText(std::string &out, double value) { appendNumber(out, value); }
void appendText(std::string &out, float value) { appendNumber(out, value); }

/// Length of the well-formed UTF-8 character at the front of `text`, 0 if there is
/// none: overlong forms, surrogates and values past U+10FFFF are not well-formed.
static size_t utf8Length(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  if (first < 0x80)
    return 1;
  size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length)
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80)
      return 0;
  bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  bool outside = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

static bool isControl(char character) {
  unsigned char code = static_cast<unsigned char>(character);
  return code < 0x20 || code == 0x7F;
}

static std::string escaped(std::string_view text, size_t maxCharacters) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (size_t characters = 0; !text.empty(); ++characters) {
    if (characters == maxCharacters)
      return out + "...";
    size_t length = utf8Length(text);
    if (length == 0 || isControl(text[0])) {
      unsigned char code = static_cast<unsigned char>(text[0]);
      out += {'\\', 'x', digits[code >> 4], digits[code & 15]};
      length = 1;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string printable(std::string_view text) { return escaped(text, text.size()); }

std::string quote(std::string_view name) {
  constexpr size_t maxCharacters = 400; // a path must be readable in full
  return concat('\'', escaped(name, maxCharacters), '\'');
}

bool isPrintableUtf8(std::string_view text) {
  while (!text.empty()) {
    size_t length = utf8Length(text);
    if (length == 0 || isControl(text[0]))
      return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string formatBytes(uint64_t bytes) {
  if (bytes < 1024)
    return concat(bytes, " B");
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit)
    value /= 1024;
  std::array<char, 64> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::fixed, 1);
  return concat(std::string_view(buffer.data(), end - buffer.data()), " ", units[unit]);
}

std::string formatHex(uint64_t value) {
  std::string out(16, '0');
  for (size_t i = 16; i-- > 0; value >>= 4)
    out[i] = "0123456789abcdef"[value & 15];
  return out;
}

} // namespace moec::rt
