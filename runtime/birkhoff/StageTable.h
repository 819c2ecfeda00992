//===- StageTable.h - Which tokens travel in which stage --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whoever knows how many tokens every rank has for every node knows, without another
// word, which of them travel in which stage and by which lane's rail: the set M(s,b) is
// cut by the amounts of its nodes' stages, and each part evenly among the lanes.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BIRKHOFF_STAGETABLE_H
#define MOEC_RUNTIME_BIRKHOFF_STAGETABLE_H

#include "runtime/base/Pieces.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moec::birkhoff {

/// How sets are cut.
enum class Cut : uint8_t {
  Stages, ///< in stages of one-to-one nodes, each evenly among the lanes
  Lanes,  ///< evenly in stages; by other lanes goes what a lane has more than its share
};

class StageTable {
public:
  /// `counts` is |M(s,b)| in tokens, [rank][node]; ranks are nodes x lanes. At least one
  /// stage. Long stages of the decomposition are split, the longest are in the middle, and
  /// what the decomposition left is in one or more of them, for whomever it is.
  StageTable(std::span<const uint64_t> counts, uint32_t nodes, uint32_t lanes, uint32_t stages,
             Cut cut = Cut::Stages);

  uint32_t stages() const { return stageCount; }
  /// What rank `source` sends to `node` in `stage` by the rails of lane `lane`. Over all
  /// stages and lanes: disjoint, and together the set. What stays on the node needs no
  /// rail and goes by the source's own lane, cut in stages of one-to-one nodes all in stage 0.
  Piece piece(uint32_t source, uint32_t node, uint32_t stage, uint32_t lane) const;
  /// Tokens of node `from` for node `to` before `stage`; at `stages()` all of them.
  uint64_t before(uint32_t from, uint32_t to, uint32_t stage) const {
    return sent[(size_t(from) * nodes + to) * (stageCount + 1) + stage];
  }

private:
  void cutInStages();
  void dealToLanes();
  Piece pieceByLoad(uint32_t source, uint32_t node, uint32_t stage, uint32_t lane) const;

  uint32_t nodes, lanes, stageCount;
  Cut cut;
  std::vector<uint64_t> counts;
  std::vector<uint64_t> sent;  ///< [from][to][stage]
  std::vector<uint64_t> given; ///< of Cut::Lanes: of a set to each lane, [source][node][lane]
};

} // namespace moec::birkhoff

#endif // MOEC_RUNTIME_BIRKHOFF_STAGETABLE_H
