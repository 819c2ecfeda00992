//===- ModelTraffic.h - Tokens and where they go, for model runs -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_MODELTRAFFIC_H
#define MOEC_PASSES_SCHEDULING_MODELTRAFFIC_H

#include "runtime/birkhoff/StageTable.h"
#include "runtime/plan/Expand.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace moec::scheduling {

/// copies[s * ranks + p]: tokens of s with a slot on p.
using CopyCounts = std::vector<uint32_t>;

/// The concrete item sets of one step.
class ModelTraffic {
public:
  /// Token t of s goes to each p with t < copies[s][p], every other one with two slots,
  /// so that rows are more than tokens.
  ModelTraffic(uint32_t ranks, uint32_t lanes, uint32_t stages, birkhoff::Cut cut,
               const CopyCounts &copies);

  /// Most slots of a token; row (t, j) is item t * slots() + j.
  uint32_t slots() const { return 2 * ranks; }
  uint32_t tokens(uint32_t rank) const { return static_cast<uint32_t>(destinations[rank].size()); }
  /// Destination rank of each slot of a token.
  const std::vector<uint32_t> &slotsOf(uint32_t rank, uint32_t token) const {
    return destinations[rank][token];
  }
  /// Tokens, or rows for Y, in the order of the set.
  std::vector<uint32_t> items(const plan::ConcreteItems &set) const;

private:
  bool isIn(const plan::ConcreteItems &set, uint32_t owner) const;

  uint32_t ranks, lanes, stages;
  std::optional<birkhoff::StageTable> table;                    ///< in more than one stage
  std::vector<std::vector<std::vector<uint32_t>>> destinations; ///< by rank, token, slot
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_MODELTRAFFIC_H
