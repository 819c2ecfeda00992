//===- FindTool.cpp - Where CUDA's programs and libraries are -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/FindTool.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <algorithm>
#include <cstdlib>

namespace moec::codegen {

static std::string join(llvm::StringRef folder, llvm::StringRef a, llvm::StringRef b) {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, a);
  if (!b.empty()) // or a slash would stand at the end, and no program has that name
    llvm::sys::path::append(path, b);
  return std::string(path);
}

/// The toolkits that the environment names.
static std::vector<std::string> toolkits() {
  std::vector<std::string> found;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char *value = std::getenv(variable); value && *value)
      found.push_back(value);
  return found;
}

/// Entries of a folder in a fixed order; empty if there is no such folder.
static std::vector<std::string> entries(llvm::StringRef folder) {
  std::vector<std::string> found;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator at(folder, code), end; !code && at != end;
       at.increment(code))
    found.push_back(at->path());
  std::sort(found.begin(), found.end());
  return found;
}

/// NVIDIA's Python packages keep programs in site-packages/nvidia/<toolkit>/bin.
static std::vector<std::string> pythonFolders() {
  std::vector<std::string> found;
  const char *environment = std::getenv("VIRTUAL_ENV");
  if (!environment)
    return found;
  for (const std::string &python : entries(join(environment, "lib", "")))
    for (const std::string &package : entries(join(python, "site-packages", "nvidia")))
      found.push_back(join(package, "bin", ""));
  return found;
}

std::optional<std::string> findProgram(const std::string &name, const std::string &wanted) {
  if (!wanted.empty())
    return llvm::sys::fs::can_execute(wanted) ? std::optional(wanted) : std::nullopt;
  for (const std::string &toolkit : toolkits())
    if (std::string path = join(toolkit, "bin", name); llvm::sys::fs::can_execute(path))
      return path;
  if (auto path = llvm::sys::findProgramByName(name))
    return *path;
  std::vector<std::string> folders = pythonFolders();
  folders.push_back("/usr/local/cuda/bin"); // where NVIDIA's installer puts it
  for (const std::string &folder : folders)
    if (std::string path = join(folder, name, ""); llvm::sys::fs::can_execute(path))
      return path;
  return std::nullopt;
}

std::vector<std::string> libraryCandidates(const std::string &name, const std::string &wanted) {
  if (!wanted.empty())
    return {wanted};
  std::vector<std::string> folders = toolkits(), found;
  folders.push_back("/usr/local/cuda");
  for (const std::string &folder : folders)
    found.push_back(join(folder, "lib64", name));
  for (const char *version : {"", ".13", ".12"})
    found.push_back(name + version);
  return found;
}

} // namespace moec::codegen
