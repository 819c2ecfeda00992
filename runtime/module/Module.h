//===- Module.h - A .moex file, read and checked ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reader trusts nothing: header, section table, hashes, every enum, count,
// index, size and expression are checked before first use, and the message names
// the element. What a Module holds can be used without further checks of form
// (README.md lists what is checked). Nothing points into the file once it is
// open; a Module is immutable and may be read from any thread.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_MODULE_H
#define MOEC_RUNTIME_MODULE_MODULE_H

#include "runtime/base/Status.h"
#include "runtime/module/Contents.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace moec::rt {

/// One entry of the section table.
struct SectionInfo {
  std::string name; ///< four characters: "MANF"
  bool required = false;
  bool known = false;  ///< false: an optional section that this version skips
  uint64_t offset = 0; ///< in bytes from the start of the file
  uint64_t bytes = 0;  ///< as stored
  std::string hash;    ///< XXH3-128, 32 lower-case digits
  bool operator==(const SectionInfo &) const = default;
};

struct ModuleVersion {
  uint16_t major = 0;
  uint16_t minor = 0;
  bool operator==(const ModuleVersion &) const = default;
};

class Module {
public:
  /// Messages name `path`. Code Invalid: broken or contradicting itself;
  /// Unsupported: made by a newer moec, or carries host code.
  static Result<Module> open(const std::string &path);
  /// `bytes` need to live only until the call returns; `name` is for messages.
  static Result<Module> openMemory(std::span<const uint8_t> bytes, const std::string &name);

  const std::string &name() const { return moduleName; }
  ModuleVersion version() const { return containerVersion; }
  uint64_t fileBytes() const { return size; }
  const std::vector<SectionInfo> &sections() const { return table; }

  const Manifest &manifest() const { return contents.manifest; }
  const plan::Plan &plan() const { return contents.plan; }
  /// The .moe texts that the module was made from; may be empty.
  const std::vector<SourceFile> &sources() const { return contents.sources; }
  const Provenance &provenance() const { return contents.provenance; }
  /// The generated kernels; without an arch where the module has none.
  const KernelSet &kernels() const { return contents.kernels; }

private:
  Module() = default;

  std::string moduleName;
  ModuleVersion containerVersion;
  uint64_t size = 0;
  std::vector<SectionInfo> table;
  ModuleContents contents;
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_MODULE_H
