//===- KernelForm.h - Decide which stages share a launch --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A step is a row of stages; a kernel is one or more neighbours of it, with a
// barrier of the rank's CTAs between two. Here it is decided where the row is cut
// and which tiles the matrix products use. Knows no MLIR: a problem is numbers, a
// solution prints itself as a schedule block, and CheckForm.h judges it. No choice
// changes a bit of the result.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_KERNELFORM_H
#define MOEC_PASSES_FUSION_KERNELFORM_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moec::fusion {

/// In the order of a step. The shared expert stands between the experts' rows
/// leaving and the wait for those that come back: it needs nothing of either.
enum class StageKind : uint8_t {
  Route,
  Dispatch,
  ExpertUp,
  ExpertDown,
  SharedUp,
  SharedDown,
  Reduce,
};
const char *nameOf(StageKind stage);

enum class Fusion : uint8_t {
  Nothing = 0,               ///< each stage is a launch
  DispatchUp = 1,            ///< dispatch and expert up are one
  DownCombine = 2,           ///< expert down to reduce, the shared expert between, are one
  DispatchUpDownCombine = 3, ///< both
  Everything = 4,            ///< one launch a step
};
/// As the schedule block asks for it: a line each of what `fuse` is followed by.
std::vector<std::string> spell(Fusion fusion);
/// The same on one line, for listings: "dispatch + up, down + combine".
std::string nameOf(Fusion fusion);

/// The stages of each launch of a step, in order.
std::vector<std::vector<StageKind>> launchesOf(Fusion fusion, bool shared);

/// What a CTA computes at once in a matrix product. Blocks of 64 along K.
struct GemmTile {
  uint32_t rows = 128;     ///< tokens
  uint32_t features = 128; ///< of the result; of gate and of up each
  bool swapped = false;    ///< weights are the first operand, tokens the second
  uint32_t slots = 4;      ///< of the ring of operands
  /// The rows are those of one warpgroup: the two share them and halve the features.
  bool halvesFeatures() const { return !swapped && rows == 64; }
  bool operator==(const GemmTile &) const = default;
};
/// "128x256x64", "swapped 16x256x64": rows and both halves of what is multiplied.
std::string nameOf(const GemmTile &tile, bool gated);

/// Tiles for up to so many rows of an expert.
struct GemmForm {
  uint32_t maxRows = UINT32_MAX;
  GemmTile up, down;
  bool operator==(const GemmForm &) const = default;
};

/// A tile that the source asks for.
struct TileRequest {
  bool swapped = false;
  uint32_t rows = 128; ///< tokens
  uint32_t maxRows = UINT32_MAX;
  bool operator==(const TileRequest &) const = default;
};

/// What decides how long things take. The defaults are those of an HGX H100.
struct KernelMachine {
  uint32_t multiprocessors = 132;
  uint64_t memoryBytesPerMicrosecond = 3'350'000;
  uint64_t linkBytesPerMicrosecond = 370'800;
  uint64_t linkNanoseconds = 1'873;
  uint64_t megahertz = 1'755;
  /// From the last thread of a cooperative launch to the first of the next.
  uint64_t launchNanoseconds = 4'000;
  uint64_t barrierNanoseconds = 1'300; ///< of all CTAs of a GPU
  uint64_t sharedBytes = 232'448;      ///< dynamic, of a CTA
};

struct KernelProblem {
  uint32_t ranks = 1;
  uint32_t topK = 1;
  uint32_t experts = 1;
  uint32_t hidden = 0;
  uint32_t intermediate = 0;
  uint32_t sharedIntermediate = 0; ///< 0: no shared expert
  bool gated = true;               ///< experts have a gate matrix
  bool sharedGated = true;
  uint32_t combineBytes = 4; ///< of an element of a row that comes back
  uint32_t maxTokens = 0;    ///< of a rank and step; 0: nobody knows yet
  KernelMachine machine;
  std::optional<Fusion> fusion; ///< what the source asks for
  /// The same of tiles, ascending, the last without a limit; empty: none.
  std::vector<TileRequest> expertTiles, sharedTiles;
  /// No tile of more than 64 tokens: the layer's arithmetic leaves too few registers.
  bool fewSums = false;
};

struct KernelSolution {
  Fusion fusion = Fusion::Nothing;
  std::vector<GemmForm> experts; ///< ascending; the last has no limit
  std::vector<GemmForm> shared;  ///< empty: no shared expert. maxRows are tokens
  bool gated = true, sharedGated = true;

  /// A schedule block of the language that asks for exactly this; `settings` are
  /// lines of other decisions, to stand in the same block.
  std::string print(const std::string &layer, const std::string &settings = "") const;
};

/// Takes what is asked for and chooses the rest.
KernelSolution solveKernelForm(const KernelProblem &problem);

/// Nanoseconds of a step by the model, for `tokens` a rank, evenly chosen experts.
uint64_t estimateStep(const KernelProblem &problem, const KernelSolution &solution,
                      uint32_t tokens);

/// One of the two products of an expert, as far as its tile is concerned.
struct ProductKind {
  bool gated = false;  ///< gate and up at once: twice the weights
  bool padded = false; ///< rows of the result leave one by one, and are padded
  uint32_t resultBytes = 2;
};

/// Bytes of shared memory that the pipes of a product take, barriers included.
uint64_t getSharedBytes(const GemmTile &tile, const ProductKind &kind);

/// Expected rows of an expert when every rank has `tokens`, rounded up.
uint32_t getRowsPerExpert(const KernelProblem &problem, uint32_t tokens);

/// Tokens for which a launch is judged where the source states no bound.
inline constexpr uint32_t assumedTokens = 4096;

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_KERNELFORM_H
