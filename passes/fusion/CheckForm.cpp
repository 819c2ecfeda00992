//===- CheckForm.cpp - Judge a form of kernels ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/CheckForm.h"

namespace moec::fusion {

/// Dynamic shared memory that a CTA can have on sm_90, without what the system takes.
static constexpr uint64_t sharedMemoryOfCta = 227 * 1024;
static constexpr uint32_t warpgroupRows = 64;

/// What a schedule may ask for, and IR that was written by hand.
static std::string checkAskedTiles(const char *what, const std::vector<TileRequest> &asked) {
  for (size_t i = 0; i < asked.size(); ++i) {
    uint32_t rows = asked[i].rows;
    bool known = asked[i].swapped ? rows == 8 || rows == 16 || rows == 32 || rows == 64
                                  : rows == 64 || rows == 128;
    if (!known)
      return std::string("a tile of ") + (asked[i].swapped ? "swapped " : "") +
             std::to_string(rows) + " tokens for the " + what;
    if (i && (rows <= asked[i - 1].rows || asked[i].maxRows <= asked[i - 1].maxRows))
      return std::string("tiles for the ") + what + " that do not grow";
  }
  if (!asked.empty() && asked.back().maxRows != UINT32_MAX)
    return std::string("no tile for many rows of the ") + what;
  return "";
}

std::string checkProblem(const KernelProblem &problem) {
  if (!problem.ranks || !problem.topK || !problem.experts || !problem.hidden ||
      !problem.intermediate)
    return "kernels need at least one rank, slot, expert, and element of a row";
  if (problem.combineBytes != 2 && problem.combineBytes != 4)
    return "rows that come back must have elements of 2 or 4 bytes";
  if (!problem.sharedTiles.empty() && problem.sharedIntermediate == 0)
    return "a tile for a shared expert that is not there";
  std::string reason = checkAskedTiles("experts", problem.expertTiles);
  return reason.empty() ? checkAskedTiles("shared expert", problem.sharedTiles) : reason;
}

static std::string describe(const char *what, const GemmTile &tile) {
  return std::string(what) + " tile of " + std::to_string(tile.rows) + " rows and " +
         std::to_string(tile.features) + " features";
}

/// Two warpgroups share the first operand's rows, 64 at a time, or where there are only
/// 64 tokens the features; the second operand is at most 256 wide, in steps of 8.
static std::string checkTile(const char *what, const GemmTile &tile, bool gated,
                             uint32_t resultBytes) {
  uint32_t weights = tile.features * (gated ? 2 : 1);
  uint32_t m = tile.swapped ? weights : tile.rows, n = tile.swapped ? tile.rows : weights;
  bool sharesRows = tile.swapped || tile.rows != warpgroupRows;
  if (sharesRows && (m % (2 * warpgroupRows) != 0 || m == 0))
    return describe(what, tile) + " does not give two warpgroups 64 rows each";
  if (n % (sharesRows ? 8 : 16) != 0 || n == 0 || n > 256)
    return describe(what, tile) + " is no shape of the tensor cores";
  if (weights > 256)
    return describe(what, tile) + " has a box of more than 256 rows";
  if (tile.slots < 2)
    return describe(what, tile) + " has no second slot to load while one is multiplied";
  uint64_t operands = uint64_t(tile.slots) * (tile.rows + weights) * 128;
  uint64_t result = uint64_t(tile.rows) * tile.features * resultBytes;
  if (operands + result > sharedMemoryOfCta)
    return describe(what, tile) + " needs " + std::to_string(operands + result) +
           " bytes of shared memory";
  return "";
}

static std::string checkForms(const char *what, const std::vector<GemmForm> &forms, bool gated,
                              uint32_t resultBytes) {
  if (forms.empty())
    return std::string("no tile for the ") + what;
  if (forms.back().maxRows != UINT32_MAX)
    return std::string("no tile for many rows of the ") + what;
  for (size_t i = 0; i < forms.size(); ++i) {
    if (i && forms[i].maxRows <= forms[i - 1].maxRows)
      return std::string("a tile for the ") + what + " that nothing chooses";
    if (i && forms[i].up.rows <= forms[i - 1].up.rows)
      return std::string("a tile for more rows of the ") + what + " with no more tokens";
    std::string reason = checkTile("up", forms[i].up, gated, 2);
    if (reason.empty())
      reason = checkTile("down", forms[i].down, false, resultBytes);
    if (!reason.empty())
      return reason;
  }
  return "";
}

/// Whether the tiles are those that were asked for, if any were.
static std::string checkAsked(const char *what, const std::vector<TileRequest> &asked,
                              const std::vector<GemmForm> &forms) {
  bool same = asked.size() == forms.size();
  for (size_t i = 0; same && i < asked.size(); ++i)
    same = forms[i].maxRows == asked[i].maxRows && forms[i].up.rows == asked[i].rows &&
           forms[i].up.swapped == asked[i].swapped && forms[i].down.rows == asked[i].rows &&
           forms[i].down.swapped == asked[i].swapped;
  if (asked.empty() || same)
    return "";
  return std::string("other tiles for the ") + what + " than were asked for";
}

std::string checkSolution(const KernelProblem &problem, const KernelSolution &solution) {
  if (problem.fusion && *problem.fusion != solution.fusion)
    return "fuses " + nameOf(solution.fusion) + ", asked for is " + nameOf(*problem.fusion);
  if (problem.sharedIntermediate == 0 && !solution.shared.empty())
    return "a tile for a shared expert that is not there";
  std::string reason = checkAsked("experts", problem.expertTiles, solution.experts);
  if (reason.empty())
    reason = checkForms("experts", solution.experts, problem.gated, problem.combineBytes);
  if (!reason.empty() || !problem.sharedIntermediate)
    return reason;
  reason = checkAsked("shared expert", problem.sharedTiles, solution.shared);
  return reason.empty() ? checkForms("shared expert", solution.shared, problem.sharedGated, 4)
                        : reason;
}

} // namespace moec::fusion
