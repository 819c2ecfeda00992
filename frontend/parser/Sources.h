//===- Sources.h - Source files and places in them --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every text that a compile has read, and the places in it that messages point
// at. A place names its file by number: it is 20 bytes, and copies freely.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_SOURCES_H
#define MOEC_FRONTEND_PARSER_SOURCES_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moec::frontend {

/// A description is a few kilobytes; a placement that lists a million copies of
/// experts one by one is six megabytes. More than this is the wrong file.
inline constexpr size_t maxSourceBytes = 8u << 20;
inline constexpr const char *tooLarge = "larger than 8 MiB";

/// What messages call text that no file holds, but options: it has no lines to look up.
inline constexpr const char *optionsName = "command line";

/// A stretch of one line of a source file. Lines and columns count from 1,
/// columns and lengths count bytes. Line 0 is "no place".
struct Location {
  uint32_t file = 0; ///< index into Sources
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t length = 0;
  uint32_t offset = 0; ///< of the first byte, from the start of the file

  bool isValid() const { return line != 0; }
  /// From the start of this place to the end of `last`, cut at the line's end
  /// by whoever shows it.
  Location upTo(const Location &last) const;
  bool operator==(const Location &) const = default;
};

/// The files read so far, in the order of reading. Text and names stay in place
/// for the life of the object. Not thread-safe.
class Sources {
public:
  /// Adds a text under the name that messages show.
  uint32_t add(std::string name, std::string text);
  /// Reads a file; nothing (and the reason in `error`) if that fails.
  std::optional<uint32_t> read(const std::string &path, std::string &error);

  uint32_t size() const { return static_cast<uint32_t>(files.size()); }
  const std::string &name(uint32_t file) const { return files[file].name; }
  const std::string &text(uint32_t file) const { return files[file].text; }
  /// A line without its end; empty if there is no such line.
  std::string_view line(uint32_t file, uint32_t line) const;
  /// The place of a byte offset (clamped to the text).
  Location locate(uint32_t file, size_t offset, size_t length) const;

private:
  struct File {
    std::string name, text;
    std::vector<uint32_t> lineStarts;
  };
  std::vector<File> files;
};

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_SOURCES_H
