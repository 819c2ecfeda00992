//===- RoutedStep.h - Runs route, dispatch and reduce -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages that route, send and add, each a kernel of its own, on the emulator. In
// place of the experts the host writes the rows that come back. The device memory is
// the session's; what lies in it is read here by what the headers say.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PASSES_FUSION_STAGES_ROUTEDSTEP_H
#define MOEC_TEST_PASSES_FUSION_STAGES_ROUTEDSTEP_H

#include "test/passes/fusion/stages/StageRun.h"

#include <ostream>
#include <string>
#include <vector>

namespace moec::stages {

struct RoutedCase {
  std::string name;
  Layer layer;
  uint32_t ranks = 1;
  std::vector<uint32_t> tokens; ///< of each rank
  uint32_t maxTokens = 16;
  uint32_t depth = 1;
  uint32_t ctas = 2; ///< of a rank
  Placement placement;
  uint64_t seed = 1;
};

/// What GoogleTest prints of a case.
inline void PrintTo(const RoutedCase &routed, std::ostream *out) { *out << routed.name; }

/// Experts in a row over the ranks, the first ranks one more where it does not divide.
Placement evenPlacement(uint32_t experts, uint32_t ranks);

class RoutedStep : public StageRun {
public:
  explicit RoutedStep(const RoutedCase &routed);

  // Both fail the running test, and throw, where something went wrong.
  void launch(const std::string &kernel) { StageRun::launch(kernel, routed.ctas); }
  /// Waits for the launches of a step: for the emulator what peers wrote before is
  /// gone with it.
  void finish() { synchronize(); }

  /// Rank's token rows [tokens][hidden], the router [experts][hidden], biases, ws.
  std::vector<std::vector<float>> x;
  std::vector<float> router, routerBias, selectionBias, sharedScale;
  uint32_t epoch = 1;

  uint64_t chosenExperts(uint32_t rank) const { return memory->chosenExperts(rank); }
  uint64_t chosenWeights(uint32_t rank) const { return memory->chosenWeights(rank); }

  /// Writes the tokens of a step; the numbers of tokens are those of the case.
  void writeTokens();
  const RoutedCase &routed;

private:
  void makeData();
  rt::Status find(const std::string &name, moec_tensor &tensor) const;
};

} // namespace moec::stages

#endif // MOEC_TEST_PASSES_FUSION_STAGES_ROUTEDSTEP_H
