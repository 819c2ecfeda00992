//===- Tiles.cpp - What tensor copies left in shared memory ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Tiles.h"

#include "runtime/backends/emulator/Memory.h"
#include "runtime/backends/emulator/TensorMap.h"

#include <algorithm>

namespace moec::rt::emulator {

static constexpr uint64_t unit = 16;

// --- Tiles -----------------------------------------------------------------------

void Tiles::leave(uint32_t number) {
  if (number != 0 && --units[number - 1] == 0)
    spare.push_back(number);
}

void Tiles::add(uint64_t window, const Tile &tile) {
  if (at.empty())
    at.assign(windowBytes / unit, 0);
  forget(window, tile.start, tile.bytes);
  uint32_t number = 0;
  if (spare.empty()) {
    all.push_back(tile);
    units.push_back(0);
    number = static_cast<uint32_t>(all.size());
  } else {
    number = spare.back();
    spare.pop_back();
    all[number - 1] = tile;
  }
  units[number - 1] = static_cast<uint32_t>(tile.bytes / unit);
  std::fill_n(at.begin() + static_cast<ptrdiff_t>((tile.start - window) / unit), tile.bytes / unit,
              number);
}

void Tiles::forget(uint64_t window, uint64_t address, uint64_t bytes) {
  if (at.empty())
    return;
  const uint64_t end = (address - window + bytes + unit - 1) / unit;
  for (uint64_t i = (address - window) / unit; i < end; ++i) {
    leave(at[i]);
    at[i] = 0;
  }
}

const Tile *Tiles::find(uint64_t window, uint64_t address) const {
  const uint32_t number = at.empty() ? 0 : at[(address - window) / unit];
  return number == 0 ? nullptr : &all[number - 1];
}

// --- OperandWalk -----------------------------------------------------------------

std::string OperandWalk::step(uint32_t row, uint32_t chunk, uint64_t address) {
  const Tile *there = tiles.find(window, address);
  if (row == 0 && chunk == 0) {
    tile = there;
    first = there ? *there : Tile();
    if (there)
      firstColumn = (swizzled(address, 0, swizzle) - there->start) % there->rowBytes;
  }
  if (!tile || !there)
    return ""; // written otherwise: nothing is known
  if (there->swizzle != swizzle)
    return concat("the descriptor says a swizzle of ", swizzle, " bytes, the tile came with ",
                  there->swizzle);
  if (there->barrier != first.barrier || there->phase != first.phase)
    return concat("row ", row, " of the operand lies in a tile that came apart from that of row 0");
  const uint64_t offset = swizzled(address, 0, swizzle) - there->start; // its own inverse
  const uint64_t itsRow = offset / there->rowBytes, itsColumn = offset % there->rowBytes;
  const bool isNext = there == tile ? row == 0 || itsRow == tileRow + (chunk == 0)
                                    : itsRow == 0 && (tileRow + 1) * tile->rowBytes == tile->bytes;
  const bool isBeside = (row == 0 && chunk == 0) || itsColumn == column + chunk * unit;
  if (!isNext || !isBeside)
    return concat("row ", row, " of the operand is byte ", itsColumn, " of row ", itsRow,
                  " of a tile whose rows have ", there->rowBytes, " bytes, after byte ", column,
                  " of row ", tileRow);
  if (chunk == 0) {
    tile = there;
    tileRow = itsRow;
    column = itsColumn;
  }
  return "";
}

std::string OperandWalk::between(const OperandWalk &a, const OperandWalk &b) {
  if (a.first.bytes == 0 || b.first.bytes == 0)
    return "";
  // `tile` is the last one by now.
  if (a.first.start == b.first.start || a.tile->start == b.first.start ||
      b.tile->start == a.first.start)
    return "both operands lie in one tile";
  const bool cameTogether = a.first.barrier == b.first.barrier && a.first.phase == b.first.phase;
  if (cameTogether && a.firstColumn != b.firstColumn)
    return concat("A begins at byte ", a.firstColumn, " of the rows of its tile, B at byte ",
                  b.firstColumn);
  return "";
}

} // namespace moec::rt::emulator
