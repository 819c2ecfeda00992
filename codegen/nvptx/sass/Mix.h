//===- Mix.h - What the loops of a kernel spend instructions on -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts the way that is taken when every barrier has flipped already: the loops
// that try again, and the blocks that lead only into them, are left out. A guarded
// instruction counts as executed.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_SASS_MIX_H
#define MOEC_CODEGEN_NVPTX_SASS_MIX_H

#include "codegen/nvptx/sass/Sass.h"

#include <array>

namespace moec::codegen {

enum class SassKind : uint8_t {
  Mma,        ///< HGMMA, QGMMA
  GroupFence, ///< WARPGROUP.ARRIVE: wgmma.fence
  GroupWait,  ///< WARPGROUP.DEPBAR: wgmma.wait_group
  TryWait,    ///< of an mbarrier
  Arrive,     ///< at an mbarrier
  TmaLoad,    ///< UTMALDG, UBLKCP into shared memory
  TmaStore,   ///< UTMASTG, UBLKCP out of it
  CopyAsync,  ///< LDGSTS
  Integer,    ///< vector ALU: addresses
  Uniform,    ///< the same for a warp
  Move,       ///< registers and constants
  UniformMove,
  Float,
  Function, ///< MUFU
  Convert,
  MatrixStore, ///< STSM
  MatrixLoad,  ///< LDSM
  Shared,      ///< LDS, STS
  Global,      ///< LDG, STG
  LocalLoad,
  LocalStore,
  Atomic,
  Exchange, ///< SHFL, VOTE, REDUX, ELECT
  Barrier,  ///< BAR, WARPSYNC
  Fence,    ///< MEMBAR, FENCE, and waits for copies
  Branch,
  Nop,
  Other,
};
constexpr size_t kSassKinds = size_t(SassKind::Other) + 1;
std::string_view sassKindName(SassKind kind); ///< "mma"

struct SassCounts {
  std::array<unsigned, kSassKinds> of{};
  unsigned operator[](SassKind kind) const { return of[size_t(kind)]; }
  /// All but Nop.
  unsigned total() const;
};

enum class SassLoopRole : uint8_t {
  Math,   ///< the innermost loop with tensor core instructions: a ring
  Load,   ///< the innermost with TMA loads
  Gather, ///< the innermost with copies by cp.async
  Tile,   ///< around one of these: one round is a tile
  Store,  ///< one that TMA stores leave from
  Part,   ///< one that puts parts of a result into shared memory
  Other,
};
std::string_view sassLoopRoleName(SassLoopRole role); ///< "math"

struct SassLoop {
  SassLoopRole role = SassLoopRole::Other;
  SassLoopRole around = SassLoopRole::Other; ///< Tile: what it is around
  unsigned address = 0;                      ///< of its header
  /// Without loops inside it, on the fast way.
  SassCounts counts;
  /// Ring blocks a round: how often it waits for a barrier, at least 1.
  unsigned blocks = 1;
  /// Part: instructions that the last round does without.
  unsigned skipped = 0;
  std::string mma; ///< Math: the shape, "64x256x16"

  /// Instructions that are no tensor core's, a block.
  double perBlock() const;
};

struct SassMix {
  std::string name;
  unsigned codeBytes = 0;
  SassCounts counts;           ///< of the whole kernel, every way
  std::vector<SassLoop> loops; ///< by address; without those that try again

  const SassLoop *find(SassLoopRole role) const; ///< the first
  /// Math, outside the ring, a tile: what is no tensor core's, a loop over the parts of the
  /// result with all its rounds. One figure for each loop over tiles.
  std::vector<unsigned> perTile() const;
};

/// Of every kernel in a listing of nvdisasm.
rt::Result<std::vector<SassMix>> sassMix(std::string_view listing);

/// A few lines for people.
std::string describe(const SassMix &mix);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_SASS_MIX_H
