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

std::string checkProblem(const KernelProblem &problem) {
  if (!problem.ranks || !problem.topK || !problem.experts || !problem.hidden ||
      !problem.intermediate)
    return "kernels need at least one rank, slot, expert, and element of a row";
  if (problem.combineBytes != 2 && problem.combineBytes != 4)
    return "rows that come back must have elements of 2 or 4 bytes";
  return "";
}

static std::string describe(const char *what, const GemmTile &tile) {
  return std::string(what) + " tile of " + std::to_string(tile.rows) + " rows and " +
         std::to_string(tile.features) + " features";
}

/// Two warpgroups share the first operand's rows, 64 at a time; the second operand
/// is at most 256 wide, in steps of 8.
static std::string checkTile(const char *what, const GemmTile &tile, bool gated,
                             uint32_t resultBytes) {
  uint32_t weights = tile.features * (gated ? 2 : 1);
  uint32_t m = tile.swapped ? weights : tile.rows, n = tile.swapped ? tile.rows : weights;
  if (m % (2 * warpgroupRows) != 0 || m == 0)
    return describe(what, tile) + " does not give two warpgroups 64 rows each";
  if (n % 8 != 0 || n == 0 || n > 256)
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

static std::string checkForms(const char *what, const std::vector<GemmForm> &forms,
                              uint32_t resultBytes) {
  if (forms.empty())
    return std::string("no tile for the ") + what;
  if (forms.back().maxRows != UINT32_MAX)
    return std::string("no tile for many rows of the ") + what;
  for (size_t i = 0; i < forms.size(); ++i) {
    if (i && forms[i].maxRows <= forms[i - 1].maxRows)
      return std::string("a tile for the ") + what + " that nothing chooses";
    std::string reason = checkTile("up", forms[i].up, true, 2);
    if (reason.empty())
      reason = checkTile("down", forms[i].down, false, resultBytes);
    if (!reason.empty())
      return reason;
  }
  return "";
}

std::string checkSolution(const KernelProblem &problem, const KernelSolution &solution) {
  if (problem.fusion && *problem.fusion != solution.fusion)
    return "fuses " + nameOf(solution.fusion) + ", asked for is " + nameOf(*problem.fusion);
  if (problem.sharedIntermediate == 0 && !solution.shared.empty())
    return "a tile for a shared expert that is not there";
  std::string reason = checkForms("experts", solution.experts, problem.combineBytes);
  if (reason.empty() && problem.sharedIntermediate)
    reason = checkForms("shared expert", solution.shared, 4);
  return reason;
}

} // namespace moec::fusion
