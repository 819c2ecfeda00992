//===- ImportHf.h - From a checkpoint's config.json to a .moe file --*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_IMPORT_HF_IMPORTHF_H
#define MOEC_FRONTEND_IMPORT_HF_IMPORTHF_H

#include "frontend/parser/Diagnostics.h"

namespace moec::frontend {

struct HfImport {
  std::string source;    ///< a program in canonical form
  std::string model;     ///< the model type whose rules were used
  uint32_t layer = 0;    ///< of the checkpoint
  std::string moeLayers; ///< all that could have been asked for: "3..60"
};

/// Describes one MoE layer of the model as a program: machine hgx-h100, a mesh
/// of 8, linear placement, automatic schedule. Without `layer` it is the first
/// MoE layer. Nothing if the config is wrong, or its model is one that moec
/// cannot compute exactly; the diagnostics say which field or which property.
std::optional<HfImport> importHf(std::string config, std::string fileName,
                                 std::optional<uint32_t> layer, Diagnostics &diagnostics);

/// Model types that can be imported, and the others that are known with what
/// stands in the way.
std::vector<std::string_view> importableModels();
std::vector<std::pair<std::string_view, std::string_view>> unimportableModels();

} // namespace moec::frontend

#endif // MOEC_FRONTEND_IMPORT_HF_IMPORTHF_H
