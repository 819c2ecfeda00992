//===- Models.h - The models that can be imported ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_IMPORT_HF_MODELS_H
#define MOEC_FRONTEND_IMPORT_HF_MODELS_H

#include "frontend/import/hf/Config.h"
#include "runtime/module/Layer.h"

namespace moec::frontend {

/// One layer of a model, before it becomes text. The types of a bf16 checkpoint;
/// an f32 one has f32 everywhere.
struct HfLayer {
  uint32_t hidden = 0, experts = 0, width = 0;
  std::string activation;    ///< "silu(gate) * up"
  bool expertBiases = false; ///< of gate, up and down
  uint32_t sharedCount = 0, sharedWidth = 0;
  bool sharedGate = false;
  moec::Router router;
  std::vector<bool> isMoe; ///< by layer of the model
};

struct HfModel {
  std::string_view type;
  std::string_view architecture; ///< as `architectures` of the config names it
  /// Reads the fields; what is wrong or missing is reported.
  void (*read)(HfConfig &config, HfLayer &layer);
};

/// Known, but not to be had exactly.
struct HfRefusedModel {
  std::string_view type;
  std::string_view why;
};

const std::vector<HfModel> &hfModels();
const std::vector<HfRefusedModel> &hfRefusedModels();

} // namespace moec::frontend

#endif // MOEC_FRONTEND_IMPORT_HF_MODELS_H
