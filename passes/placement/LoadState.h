//===- LoadState.h - A placement that can be changed a little ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside of passes/placement: what the search holds. The copies of an expert can be
// changed, and the time of a step is known again after work for that expert's
// tokens alone. What it says is an estimate to steer by; costOf says what counts.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PLACEMENT_LOADSTATE_H
#define MOEC_PASSES_PLACEMENT_LOADSTATE_H

#include "passes/placement/LoadProblem.h"

namespace moec {

/// New homes (ascending) for an expert.
struct Change {
  uint32_t expert;
  std::vector<uint32_t> homes;
};

class LoadState {
public:
  LoadState(const LoadProblem &problem, const SlotLists &slots);

  const SlotLists &getSlots() const { return slots; }
  const std::vector<uint32_t> &homesOf(uint32_t expert) const { return homes[expert]; }
  bool isOn(uint32_t expert, uint32_t rank) const;
  uint32_t room(uint32_t rank) const { return problem.slots[rank] - slots[rank].size(); }
  uint32_t periods() const { return static_cast<uint32_t>(pressures.size()); }

  /// Seconds of the rank's experts and of sending back what they make.
  double pressure(uint32_t period, uint32_t rank) const { return pressures[period][rank]; }
  /// What one of `copies` copies of the expert adds to its rank's pressure.
  double share(uint32_t period, uint32_t expert, uint32_t copies, uint32_t rank) const;
  /// The greatest pressure that a rank would have that the changes touch.
  double pressureAfter(uint32_t period, const std::vector<Change> &changes);

  /// Applies the changes and returns what undoes them, in its order.
  std::vector<Change> apply(const std::vector<Change> &changes);
  /// Seconds of a step, and a little for what is not the slowest: smaller is better.
  double guide() const;

private:
  void setHomes(uint32_t expert, const std::vector<uint32_t> &next);
  void addCopy(uint32_t expert, uint32_t rank, double sign);
  void countMove(uint32_t expert, uint32_t rank, double sign);
  void sendTokens(uint32_t expert);
  void count(uint32_t rank, double sign, bool isNewOnRank, bool isNewOnNode);

  const LoadProblem &problem;
  SlotLists slots, homes, before;                   ///< before: homes in force
  std::vector<std::vector<double>> rowsOf;          ///< [period][expert]
  std::vector<std::vector<double>> rows, pressures; ///< [period][rank]
  std::vector<double> moveWithin, moveAcross;       ///< bytes into each rank
  std::vector<std::vector<uint32_t>> tokensOf;      ///< places in the sample of each expert
  std::vector<uint32_t> destinations;               ///< ranks, as the sample lies
  std::vector<double> perToken;                     ///< rows of each expert
  std::vector<double> rankRows, nodeRows;           ///< rows a token, by the histogram
  std::vector<double> rankSampled, nodeSampled;     ///< rows of the sample
  std::vector<double> rankHits, nodeHits;           ///< tokens
  // Scratch of pressureAfter.
  std::vector<double> delta;
  std::vector<uint32_t> touched;
};

} // namespace moec

#endif // MOEC_PASSES_PLACEMENT_LOADSTATE_H
