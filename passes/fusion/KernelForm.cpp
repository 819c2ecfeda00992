//===- KernelForm.cpp - Decide which stages share a launch ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/KernelForm.h"

#include <algorithm>
#include <cmath>

namespace moec::fusion {

static constexpr uint32_t blockK = 64;

//===----------------------------------------------------------------------===//
// Names and forms
//===----------------------------------------------------------------------===//

const char *nameOf(StageKind stage) {
  switch (stage) {
  case StageKind::Route:
    return "route";
  case StageKind::Dispatch:
    return "dispatch";
  case StageKind::ExpertUp:
    return "expert_up";
  case StageKind::ExpertDown:
    return "expert_down";
  case StageKind::SharedUp:
    return "shared_up";
  case StageKind::SharedDown:
    return "shared_down";
  case StageKind::Reduce:
    return "reduce";
  }
  return "";
}

std::vector<std::string> spell(Fusion fusion) {
  switch (fusion) {
  case Fusion::Nothing:
    return {"nothing"};
  case Fusion::DispatchUp:
    return {"dispatch + up"};
  case Fusion::DownCombine:
    return {"down + combine"};
  case Fusion::DispatchUpDownCombine:
    return {"dispatch + up", "down + combine"};
  case Fusion::Everything:
    return {"everything"};
  }
  return {};
}

std::string nameOf(Fusion fusion) {
  std::string name;
  for (const std::string &part : spell(fusion))
    name += (name.empty() ? "" : ", ") + part;
  return name;
}

/// Whether a launch goes on from `stage` to the next one.
static bool isJoined(Fusion fusion, StageKind stage) {
  bool inDispatchUp = stage == StageKind::Dispatch;
  bool inDownCombine = stage == StageKind::ExpertDown || stage == StageKind::SharedUp ||
                       stage == StageKind::SharedDown;
  switch (fusion) {
  case Fusion::Nothing:
    return false;
  case Fusion::DispatchUp:
    return inDispatchUp;
  case Fusion::DownCombine:
    return inDownCombine;
  case Fusion::DispatchUpDownCombine:
    return inDispatchUp || inDownCombine;
  case Fusion::Everything:
    return true;
  }
  return false;
}

std::vector<std::vector<StageKind>> launchesOf(Fusion fusion, bool shared) {
  std::vector<StageKind> stages = {StageKind::Route, StageKind::Dispatch, StageKind::ExpertUp,
                                   StageKind::ExpertDown};
  if (shared)
    stages.insert(stages.end(), {StageKind::SharedUp, StageKind::SharedDown});
  stages.push_back(StageKind::Reduce);
  std::vector<std::vector<StageKind>> launches(1);
  for (StageKind stage : stages) {
    launches.back().push_back(stage);
    if (stage != StageKind::Reduce && !isJoined(fusion, stage))
      launches.emplace_back();
  }
  return launches;
}

std::string nameOf(const GemmTile &tile, bool gated) {
  return (tile.swapped ? "swapped " : "") + std::to_string(tile.rows) + "x" +
         std::to_string(tile.features * (gated ? 2 : 1)) + "x" + std::to_string(blockK);
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

/// Rows of an f32 result, and of a bf16 one that leaves row by row, are padded so
/// that the threads of a warp hit different banks.
static constexpr uint64_t rowPad = 16;
static constexpr uint64_t bufferAlignment = 1024;

static uint64_t getSlotBytes(const GemmTile &tile, bool gated) {
  return uint64_t(tile.rows + tile.features * (gated ? 2 : 1)) * blockK * 2;
}

static uint64_t getResultBytes(const GemmTile &tile, const ProductKind &kind) {
  uint64_t row = uint64_t(tile.features) * kind.resultBytes + (kind.padded ? rowPad : 0);
  uint64_t bytes = tile.rows * row;
  return (bytes + bufferAlignment - 1) / bufferAlignment * bufferAlignment;
}

uint64_t getSharedBytes(const GemmTile &tile, const ProductKind &kind) {
  uint64_t barriers = 16 * (uint64_t(tile.slots) + 1);
  return getResultBytes(tile, kind) + tile.slots * getSlotBytes(tile, kind.gated) + barriers;
}

/// As many as that cover the time a load takes.
static constexpr uint32_t enoughSlots = 4;

/// More than this hides no latency and costs code: the ring is unrolled by slots. A block of 128
/// rows takes twice as long as one of 64.
static uint32_t getMostSlots(const GemmTile &tile) {
  return !tile.swapped && tile.rows == 128 ? enoughSlots : 6;
}

/// Where blocks are left behind the rounds of a ring, its slots have two parities and its
/// loops leave in their middle: to have the fewest of them is worth a slot more than it needs.
static GemmTile withSlots(GemmTile tile, const ProductKind &kind, uint32_t depth,
                          uint64_t sharedBytes) {
  for (tile.slots = getMostSlots(tile); tile.slots > 2; --tile.slots)
    if (getSharedBytes(tile, kind) <= sharedBytes)
      break;
  uint32_t blocks = (depth + blockK - 1) / blockK;
  for (uint32_t slots = tile.slots; slots >= enoughSlots; --slots)
    if (blocks % slots < blocks % tile.slots)
      tile.slots = slots;
  return tile;
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

uint32_t getRowsPerExpert(const KernelProblem &problem, uint32_t tokens) {
  uint64_t rows = uint64_t(tokens) * problem.ranks * problem.topK;
  return uint32_t(std::min<uint64_t>((rows + problem.experts - 1) / problem.experts, UINT32_MAX));
}

namespace {
/// A matrix product over the experts of a rank.
struct Product {
  double experts = 1; ///< that have rows
  double rows = 1;    ///< of each of them
  uint32_t depth = 0; ///< K
  uint32_t features = 0;
  bool gated = false;
};
} // namespace

/// Clocks of a CTA for a block of 64 along K: the tensor cores do 64 x N x 16 in N / 2
/// clocks, but not below what reading the first operand takes; and L2 feeds a
/// multiprocessor with 64 bytes a clock.
static double getBlockClocks(const GemmTile &tile, bool gated) {
  double features = tile.features * (gated ? 2.0 : 1.0);
  double m = tile.swapped ? features : tile.rows, n = tile.swapped ? tile.rows : features;
  double multiply = m / 64 * (blockK / 16) * std::max(n / 2, 16.0);
  double feed = double(getSlotBytes(tile, gated)) / 64;
  return std::max(multiply, feed);
}

/// Clocks of a tile outside the ring: first loads, activation, store.
static constexpr double tileClocks = 1500;

static double getNanoseconds(const KernelMachine &machine, const GemmTile &tile,
                             const Product &product) {
  double tiles = product.experts * std::ceil(product.rows / tile.rows) *
                 std::ceil(double(product.features) / tile.features);
  double waves = std::ceil(tiles / machine.multiprocessors);
  double blocks = std::ceil(double(product.depth) / blockK);
  double compute = waves * (blocks * getBlockClocks(tile, product.gated) + tileClocks) /
                   double(machine.megahertz) * 1e3;
  double bytes =
      product.experts * product.features * (product.gated ? 2.0 : 1.0) * product.depth * 2 +
      product.experts * product.rows * (product.depth + product.features) * 2;
  double memory = bytes / double(machine.memoryBytesPerMicrosecond) * 1e3;
  // Neither hides behind the other altogether.
  return std::max(compute, memory) + 0.1 * std::min(compute, memory);
}

/// Experts of a rank that get a row, if every token chooses evenly.
static double getTouchedExperts(const KernelProblem &problem, double tokens) {
  double local = std::max(1.0, double(problem.experts) / problem.ranks);
  double missed = std::pow(1.0 - double(problem.topK) / problem.experts, tokens * problem.ranks);
  return std::max(1.0, local * (1.0 - missed));
}

static Product getExpertProduct(const KernelProblem &problem, double tokens, bool up) {
  double touched = getTouchedExperts(problem, tokens);
  double rows = std::max(1.0, tokens * problem.topK / touched); // of all ranks / ranks
  return {touched, rows, up ? problem.hidden : problem.intermediate,
          up ? problem.intermediate : problem.hidden, up && problem.gated};
}

static Product getSharedProduct(const KernelProblem &problem, double tokens, bool up) {
  return {1, std::max(1.0, tokens), up ? problem.hidden : problem.sharedIntermediate,
          up ? problem.sharedIntermediate : problem.hidden, up && problem.sharedGated};
}

/// The first form whose limit is not below `rows`.
static const GemmForm &choose(const std::vector<GemmForm> &forms, uint32_t rows) {
  return *std::find_if(forms.begin(), forms.end(),
                       [&](const GemmForm &form) { return rows <= form.maxRows; });
}

static double getProductNanoseconds(const KernelProblem &problem, const KernelSolution &solution,
                                    uint32_t tokens) {
  const KernelMachine &machine = problem.machine;
  const GemmForm &expert = choose(solution.experts, getRowsPerExpert(problem, tokens));
  double time = getNanoseconds(machine, expert.up, getExpertProduct(problem, tokens, true)) +
                getNanoseconds(machine, expert.down, getExpertProduct(problem, tokens, false));
  if (solution.shared.empty())
    return time;
  const GemmForm &shared = choose(solution.shared, tokens);
  return time + getNanoseconds(machine, shared.up, getSharedProduct(problem, tokens, true)) +
         getNanoseconds(machine, shared.down, getSharedProduct(problem, tokens, false));
}

uint64_t estimateStep(const KernelProblem &problem, const KernelSolution &solution,
                      uint32_t tokens) {
  const KernelMachine &machine = problem.machine;
  double time = getProductNanoseconds(problem, solution, tokens);
  // Every row goes to at most `topK` other ranks, and comes back from them.
  double remote = double(problem.ranks - 1) / problem.ranks;
  double copies = std::min<double>(problem.topK, problem.ranks) * remote;
  double exchanged =
      double(tokens) * problem.hidden * (2 * copies + problem.combineBytes * problem.topK * remote);
  time += exchanged / double(machine.linkBytesPerMicrosecond) * 1e3;
  time += 2.0 * double(machine.linkNanoseconds);
  auto launches = launchesOf(solution.fusion, problem.sharedIntermediate != 0);
  for (const std::vector<StageKind> &stages : launches)
    time += double(machine.launchNanoseconds) +
            double(stages.size() - 1) * double(machine.barrierNanoseconds);
  return uint64_t(time);
}

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

namespace {
/// The experts, or the shared one.
struct Role {
  bool gated = true;
  uint32_t resultBytes = 4;       ///< of an element of the down product
  uint32_t mostRows = UINT32_MAX; ///< that are expected; of tokens for the shared one
  const std::vector<TileRequest> &asked;
  bool fewSums = false;
};
} // namespace

/// The tiles of both products for a request: as many features as fit beside so many
/// tokens.
static GemmForm makeForm(const KernelMachine &machine, const Role &role, const Product &up,
                         const Product &down, const TileRequest &request) {
  // A product without a gate has room for twice the features, unless its result leaves too
  // little for operands, or is scattered by rows of 128: that spills.
  auto tile = [&](const ProductKind &kind, uint32_t depth, uint32_t leastSlots) {
    GemmTile wide{request.rows, 256, request.swapped}, usual{request.rows, 128, request.swapped};
    wide = withSlots(wide, kind, depth, machine.sharedBytes);
    bool fits = !request.swapped && !kind.gated && kind.resultBytes == 2 &&
                (!kind.padded || request.rows <= 64) && wide.slots >= leastSlots &&
                getSharedBytes(wide, kind) <= machine.sharedBytes;
    return fits ? wide : withSlots(usual, kind, depth, machine.sharedBytes);
  };
  // Who gathers keeps two slots in flight, who multiplies one.
  return {request.maxRows, tile({role.gated, false, 2}, up.depth, 4),
          tile({false, true, role.resultBytes}, down.depth, 3)};
}

/// The tiles worth a choice, by rows of tokens: a module holds few of them, so
/// those between only where no expert is expected to get more rows than they have.
static std::vector<TileRequest> getCandidates(uint32_t mostRows, bool fewSums) {
  uint32_t narrow = 16;
  for (uint32_t rows : {32, 16, 8})
    if (mostRows <= rows)
      narrow = rows;
  std::vector<TileRequest> candidates = {{true, narrow}, {false, 64}, {false, 128}};
  if (fewSums)
    candidates.pop_back();
  return candidates;
}

/// Whether `form` is no slower than `other` for so many rows an expert of `experts`.
static bool isNoSlower(const KernelMachine &machine, const GemmForm &form, const GemmForm &other,
                       const Product &up, const Product &down) {
  auto time = [&](const GemmForm &f) {
    return getNanoseconds(machine, f.up, up) + getNanoseconds(machine, f.down, down);
  };
  return time(form) <= time(other);
}

/// Gives each candidate the rows up to which it is the fastest, and keeps those
/// that are so somewhere up to `mostRows`.
static std::vector<GemmForm> limit(const KernelMachine &machine, std::vector<GemmForm> candidates,
                                   uint32_t mostRows, Product up, Product down) {
  std::vector<GemmForm> kept;
  constexpr uint32_t step = 8, last = 1024;
  uint32_t from = 1;
  for (size_t i = 0; i + 1 < candidates.size() && from <= mostRows; ++i) {
    uint32_t limit = 0;
    for (uint32_t rows = step; rows <= last; rows += step) {
      up.rows = down.rows = rows;
      bool best = true;
      for (size_t j = i + 1; j < candidates.size(); ++j)
        best &= isNoSlower(machine, candidates[i], candidates[j], up, down);
      if (best)
        limit = rows;
    }
    if (limit < from)
      continue;
    candidates[i].maxRows = limit;
    kept.push_back(candidates[i]);
    from = limit + 1;
  }
  if (from <= mostRows)
    kept.push_back(candidates.back());
  kept.back().maxRows = UINT32_MAX;
  return kept;
}

/// A form must make some step faster by this to be worth a kernel more a stage.
static constexpr double worthwhile = 1.05;

static void drop(std::vector<GemmForm> &forms, size_t i) {
  forms.erase(forms.begin() + i);
  forms.back().maxRows = UINT32_MAX;
}

/// Whether steps of up to `mostTokens` are about as fast without form `i` of `forms`,
/// which is a member of `kept`. The last that is left is for all that others are too
/// small for.
static bool isDispensable(const KernelProblem &problem, const KernelSolution &all,
                          std::vector<GemmForm> KernelSolution::*forms, KernelSolution kept,
                          size_t i, uint32_t mostTokens) {
  drop(kept.*forms, i);
  for (uint64_t tokens = 1; tokens <= std::min(mostTokens, assumedTokens); tokens *= 2)
    if (double(estimateStep(problem, kept, uint32_t(tokens))) >
        worthwhile * double(estimateStep(problem, all, uint32_t(tokens))))
      return false;
  return true;
}

/// Drops forms that others can stand in for: a narrow one for a wider of up to 64 tokens, the
/// widest for the one before it. Judged without launches: they would hide what a form is
/// worth. What was asked for stays.
static void dropDispensable(const KernelProblem &problem, KernelSolution &solution,
                            uint32_t mostTokens) {
  solution.fusion = Fusion::Everything;
  const KernelSolution all = solution;
  for (auto [member, asked] : {std::pair(&KernelSolution::experts, &problem.expertTiles),
                               std::pair(&KernelSolution::shared, &problem.sharedTiles)}) {
    std::vector<GemmForm> &forms = solution.*member;
    auto canGo = [&, member = member](size_t i) {
      return isDispensable(problem, all, member, solution, i, mostTokens);
    };
    for (size_t i = 0; asked->empty() && i + 1 < forms.size();)
      if (forms[i + 1].up.rows <= 64 && canGo(i))
        drop(forms, i);
      else
        ++i;
    if (asked->empty() && forms.size() > 1 && canGo(forms.size() - 1))
      drop(forms, forms.size() - 1);
  }
}

/// What is asked for, else what is fast.
static std::vector<GemmForm> chooseForms(const KernelMachine &machine, const Role &role,
                                         const Product &up, const Product &down) {
  std::vector<GemmForm> forms;
  for (const TileRequest &request :
       role.asked.empty() ? getCandidates(role.mostRows, role.fewSums) : role.asked)
    forms.push_back(makeForm(machine, role, up, down, request));
  return role.asked.empty() ? limit(machine, std::move(forms), role.mostRows, up, down) : forms;
}

KernelSolution solveKernelForm(const KernelProblem &problem) {
  KernelSolution solution;
  solution.gated = problem.gated;
  solution.sharedGated = problem.sharedGated;
  uint32_t tokens = problem.maxTokens ? problem.maxTokens : assumedTokens;
  uint32_t mostTokens = problem.maxTokens ? problem.maxTokens : UINT32_MAX;
  uint32_t mostRows = problem.maxTokens ? getRowsPerExpert(problem, tokens) : UINT32_MAX;
  solution.experts = chooseForms(
      problem.machine,
      {problem.gated, problem.combineBytes, mostRows, problem.expertTiles, problem.fewSums},
      getExpertProduct(problem, tokens, true), getExpertProduct(problem, tokens, false));
  if (problem.sharedIntermediate)
    solution.shared = chooseForms(
        problem.machine,
        {problem.sharedGated, /*resultBytes=*/4, mostTokens, problem.sharedTiles, problem.fewSums},
        getSharedProduct(problem, tokens, true), getSharedProduct(problem, tokens, false));
  dropDispensable(problem, solution, mostTokens);
  if (problem.fusion) {
    solution.fusion = *problem.fusion;
    return solution;
  }
  // Fewer stages a kernel are easier to measure and share machine code between
  // tiles, so the least fusion that is within 2 % of the fastest.
  constexpr Fusion forms[] = {Fusion::Nothing, Fusion::DispatchUp, Fusion::DownCombine,
                              Fusion::DispatchUpDownCombine, Fusion::Everything};
  auto estimate = [&](Fusion fusion) {
    solution.fusion = fusion;
    return estimateStep(problem, solution, tokens);
  };
  uint64_t fastest = UINT64_MAX;
  for (Fusion fusion : forms)
    fastest = std::min(fastest, estimate(fusion));
  for (Fusion fusion : forms)
    if (estimate(fusion) * 100 <= fastest * 102)
      break;
  return solution;
}

//===----------------------------------------------------------------------===//
// As source
//===----------------------------------------------------------------------===//

static void printForms(std::string &out, const char *what, bool gated,
                       const std::vector<GemmForm> &forms) {
  for (const GemmForm &form : forms) {
    out += std::string("  tile ") + what + (form.up.swapped ? " swapped " : " rows ") +
           std::to_string(form.up.rows);
    if (form.maxRows != UINT32_MAX)
      out += " up to " + std::to_string(form.maxRows);
    out += "  # up " + nameOf(form.up, gated) + ", down " + nameOf(form.down, false) + "\n";
  }
}

std::string KernelSolution::print(const std::string &layer, const std::string &settings) const {
  std::string out = "schedule for " + layer + " {\n" + settings;
  for (const std::string &part : spell(fusion))
    out += "  fuse " + part + "\n";
  printForms(out, "experts", gated, experts);
  printForms(out, "shared", sharedGated, shared);
  return out + "}\n";
}

} // namespace moec::fusion
