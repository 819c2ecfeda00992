//===- File.cpp - Reading and writing whole files -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/File.h"

#include "runtime/base/FilesRead.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace moec::rt {

/// Closes the descriptor of a function that only reads.
namespace {
struct ReadDescriptor {
  int number;
  explicit ReadDescriptor(const std::string &path)
      : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ReadDescriptor(const ReadDescriptor &) = delete;
  ReadDescriptor &operator=(const ReadDescriptor &) = delete;
  ~ReadDescriptor() {
    if (number >= 0)
      ::close(number);
  }
};
} // namespace

/// Call with errno still set.
static Status systemError(const char *what, const std::string &path) {
  return invalidError("cannot ", what, " ", quote(path), ": ", std::strerror(errno));
}

// --- Reading -----------------------------------------------------------------

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(data, other.data);
  std::swap(size, other.size);
  return *this;
}

MappedFile::~MappedFile() {
  if (data)
    ::munmap(const_cast<uint8_t *>(data), size);
}

Result<MappedFile> MappedFile::open(const std::string &path) {
  ReadDescriptor file(path);
  struct stat info;
  if (file.number < 0 || ::fstat(file.number, &info) != 0)
    return systemError("open", path);
  if (!S_ISREG(info.st_mode))
    return invalidError("cannot map ", quote(path), ": wanted a regular file, found ",
                        S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
  noteRead(file.number);
  MappedFile mapped;
  if (info.st_size == 0)
    return mapped; // mmap refuses a length of 0
  void *address =
      ::mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, file.number, 0);
  if (address == MAP_FAILED)
    return systemError("map", path);
  mapped.data = static_cast<const uint8_t *>(address);
  mapped.size = static_cast<size_t>(info.st_size);
  return mapped;
}

Result<std::string> readFile(const std::string &path) {
  ReadDescriptor file(path);
  if (file.number < 0)
    return systemError("open", path);
  noteRead(file.number);
  std::string content;
  constexpr size_t chunk = 1 << 16;
  while (true) {
    size_t before = content.size();
    content.resize(before + chunk);
    ssize_t count = ::read(file.number, content.data() + before, chunk);
    content.resize(before + (count > 0 ? static_cast<size_t>(count) : 0));
    if (count == 0)
      return content;
    if (count < 0 && errno != EINTR)
      return systemError("read", path);
  }
}

// --- Writing -----------------------------------------------------------------

/// `path` with links resolved, or `path` itself where nothing is there yet.
static std::string resolveLinks(const std::string &path) {
  std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr),
                                                       &std::free);
  return resolved ? std::string(resolved.get()) : path;
}

/// A short name of its own, so that it fits wherever the target's name fits.
static std::string temporaryBeside(const std::string &target) {
  static std::atomic<uint64_t> counter{0};
  size_t slash = target.rfind('/');
  std::string folder = slash == std::string::npos ? "" : target.substr(0, slash + 1);
  return concat(folder, ".moec-", static_cast<int64_t>(::getpid()), "-", ++counter, ".tmp");
}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : path(std::move(other.path)), target(std::move(other.target)),
      temporary(std::move(other.temporary)), descriptor(std::exchange(other.descriptor, -1)) {}

AtomicFile::~AtomicFile() {
  if (descriptor < 0)
    return;
  ::close(descriptor);
  if (!temporary.empty())
    ::unlink(temporary.c_str());
}

Status AtomicFile::fail(const char *what) const { return systemError(what, path); }

Result<AtomicFile> AtomicFile::create(const std::string &path) {
  AtomicFile file;
  file.path = path;
  file.target = resolveLinks(path);
  struct stat info;
  bool exists = ::stat(file.target.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return invalidError("cannot write ", quote(path), ": wanted a file name, found a folder");
  if (exists && !S_ISREG(info.st_mode)) {
    file.descriptor = ::open(file.target.c_str(), O_WRONLY | O_CLOEXEC);
    if (file.descriptor < 0)
      return file.fail("write");
    return file;
  }
  // A left-over of a dead process with the same number may be in the way.
  do {
    file.temporary = temporaryBeside(file.target);
    file.descriptor = ::open(file.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (file.descriptor < 0 && errno == EEXIST);
  if (file.descriptor < 0)
    return file.fail("write");
  // An existing file keeps its permissions; where that is not allowed, the default ones do.
  if (exists && ::fchmod(file.descriptor, info.st_mode & 07777) != 0)
    errno = 0;
  return file;
}

Status AtomicFile::append(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fail("write");
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return {};
}

Status AtomicFile::append(std::string_view text) {
  return append({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
}

Status AtomicFile::flush() {
  if (temporary.empty()) // pipes and some devices cannot
    return {};
  return ::fsync(descriptor) == 0 ? Status() : fail("write");
}

Status AtomicFile::commit() {
  if (temporary.empty()) {
    int result = ::close(std::exchange(descriptor, -1));
    return result == 0 ? Status() : fail("write");
  }
  MOEC_RETURN_IF_ERROR(flush());
  if (::rename(temporary.c_str(), target.c_str()) != 0)
    return fail("write");
  ::close(std::exchange(descriptor, -1));
  // The new name is on the disk only after its folder is; a failure here loses no data.
  size_t slash = target.rfind('/');
  ReadDescriptor folder(slash == std::string::npos ? "." : target.substr(0, slash + 1));
  if (folder.number >= 0)
    (void)::fsync(folder.number);
  return {};
}

Status refuseToReplace(const std::string &input, const std::string &output, const char *option) {
  struct stat from, to;
  if (::stat(input.c_str(), &from) != 0 || ::stat(output.c_str(), &to) != 0)
    return {};
  if (!S_ISREG(to.st_mode) || from.st_dev != to.st_dev || from.st_ino != to.st_ino)
    return {};
  return invalidError(option, ": wanted another file than the input, found ", quote(output));
}

Status writeFileAtomically(const std::string &path, std::span<const uint8_t> bytes) {
  MOEC_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  MOEC_RETURN_IF_ERROR(file.append(bytes));
  return file.commit();
}

Status writeFileAtomically(const std::string &path, std::string_view text) {
  return writeFileAtomically(
      path, std::span(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
}

} // namespace moec::rt
