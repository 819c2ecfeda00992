//===- Mix.cpp - What the loops of a kernel spend instructions on ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/sass/Mix.h"
#include "codegen/nvptx/sass/Kinds.h"

#include <algorithm>
#include <cstdio>

namespace moec::codegen {
namespace {

using Blocks = std::vector<bool>;

/// The loops of one kernel.
class Loops {
public:
  explicit Loops(const sass::Kernel &kernel);

  SassCounts count(const Blocks &blocks) const;
  /// Tries a barrier until it has flipped.
  bool spins(const Loop &loop) const;
  /// The blocks of a loop that run once a round when nothing has to be waited for.
  Blocks fastBlocks(size_t loop) const;
  bool holdsLoopWith(size_t loop, SassKind kind) const;
  /// Instructions of a loop that not every round passes.
  unsigned skipped(size_t loop) const;

private:
  /// Whether every round of `loop` passes `block`.
  bool always(const Loop &loop, Block block) const;
  unsigned length(Block block) const { return kernel.first[block + 1] - kernel.first[block]; }
  SassCounts countLoop(const Loop &loop) const;

  const sass::Kernel &kernel;
  const FlowGraph &flow;
  Blocks onWay; ///< of spin loops that every round goes through
};

Loops::Loops(const sass::Kernel &kernel) : kernel(kernel), flow(*kernel.flow), onWay(flow.size()) {
  for (const Loop &loop : flow.loops())
    if (spins(loop) && loop.parent && always(flow.loops()[*loop.parent], loop.header))
      for (Block block : loop.blocks)
        onWay[block] = true;
}

bool Loops::always(const Loop &loop, Block block) const {
  for (Block latch : flow.predecessors(loop.header))
    if (loop.contains(latch) && !flow.dominates(block, latch))
      return false;
  return true;
}

SassCounts Loops::count(const Blocks &blocks) const {
  SassCounts counts;
  for (Block block = 0; block < blocks.size(); ++block)
    for (unsigned i = kernel.first[block]; blocks[block] && i < kernel.first[block + 1]; ++i) {
      const sass::Instruction &at = kernel.instructions[i];
      // What a spin loop does before it tries again is guarded, and not done.
      if (onWay[block] && !at.guard.empty() && at.mnemonic() != "BRA")
        continue;
      ++counts.of[size_t(kindOf(at))];
    }
  return counts;
}

SassCounts Loops::countLoop(const Loop &loop) const {
  Blocks blocks(flow.size());
  for (Block block : loop.blocks)
    blocks[block] = true;
  return count(blocks);
}

/// A wait that tries again: a handful of instructions around a try_wait.
bool Loops::spins(const Loop &loop) const {
  constexpr unsigned kMost = 8;
  SassCounts counts = countLoop(loop);
  return counts[SassKind::TryWait] > 0 && counts.total() + counts[SassKind::Nop] <= kMost;
}

Blocks Loops::fastBlocks(size_t index) const {
  const Loop &loop = flow.loops()[index];
  Blocks inside(flow.size()), slow(flow.size()), inner(flow.size());
  for (Block block : loop.blocks)
    inside[block] = true;
  for (size_t other = 0; other < flow.loops().size(); ++other) {
    const Loop &nested = flow.loops()[other];
    if (other == index || !inside[nested.header] || nested.blocks.size() >= loop.blocks.size())
      continue;
    for (Block block : nested.blocks)
      if (!onWay[block])
        (spins(nested) ? slow : inner)[block] = true;
  }
  // Short blocks that only lead out of a spin loop, and blocks that only lead into it.
  auto all = [&](const std::vector<Block> &blocks, bool &any) {
    any = false;
    for (Block block : blocks)
      if (inside[block]) {
        any = true;
        if (!slow[block])
          return false;
      }
    return any;
  };
  constexpr unsigned kShort = 4;
  for (bool changed = true; changed;) {
    changed = false;
    for (Block block : loop.blocks) {
      if (slow[block] || block == loop.header)
        continue;
      bool any;
      if ((all(flow.predecessors(block), any) && length(block) <= kShort) ||
          all(flow.successors(block), any))
        changed = slow[block] = true;
    }
  }
  for (Block block : loop.blocks)
    inside[block] = !slow[block] && !inner[block];
  return inside;
}

unsigned Loops::skipped(size_t index) const {
  const Loop &loop = flow.loops()[index];
  Blocks sometimes = fastBlocks(index);
  for (Block block : loop.blocks)
    sometimes[block] = sometimes[block] && !always(loop, block);
  return count(sometimes).total();
}

bool Loops::holdsLoopWith(size_t index, SassKind kind) const {
  for (const Loop &loop : flow.loops())
    if (loop.parent == index && (countLoop(loop)[kind] > 0))
      return true;
  return false;
}

} // namespace

//===----------------------------------------------------------------------===//
// Which loop is what
//===----------------------------------------------------------------------===//

struct Kindred {
  SassKind kind;
  SassLoopRole role;
};
/// In this order: a gathering loop may hold TMA loads too, a math loop neither.
static constexpr Kindred kInnermost[] = {{SassKind::Mma, SassLoopRole::Math},
                                         {SassKind::CopyAsync, SassLoopRole::Gather},
                                         {SassKind::TmaLoad, SassLoopRole::Load}};

static void classify(SassLoop &loop, const Loops &loops, size_t index) {
  for (const Kindred &one : kInnermost)
    if (loops.holdsLoopWith(index, one.kind)) {
      loop.role = SassLoopRole::Tile;
      loop.around = one.role;
      return;
    }
  for (const Kindred &one : kInnermost)
    if (loop.counts[one.kind] > 0) {
      loop.role = one.role;
      return;
    }
  if (loop.counts[SassKind::TmaStore] > 0)
    loop.role = SassLoopRole::Store;
  else if (loop.counts[SassKind::MatrixStore] > 0)
    loop.role = SassLoopRole::Part;
}

/// "64x256x16" of the first tensor core instruction of these blocks.
static std::string mmaShape(const sass::Kernel &kernel, const Blocks &blocks) {
  for (Block block = 0; block < blocks.size(); ++block)
    for (unsigned i = kernel.first[block]; blocks[block] && i < kernel.first[block + 1]; ++i)
      if (kindOf(kernel.instructions[i]) == SassKind::Mma) {
        std::string_view rest = kernel.instructions[i].opcode;
        rest.remove_prefix(std::min(rest.find('.') + 1, rest.size()));
        return std::string(rest.substr(0, rest.find('.')));
      }
  return "";
}

static SassMix mixOf(const sass::Kernel &kernel) {
  SassMix mix;
  mix.name = kernel.name;
  mix.codeBytes = unsigned(kernel.instructions.size()) * 16;
  Loops loops(kernel);
  mix.counts = loops.count(Blocks(kernel.flow->size(), true));
  const std::vector<Loop> &found = kernel.flow->loops();
  for (size_t index = 0; index < found.size(); ++index) {
    if (loops.spins(found[index]))
      continue;
    Blocks blocks = loops.fastBlocks(index);
    SassLoop loop;
    loop.address = kernel.instructions[kernel.first[found[index].header]].address;
    loop.counts = loops.count(blocks);
    loop.blocks = std::max(1u, loop.counts[SassKind::TryWait]);
    classify(loop, loops, index);
    if (loop.role == SassLoopRole::Math)
      loop.mma = mmaShape(kernel, blocks);
    if (loop.role == SassLoopRole::Part)
      loop.skipped = loops.skipped(index);
    mix.loops.push_back(std::move(loop));
  }
  std::sort(mix.loops.begin(), mix.loops.end(),
            [](const SassLoop &a, const SassLoop &b) { return a.address < b.address; });
  return mix;
}

rt::Result<std::vector<SassMix>> sassMix(std::string_view listing) {
  MOEC_ASSIGN_OR_RETURN(std::vector<sass::Kernel> kernels, sass::parse(listing));
  std::vector<SassMix> mixes;
  for (const sass::Kernel &kernel : kernels)
    if (!kernel.instructions.empty())
      mixes.push_back(mixOf(kernel));
  return mixes;
}

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

double SassLoop::perBlock() const {
  return double(counts.total() - counts[SassKind::Mma]) / double(blocks);
}

const SassLoop *SassMix::find(SassLoopRole role) const {
  auto found = std::find_if(loops.begin(), loops.end(),
                            [&](const SassLoop &loop) { return loop.role == role; });
  return found == loops.end() ? nullptr : &*found;
}

/// Parts of a result, as passes/lowering/MapInParts.cpp cuts it.
static constexpr unsigned kParts = 2;

std::vector<unsigned> SassMix::perTile() const {
  std::vector<unsigned> figures;
  bool inside = false; // what lies in a loop over tiles comes behind it, before the next
  for (const SassLoop &loop : loops) {
    if (loop.role == SassLoopRole::Tile) {
      inside = loop.around == SassLoopRole::Math;
      if (inside)
        figures.push_back(loop.counts.total() - loop.counts[SassKind::Mma]);
    } else if (loop.role == SassLoopRole::Part && inside) {
      figures.back() += kParts * loop.counts.total() - loop.skipped;
    }
  }
  return figures;
}

std::string_view sassLoopRoleName(SassLoopRole role) {
  switch (role) {
  case SassLoopRole::Math:
    return "math";
  case SassLoopRole::Load:
    return "load";
  case SassLoopRole::Gather:
    return "gather";
  case SassLoopRole::Tile:
    return "tile";
  case SassLoopRole::Store:
    return "store";
  case SassLoopRole::Part:
    return "part";
  case SassLoopRole::Other:
    return "other";
  }
  return "";
}

/// "uniform move 34, uniform 32, ...".
static std::string listCounts(const SassCounts &counts) {
  std::vector<SassKind> kinds;
  for (size_t kind = 0; kind < kSassKinds; ++kind)
    if (counts.of[kind] > 0 && SassKind(kind) != SassKind::Nop)
      kinds.push_back(SassKind(kind));
  std::sort(kinds.begin(), kinds.end(), [&](SassKind a, SassKind b) {
    return std::pair(counts[b], a) < std::pair(counts[a], b); // the most frequent first
  });
  std::string text;
  for (SassKind kind : kinds)
    text += rt::concat(text.empty() ? "" : ", ", sassKindName(kind), " ", counts[kind]);
  return text;
}

std::string describe(const SassMix &mix) {
  std::string text = rt::concat(mix.name, ": ", mix.counts.total(), " instructions, ",
                                mix.codeBytes, " bytes: ", listCounts(mix.counts), "\n");
  std::vector<unsigned> figures = mix.perTile();
  auto figure = figures.begin();
  for (const SassLoop &loop : mix.loops) {
    if (loop.role == SassLoopRole::Other)
      continue;
    bool tile = loop.role == SassLoopRole::Tile, part = loop.role == SassLoopRole::Part;
    text += rt::concat("  ", sassLoopRoleName(loop.role));
    if (tile)
      text += rt::concat(" around ", sassLoopRoleName(loop.around));
    double count = loop.perBlock() * (tile ? loop.blocks : 1);
    if (tile && loop.around == SassLoopRole::Math) // with the parts of the result
      count = *figure++;
    char head[64];
    std::snprintf(head, sizeof head, " at 0x%x: %.1f a %s", loop.address, count,
                  tile   ? "tile"
                  : part ? "round"
                         : "block");
    text += head;
    if (!tile && !part)
      text += rt::concat(", ", loop.blocks, " blocks a round");
    if (!loop.mma.empty())
      text += rt::concat(", ", loop.counts[SassKind::Mma], " mma ", loop.mma);
    text += rt::concat(": ", listCounts(loop.counts), "\n");
  }
  return text;
}

} // namespace moec::codegen
