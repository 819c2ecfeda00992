//===- Manifest.h - What a module says of itself ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decoded form of the MANF section. The writer (codegen/module) encodes it, the
// reader (runtime/module) decodes it after checking every field. No pointer into
// the file survives the decoding.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_MANIFEST_H
#define MOEC_RUNTIME_MODULE_MANIFEST_H

#include "runtime/module/Layer.h"

namespace moec {

struct Manifest {
  std::string compiler; ///< "moec 0.1.0"
  std::string source;   ///< path of the .moe as the user gave it, for messages
  std::string machine;  ///< name of the machine block, e.g. "hgx-h100"
  std::string mesh;     ///< name of the mesh block
  std::string target;   ///< "cpu" now; "sm_90a" later
  uint32_t ranks = 1;
  /// Most tokens a rank may bring to a step; 0 = chosen when a session is made.
  uint32_t maxTokensPerRank = 0;
  Layer layer;
  Placement placement;
  bool operator==(const Manifest &) const = default;
};

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_MANIFEST_H
