//===- BackendLoader.cpp - Finds libmoec_<name>.so -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looked for in the folders of MOEC_BACKEND_PATH (separated by colons), then beside
// libmoec_rt.so; never in the system's search path, where it might be another's.
//===----------------------------------------------------------------------===//

#include "runtime/api/Handles.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <unistd.h>

namespace moec::rt {
namespace {

std::string ownFolder() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<const void *>(&moec_version), &info) || !info.dli_fname)
    return ".";
  std::string path = info.dli_fname;
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::vector<std::string> searchFolders() {
  std::vector<std::string> folders;
  if (const char *path = std::getenv("MOEC_BACKEND_PATH"))
    for (std::string_view rest = path; !rest.empty();) {
      std::string_view folder = rest.substr(0, rest.find(':'));
      rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
      if (!folder.empty())
        folders.emplace_back(folder);
    }
  folders.push_back(ownFolder());
  return folders;
}

/// What comes with moec; others may be put beside them.
constexpr std::string_view ownNames[] = {"cpu", "cuda", "emulator"};

bool isName(const std::string &name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<Backend *> loadFile(const std::string &name, const std::string &path) {
  // Never closed: its code may be in use as long as the process lives.
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return unsupportedError("backend ", quote(name), ": ", dlerror());
  auto entry = reinterpret_cast<BackendEntry>(dlsym(library, "moecBackend"));
  Backend *backend = entry ? entry(backendAbi) : nullptr;
  if (!backend)
    return unsupportedError("backend ", quote(name), ": wanted a backend of version ", backendAbi,
                            " in ", path, ", found ", entry ? "another version" : "none");
  return backend;
}

} // namespace

Result<Backend *> loadBackend(const std::string &name) {
  static std::mutex mutex;
  static std::map<std::string, Backend *> loaded;
  if (!isName(name))
    return invalidError("backend: wanted a name of a-z, 0-9 and _, found ", quote(name));
  std::lock_guard<std::mutex> lock(mutex);
  if (auto found = loaded.find(name); found != loaded.end())
    return found->second;
  std::string places;
  for (const std::string &folder : searchFolders()) {
    std::string path = concat(folder, "/libmoec_", name, ".so");
    if (access(path.c_str(), F_OK) == 0) {
      MOEC_ASSIGN_OR_RETURN(Backend * backend, loadFile(name, path));
      loaded[name] = backend;
      return backend;
    }
    places += (places.empty() ? "" : " or ") + folder;
  }
  if (std::find(std::begin(ownNames), std::end(ownNames), name) == std::end(ownNames))
    return invalidError("backend: wanted cpu, cuda or emulator, found ", quote(name));
  return unsupportedError("backend ", quote(name), ": wanted libmoec_", name, ".so in ", places,
                          ", found none");
}

} // namespace moec::rt
