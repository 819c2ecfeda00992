//===- Weights.h - The layer's weights, packed ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Packed once, when they are loaded. A rank holds its own experts; ranks of one
// process share what several of them hold (a replica, the router, the shared
// expert), since all of it is only read.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_WEIGHTS_H
#define MOEC_RUNTIME_BACKENDS_CPU_WEIGHTS_H

#include "runtime/backends/Backend.h"
#include "runtime/backends/WeightTable.h"
#include "runtime/backends/cpu/Heap.h"
#include "runtime/backends/cpu/ThreadPool.h"
#include "runtime/backends/cpu/gemm/Kernels.h"

#include <vector>

namespace moec::rt::cpu {

/// The panels of one gated MLP. Where it has no gate, that half of them is zero.
struct MlpWeights {
  const std::byte *gateUp = nullptr;
  const std::byte *down = nullptr;
  /// f32, rounded to the weights' type, laid out as the panels' columns; empty without biases.
  std::vector<float> gateUpBias, downBias;
};

class Weights {
public:
  Weights(const Manifest &manifest, const KernelSet &kernels, ThreadPool &pool);

  /// After a failure the former weights are gone.
  Status load(const WeightLookup &lookup);
  bool isLoaded() const { return loaded; }

  const std::byte *router() const { return routerPanels; }
  /// f32, rounded to the weights' type; empty where the layer has none.
  const std::vector<float> &routerBias() const { return routerBiases; }
  const std::vector<float> &selectionBias() const { return selectionBiases; }
  const std::vector<float> &sharedScale() const { return sharedScales; }
  const MlpWeights &shared() const { return sharedMlp; }
  /// By logical expert.
  const MlpWeights &expert(uint32_t expert) const { return experts[expert]; }

private:
  /// Which columns of its panels a matrix fills.
  enum class Half { Whole, Gate, Up };

  size_t mlpBytes(uint32_t intermediate) const;
  /// Hands out the panels of an MLP.
  MlpWeights place(uint32_t intermediate, std::byte *&next) const;
  void loadOne(const WeightEntry &entry, const moec_tensor &tensor);
  void pack(const moec_tensor &tensor, const WeightView &view, Half half, const std::byte *panels);
  void packBias(const moec_tensor &tensor, const WeightView &view, Half half,
                std::vector<float> &bias) const;

  const Manifest &manifest;
  const Layer &layer;
  const KernelSet &kernels;
  ThreadPool &pool;
  bool loaded = false;
  Reservation memory;
  const std::byte *routerPanels = nullptr;
  std::vector<float> routerBiases, selectionBiases, sharedScales;
  MlpWeights sharedMlp;
  std::vector<MlpWeights> experts;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_WEIGHTS_H
