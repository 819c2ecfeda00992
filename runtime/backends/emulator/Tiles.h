//===- Tiles.h - What tensor copies left in shared memory -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A wgmma reads whatever its descriptor leads to; a wrong one gives wrong numbers and
// no fault. Where TMA wrote the memory, how the rows lie there is known: an operand
// must walk down the rows of boxes that came together, with the swizzle they came with.
// The two of a product lie in different boxes, and begin at the same k of boxes that
// came together.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_TILES_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_TILES_H

#include <cstdint>
#include <string>
#include <vector>

namespace moec::rt::emulator {

/// One box in shared memory.
struct Tile {
  uint64_t start = 0, bytes = 0; ///< address
  uint32_t rowBytes = 0;         ///< of the innermost dimension
  uint32_t swizzle = 0;          ///< bytes
  uint32_t barrier = 0;          ///< index of the mbarrier that counted it
  uint64_t phase = 0;            ///< of that
};

/// Those of one CTA.
class Tiles {
public:
  void add(uint64_t window, const Tile &tile);
  /// Something else was written there.
  void forget(uint64_t window, uint64_t address, uint64_t bytes);
  /// Null: nothing is known of the 16 bytes.
  const Tile *find(uint64_t window, uint64_t address) const;

private:
  std::vector<uint32_t> at; ///< 1 + number of the tile, by 16 bytes; empty until the first
  std::vector<Tile> all;
  std::vector<uint32_t> spare;
  std::vector<uint32_t> units; ///< how many 16 bytes of a tile are left
  void leave(uint32_t number);
};

/// Holds an operand's chunks of 16 bytes against the tiles, row by row.
class OperandWalk {
public:
  OperandWalk(const Tiles &tiles, uint64_t window, uint32_t swizzle)
      : tiles(tiles), window(window), swizzle(swizzle) {}
  /// Row after row, `chunk` 0 and 1 of each; what is wrong, empty: nothing.
  std::string step(uint32_t row, uint32_t chunk, uint64_t address);
  /// After both walks of a product: what is wrong between them.
  static std::string between(const OperandWalk &a, const OperandWalk &b);

private:
  const Tiles &tiles;
  uint64_t window;
  uint32_t swizzle;
  const Tile *tile = nullptr;
  Tile first; ///< the one that row 0 lies in; no bytes: nothing is known
  uint64_t firstColumn = 0;
  uint64_t tileRow = 0, column = 0; ///< of the last chunk 0
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_TILES_H
