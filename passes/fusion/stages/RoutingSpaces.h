//===- RoutingSpaces.h - What route and dispatch leave behind ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Workspaces of the stages that route and send, and how the work is cut.
//
// Tokens are cut into *shares* of equal length, one a warp of the whole rank: share
// i holds tokens i * length to (i + 1) * length - 1, length = ceil(tokens / warps),
// and belongs to warp i / CTAs of CTA i modulo CTAs, so that few tokens meet many
// CTAs. A token's position in D(rank, p) is the number of such tokens in earlier
// shares (bases) plus that within its share (places).
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_ROUTINGSPACES_H
#define MOEC_PASSES_FUSION_STAGES_ROUTINGSPACES_H

#include "passes/fusion/Step.h"
#include "runtime/module/Kernels.h"

#include <algorithm>

namespace moec::fusion {

/// How the router's product is cut. Tokens are the first operand, in tiles of 128;
/// experts the second, in `blocks` of `width`. K is cut into `parts` whose sums are
/// added afterwards, in order: with few tokens the router's weights are all there is
/// to read, and this many CTAs read them. The cut depends on nothing but the layer,
/// so that the bits do not either.
struct RouterCut {
  uint32_t blocks = 1, width = 8;
  uint32_t parts = 1, blocksOfK = 1; ///< blocks of 64 in each part

  explicit RouterCut(const Layer &layer) {
    constexpr uint32_t widest = 128, depth = 64, leastBlocksOfK = 8, mostParts = 4;
    blocks = (layer.experts + widest - 1) / widest;
    uint32_t each = (layer.experts + blocks - 1) / blocks;
    width = (each + 7) / 8 * 8;
    uint32_t all = (layer.hidden + depth - 1) / depth;
    parts = std::clamp(all / leastBlocksOfK, 1u, mostParts);
    blocksOfK = (all + parts - 1) / parts;
  }
  /// f32 of a token's row of one part.
  uint32_t rowWords() const { return blocks * width; }
};

/// f32 [tokens][parts][rowWords]: the router's product.
inline Workspace logitsSpace(const Layer &layer) {
  RouterCut cut(layer);
  return {"logits", {.perToken = uint64_t(4) * cut.parts * cut.rowWords()}};
}
/// u32 [tokens][topK]: position of the token among those of its share that go where
/// the slot goes; `noPlace` if an earlier slot of the token goes there.
inline constexpr uint32_t noPlace = 0xffffffff;
inline Workspace placesSpace(const Layer &layer) {
  return {"places", {.perToken = uint64_t(4) * layer.router.topK}};
}
/// u32 [ranks][tokens]: tokens of a share that go to a rank.
inline Workspace sharesSpace(uint32_t ranks) {
  return {"shares", {.perToken = uint64_t(4) * ranks}};
}
/// u32 [tokens][ranks]: tokens of all earlier shares that go to a rank.
inline Workspace basesSpace(uint32_t ranks) { return {"bases", {.perToken = uint64_t(4) * ranks}}; }
/// u32 [ranks]: all tokens that go to a rank.
inline Workspace sentSpace(uint32_t ranks) { return {"sent", {.constant = uint64_t(4) * ranks}}; }

/// Records that arrived are cut into at most this many runs, one a warp, each of at
/// least `leastRun` records.
inline constexpr uint32_t mostRuns = 128, leastRun = 32;
/// u32 [local experts][runs]: rows of an expert in a run; 0 in runs that no warp has.
/// An expert's runs lie together, so that vectors of them are read at once.
inline Workspace runsSpace() { return {"runs", {.perExpert = 4 * mostRuns}}; }
/// u32 [CTAs with runs][local experts][warps][2]: sums of a warp's part of `runs`, up
/// to the CTA's own and of all.
inline Workspace runSumsSpace() { return {"run_sums", {.perExpert = 2 * 4 * mostRuns}}; }
/// u32 [local experts][runs]: the row that the run's next row of the expert becomes.
inline Workspace cursorsSpace() { return {"cursors", {.perExpert = 4 * mostRuns}}; }

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_ROUTINGSPACES_H
