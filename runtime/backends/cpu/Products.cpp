//===- Products.cpp - Matrix products over all cores -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Products.h"

#include <algorithm>

namespace moec::rt::cpu {

/// Rows whose data stay in a core's second-level cache while panels run over them.
static constexpr uint32_t blockRows = 160;
/// Weights of one block: long enough to stream, short enough to share out evenly.
static constexpr size_t blockBytes = 128 << 10;

/// Calls run(segment, panels, first row of x, rows) for every block.
template <typename Run>
void Products::runBlocks(std::span<const Segment> segments, uint32_t depth, uint32_t panels,
                         const Run &run) {
  uint32_t panelsPerBlock =
      static_cast<uint32_t>(std::clamp<size_t>(blockBytes / kernels.panelBytes(depth), 1, panels));
  uint32_t groups = (panels + panelsPerBlock - 1) / panelsPerBlock;
  firstBlock.clear();
  uint32_t blocks = 0;
  for (const Segment &segment : segments) {
    firstBlock.push_back(blocks);
    blocks += groups * ((segment.rows + blockRows - 1) / blockRows);
  }
  firstBlock.push_back(blocks);
  pool.parallelFor(blocks, [&](uint32_t block) {
    auto next = std::upper_bound(firstBlock.begin(), firstBlock.end(), block);
    const Segment &segment = segments[next - firstBlock.begin() - 1];
    uint32_t within = block - *(next - 1);
    // Rows vary fastest: the next block finds its weights in the cache.
    uint32_t chunks = (segment.rows + blockRows - 1) / blockRows;
    uint32_t group = within / chunks, chunk = within % chunks;
    uint32_t firstRow = uint64_t(segment.rows) * chunk / chunks;
    uint32_t lastRow = uint64_t(segment.rows) * (chunk + 1) / chunks;
    PanelRange range{segment.panels, group * panelsPerBlock,
                     std::min(panels, (group + 1) * panelsPerBlock), depth};
    run(segment, range, segment.firstRow + firstRow, lastRow - firstRow);
  });
}

static RowsView rowsOf(const RowsView &x, uint32_t first, uint32_t count) {
  return {x.data + first * x.stride, x.stride, count};
}

void Products::multiply(std::span<const Segment> segments, const RowsView &x, uint32_t depth,
                        const StoreRows &out) {
  runBlocks(segments, depth, kernels.panelsOf(out.columns),
            [&](const Segment &segment, const PanelRange &range, uint32_t first, uint32_t count) {
              StoreRows part = out;
              part.bias = segment.bias;
              part.rows += first;
              if (part.weights)
                part.weights += first;
              kernels.multiply(rowsOf(x, first, count), range, part);
            });
}

void Products::multiplyGated(std::span<const Segment> segments, const RowsView &x, uint32_t depth,
                             const StoreGated &out) {
  runBlocks(segments, depth, kernels.gatedPanelsOf(out.columns),
            [&](const Segment &segment, const PanelRange &range, uint32_t first, uint32_t count) {
              StoreGated part = out;
              part.bias = segment.bias;
              part.data += first * out.stride;
              kernels.multiplyGated(rowsOf(x, first, count), range, part);
            });
}

} // namespace moec::rt::cpu
