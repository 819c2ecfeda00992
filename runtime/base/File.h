//===- File.h - Reading and writing whole files ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BASE_FILE_H
#define MOEC_RUNTIME_BASE_FILE_H

#include "runtime/base/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace moec::rt {

/// A regular file, mapped read-only and privately. Another process that shortens
/// the file while it is mapped kills this one (SIGBUS): a property of mmap.
/// Move-only; may be read from any thread.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept { *this = std::move(other); }
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  static Result<MappedFile> open(const std::string &path);

  /// Lives as long as this object; page-aligned.
  std::span<const uint8_t> bytes() const { return {data, size}; }

private:
  const uint8_t *data = nullptr;
  size_t size = 0;
};

/// The file's bytes as a string; also reads pipes and devices.
Result<std::string> readFile(const std::string &path);

/// A file that comes into being whole or not at all: bytes go to a temporary in
/// the folder of `path`, commit() renames it over `path`. Without a commit the
/// temporary is removed and an older file at `path` stays as it was. A symbolic
/// link is followed and kept; pipes and devices are written to directly.
class AtomicFile {
public:
  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&) = delete;
  ~AtomicFile();

  static Result<AtomicFile> create(const std::string &path);

  Status append(std::span<const uint8_t> bytes);
  Status append(std::string_view text);
  /// Flushes to the disk: a full one may show only here. Whoever commits several files
  /// flushes all of them first.
  Status flush();
  /// Flushes and renames. Nothing may follow.
  Status commit();

private:
  AtomicFile() = default;
  Status fail(const char *what) const;

  std::string path;      ///< as the caller named it, for messages
  std::string target;    ///< with links resolved
  std::string temporary; ///< empty: `target` is written to directly
  int descriptor = -1;
};

/// An error where writing to `output` would replace the file `input`; `option` is
/// what named the output. Files that are not there, pipes and devices are all right.
Status refuseToReplace(const std::string &input, const std::string &output, const char *option);

Status writeFileAtomically(const std::string &path, std::span<const uint8_t> bytes);
Status writeFileAtomically(const std::string &path, std::string_view text);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BASE_FILE_H
