//===- Sources.cpp - Source files and places in them ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Sources.h"

#include "runtime/base/FilesRead.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace moec::frontend {

Location Location::upTo(const Location &last) const {
  Location result = *this;
  if (last.file == file && last.offset >= offset)
    result.length = last.offset + last.length - offset;
  return result;
}

uint32_t Sources::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (size_t i = 0; i < file.text.size(); ++i)
    if (file.text[i] == '\n')
      file.lineStarts.push_back(static_cast<uint32_t>(i + 1));
  files.push_back(std::move(file));
  return size() - 1;
}

std::optional<uint32_t> Sources::read(const std::string &path, std::string &error) {
  std::unique_ptr<FILE, int (*)(FILE *)> stream(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!stream) {
    error = std::strerror(errno);
    return std::nullopt;
  }
  rt::noteRead(::fileno(stream.get()));
  std::string text;
  char block[65536];
  while (size_t count = std::fread(block, 1, sizeof block, stream.get())) {
    text.append(block, count);
    if (text.size() > maxSourceBytes) {
      error = tooLarge;
      return std::nullopt;
    }
  }
  if (std::ferror(stream.get())) {
    error = std::strerror(errno);
    return std::nullopt;
  }
  return add(path, std::move(text));
}

std::string_view Sources::line(uint32_t file, uint32_t line) const {
  if (file >= files.size() || line == 0 || line > files[file].lineStarts.size())
    return {};
  std::string_view text = files[file].text;
  size_t start = files[file].lineStarts[line - 1];
  size_t end = std::min(text.find('\n', start), text.size());
  if (end > start && text[end - 1] == '\r')
    --end;
  return text.substr(start, end - start);
}

Location Sources::locate(uint32_t file, size_t offset, size_t length) const {
  const File &source = files[file];
  offset = std::min(offset, source.text.size());
  length = std::min(length, source.text.size() - offset);
  auto next = std::upper_bound(source.lineStarts.begin(), source.lineStarts.end(), offset);
  Location place;
  place.file = file;
  place.line = static_cast<uint32_t>(next - source.lineStarts.begin());
  place.offset = static_cast<uint32_t>(offset);
  place.column = place.offset - *(next - 1) + 1;
  place.length = static_cast<uint32_t>(length);
  return place;
}

} // namespace moec::frontend
