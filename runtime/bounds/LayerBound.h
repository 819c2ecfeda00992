//===- LayerBound.h - What no schedule of a layer can beat ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BOUNDS_LAYERBOUND_H
#define MOEC_RUNTIME_BOUNDS_LAYERBOUND_H

#include "runtime/bounds/Bound.h"
#include "runtime/module/Layer.h"
#include "runtime/topology/Machine.h"

namespace moec::bounds {

/// A step: dispatch, experts, combine.
struct LayerBound {
  Bound dispatch, combine;
  double expertsSeconds = 0;   ///< of the rank that has most to do; 0 where rates are unknown
  std::string expertsResource; ///< "gpu 3 matrix products", "gpu 0 memory"; empty: none
  bool knowsRates = false;     ///< whether the machine says how fast experts may be
  /// Whatever overlaps: links that both directions share, latencies of both, experts.
  double seconds = 0;
  std::string resource;
  /// Dispatch, experts and combine one after the other: what only overlap can beat.
  double phasesSeconds = 0;
};

/// What a step moves.
struct LayerBytes {
  double perDispatch = 0; ///< of a token that goes to another rank
  double perCombine = 0;  ///< of a row that comes back
  Copies dispatch = Copies::Nodes, combine = Copies::Nodes;
};

/// `counts` and `placement` are of the network's ranks.
LayerBound boundOfLayer(const topology::Machine &machine, const topology::Network &network,
                        const Layer &layer, const Placement &placement,
                        const traffic::ItemCounts &counts, const LayerBytes &bytes);

} // namespace moec::bounds

#endif // MOEC_RUNTIME_BOUNDS_LAYERBOUND_H
