//===- Text.h - Putting messages together ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Debian 12's libstdc++ has no std::format, and streams follow the locale; this
// is the little that messages and printers need.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BASE_TEXT_H
#define MOEC_RUNTIME_BASE_TEXT_H

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace moec::rt {

void appendText(std::string &out, std::string_view text);
void appendText(std::string &out, char character);
void appendText(std::string &out, bool value);
void appendText(std::string &out, int64_t value);
void appendText(std::string &out, uint64_t value);
/// The shortest digits that read back as the same value.
void appendText(std::string &out, double value);
void appendText(std::string &out, float value);
template <std::signed_integral T> void appendText(std::string &out, T value) {
  appendText(out, static_cast<int64_t>(value));
}
template <std::unsigned_integral T> void appendText(std::string &out, T value) {
  appendText(out, static_cast<uint64_t>(value));
}
inline void appendText(std::string &out, const char *text) {
  appendText(out, std::string_view(text));
}
inline void appendText(std::string &out, const std::string &text) {
  appendText(out, std::string_view(text));
}

/// concat("rank ", 3, " of ", count): the parts behind one another.
template <typename... Parts> std::string concat(const Parts &...parts) {
  std::string out;
  (appendText(out, parts), ...);
  return out;
}

/// `text` with control characters and bytes that are not UTF-8 as \xNN: fit for a
/// terminal whatever it holds.
std::string printable(std::string_view text);

/// 'name' for a message: printable, in single quotes, cut after 400 characters.
std::string quote(std::string_view name);

/// True for well-formed UTF-8 without control characters.
bool isPrintableUtf8(std::string_view text);

/// "512 B", "1.5 KiB", "23.4 GiB".
std::string formatBytes(uint64_t bytes);

/// 16 lower-case digits a word, most significant first.
std::string formatHex(uint64_t value);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BASE_TEXT_H
