//===- LoadMachine.h - A layer on a machine, as a problem of load -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From what is known of layer, machine and request to the seconds and bytes of a
// LoadProblem. No MLIR.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PLACEMENT_LOADMACHINE_H
#define MOEC_PASSES_PLACEMENT_LOADMACHINE_H

#include "passes/placement/LoadProblem.h"

namespace moec {

/// Facts of the machine; 0: not known, then those of hgx-h100 are taken
/// (runtime/topology/machines), which is right as to what binds, not as to seconds.
struct LoadMachine {
  uint32_t ranks = 1;
  uint32_t lanes = 0;       ///< ranks of a node; 0: all
  double nodeRate = 0;      ///< bytes per second of a rank and direction
  double railRate = 0;      ///< to other nodes
  double memoryRate = 0;    ///< bytes per second
  uint32_t processors = 0;  ///< SMs
  uint64_t memoryBytes = 0; ///< of a rank; 0: not checked
};

/// What is asked for. Without `slots` and `redundant` every expert has one copy; with
/// `slots` alone all are filled, with `redundant` alone there are as many as needed.
struct LoadWish {
  std::vector<std::vector<double>> loads; ///< [period][expert]
  std::optional<uint32_t> slots;          ///< on each rank
  std::optional<uint32_t> redundant;      ///< copies beyond one of each expert
  std::optional<uint32_t> mostCopies;
  bool groupsOnNodes = false;
  std::vector<NumberedList> holds, pins;
  std::optional<uint32_t> tokensPerRank; ///< 4096, a chunk of prefill, if not said
  TokenSample tokens;                    ///< measured; empty: made to fit the loads
};

/// The problem; whether it has an answer is for checkLoadProblem to say.
LoadProblem makeLoadProblem(const Layer &layer, const LoadMachine &machine, const LoadWish &wish);

/// Tokens that fit the loads, for the layer's router.
TokenSample sampleFor(const Layer &layer, const LoadProblem &problem, uint64_t seed);

} // namespace moec

#endif // MOEC_PASSES_PLACEMENT_LOADMACHINE_H
