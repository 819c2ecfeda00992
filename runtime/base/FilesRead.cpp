//===- FilesRead.cpp - What this process has read -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/FilesRead.h"

#include "runtime/base/Text.h"

#include <mutex>
#include <set>
#include <sys/stat.h>
#include <utility>

namespace moec::rt {

namespace {
struct FilesRead {
  std::mutex mutex;
  std::set<std::pair<dev_t, ino_t>> files;
};
} // namespace

static FilesRead &filesRead() {
  static FilesRead files;
  return files;
}

void noteRead(int descriptor) {
  struct stat info;
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
    return;
  FilesRead &read = filesRead();
  std::scoped_lock lock(read.mutex);
  read.files.insert({info.st_dev, info.st_ino});
}

Status refuseToReplaceRead(const std::string &path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0)
    return {};
  FilesRead &read = filesRead();
  std::scoped_lock lock(read.mutex);
  if (!read.files.contains({info.st_dev, info.st_ino}))
    return {};
  return invalidError(quote(path), ": wanted another file to write than those that were read");
}

} // namespace moec::rt
