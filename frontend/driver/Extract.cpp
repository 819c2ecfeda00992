//===- Extract.cpp - The parts of a module as files -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Extract.h"
#include "frontend/driver/KernelIr.h"
#include "runtime/base/File.h"
#include "runtime/module/ModuleJson.h"
#include "runtime/plan/PlanText.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>

namespace moec::driver {

// --- Which files -------------------------------------------------------------

/// "0-olmoe.moe": the number keeps names apart, the rest is what is harmless of the
/// last part of the path.
static std::string sourceName(size_t number, const std::string &name) {
  std::string last = name.substr(name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1);
  for (char &c : last) {
    bool harmless = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '-' || c == '_' || c == '.';
    c = harmless ? c : '_';
  }
  return rt::concat("sources/", number, "-", last.substr(0, 100));
}

static std::string textOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

static void addKernels(const rt::Module &module, std::vector<ExtractedFile> &files) {
  const KernelSet &kernels = module.kernels();
  if (kernels.arch.empty())
    return;
  files.push_back(
      {"kernels.json", rt::dumpJson(rt::kernelsJson(kernels, module.plan()), 2) + "\n"});
  for (const Kernel &kernel : kernels.kernels) {
    files.push_back({"ptx/" + kernel.name + ".ptx", kernel.ptx});
    if (!kernel.cubin.empty())
      files.push_back({"cubin/" + kernel.name + ".cubin", textOf(kernel.cubin)});
  }
  if (kernels.ir.empty())
    return;
  files.push_back({"kernels.mlirbc", textOf(kernels.ir)});
  if (auto text = printKernelIr(kernels.ir))
    files.push_back({"kernels.mlir", *std::move(text)});
}

std::vector<ExtractedFile> partsOf(const rt::Module &module) {
  std::vector<ExtractedFile> files;
  files.push_back({"manifest.json", rt::dumpJson(rt::manifestJson(module.manifest()), 2) + "\n"});
  files.push_back({"plan.json", rt::dumpJson(rt::planJson(module.plan()), 2) + "\n"});
  files.push_back({"plan.txt", plan::planText(module.plan())});
  for (size_t i = 0; i < module.sources().size(); ++i)
    files.push_back({sourceName(i, module.sources()[i].name), module.sources()[i].text});
  addKernels(module, files);
  return files;
}

// --- All of them or none -----------------------------------------------------

static rt::Status systemError(const char *what, const std::string &path) {
  return rt::invalidError("cannot ", what, " ", rt::quote(path), ": ", std::strerror(errno));
}

static rt::Status writeInto(const std::string &folder, const std::vector<ExtractedFile> &files) {
  for (const ExtractedFile &file : files) {
    std::string path = folder + "/" + file.path;
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (error)
      return rt::invalidError("cannot make a folder for ", rt::quote(path), ": ", error.message());
    MOEC_RETURN_IF_ERROR(rt::writeFileAtomically(path, file.bytes));
  }
  return {};
}

/// Takes the name only while nobody has it.
static rt::Status moveTo(const std::string &temporary, const std::string &folder) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, folder.c_str(), RENAME_NOREPLACE) == 0)
    return {};
  return systemError("make", folder);
}

rt::Status writeFolder(const std::string &given, const std::vector<ExtractedFile> &files) {
  std::string folder = given;
  while (folder.size() > 1 && folder.ends_with('/'))
    folder.pop_back();
  std::error_code ignored;
  if (std::filesystem::symlink_status(folder, ignored).type() !=
      std::filesystem::file_type::not_found)
    return rt::invalidError("wanted a folder that is not there yet, found ", rt::quote(folder));
  std::string temporary = folder + ".XXXXXX";
  if (!::mkdtemp(temporary.data()))
    return systemError("make a folder beside", folder);
  rt::Status status = writeInto(temporary, files);
  if (status.ok()) {
    std::filesystem::permissions(temporary, std::filesystem::perms(0755), ignored);
    status = moveTo(temporary, folder);
  }
  if (!status.ok())
    std::filesystem::remove_all(temporary, ignored);
  return status;
}

} // namespace moec::driver
