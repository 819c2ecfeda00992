//===- Extract.h - The parts of a module as files ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_EXTRACT_H
#define MOEC_FRONTEND_DRIVER_EXTRACT_H

#include "runtime/module/Module.h"

#include <string>
#include <vector>

namespace moec::driver {

/// One file of an extracted module.
struct ExtractedFile {
  std::string path; ///< below the folder: "ptx/expert_up.ptx"
  std::string bytes;
};

/// plan.txt, manifest.json, plan.json, kernels.json, sources/, ptx/, cubin/,
/// kernels.mlirbc and kernels.mlir; what the module does not have is left out.
/// No path leaves the folder, whatever the module calls its sources.
std::vector<ExtractedFile> partsOf(const rt::Module &module);

/// Makes `folder`, which must not exist, with all files or not at all.
rt::Status writeFolder(const std::string &folder, const std::vector<ExtractedFile> &files);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_EXTRACT_H
