//===- Contents.h - What a module carries ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decoded form of all sections: what codegen/module encodes and runtime/module
// decodes. decode(encode(contents)) == contents.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_CONTENTS_H
#define MOEC_RUNTIME_MODULE_CONTENTS_H

#include "runtime/module/Kernels.h"
#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"

#include <string>
#include <vector>

namespace moec {

/// One .moe file, for messages, inspection and rebuilding. Section SRCM.
struct SourceFile {
  std::string name; ///< path as the user or the import gave it; unique
  std::string text;
  bool operator==(const SourceFile &) const = default;
};

/// One option that changed what was compiled: {"ranks", "8"}.
struct CompileOption {
  std::string name;
  std::string value;
  bool operator==(const CompileOption &) const = default;
};

/// How the module came to be; changes nothing in what it computes. Holds no time
/// and no host name, so that equal inputs give equal bytes. Section PROV.
struct Provenance {
  std::string compiler;               ///< "moec 0.1.0"; empty: no PROV section
  std::vector<CompileOption> options; ///< in the order given; names unique
  bool operator==(const Provenance &) const = default;
};

struct ModuleContents {
  Manifest manifest;
  plan::Plan plan;
  std::vector<SourceFile> sources; ///< empty: no SRCM section
  Provenance provenance;
  KernelSet kernels; ///< without an arch: no KRNL section
  bool operator==(const ModuleContents &) const = default;
};

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_CONTENTS_H
