//===- InspectSass.cpp - What kernels spend instructions on ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/InspectSass.h"
#include "codegen/nvptx/sass/Sass.h"
#include "runtime/module/TextTable.h"

#include <algorithm>
#include <cmath>

namespace moec::driver {

using codegen::SassKind;
using codegen::SassLoop;
using codegen::SassLoopRole;
using codegen::SassMix;

static rt::Result<KernelSass> readOne(const Kernel &kernel) {
  if (kernel.cubin.empty())
    return rt::unsupportedError("wanted machine code, found PTX alone: compile where ptxas is");
  KernelSass sass;
  MOEC_ASSIGN_OR_RETURN(sass.listing, codegen::disassemble(kernel.cubin));
  MOEC_ASSIGN_OR_RETURN(std::vector<SassMix> mixes, codegen::sassMix(sass.listing));
  for (SassMix &mix : mixes)
    if (mix.name == kernel.name)
      sass.mix = std::move(mix);
  return sass;
}

rt::Result<std::vector<KernelSass>> readSass(std::span<const Kernel *const> kernels) {
  std::vector<KernelSass> all;
  for (const Kernel *kernel : kernels) {
    auto sass = readOne(*kernel);
    if (!sass)
      return sass.status().within("kernel ", rt::quote(kernel->name));
    all.push_back(*std::move(sass));
  }
  return all;
}

// --- Tables ------------------------------------------------------------------

/// One digit behind the point.
static double rounded(double value) { return std::round(value * 10) / 10; }

/// Of every loop with that role, "23.3/24.2": a kernel of several stages has as many.
static std::string perBlock(const SassMix &mix, SassLoopRole role) {
  std::string cell;
  for (const SassLoop &loop : mix.loops)
    if (loop.role == role)
      cell += rt::concat(cell.empty() ? "" : "/", rounded(loop.perBlock()));
  return cell.empty() ? "-" : cell;
}

static std::string perTile(const SassMix &mix) {
  std::string cell;
  for (unsigned figure : mix.perTile())
    cell += rt::concat(cell.empty() ? "" : "/", figure);
  return cell.empty() ? "-" : cell;
}

std::vector<rt::KernelColumn> sassColumns(std::span<const KernelSass> sass) {
  rt::KernelColumn math = {"math/block", {}}, load = {"load/block", {}};
  rt::KernelColumn gather = {"gather/block", {}}, tile = {"math/tile", {}};
  for (const KernelSass &one : sass) {
    math.cells.push_back(perBlock(one.mix, SassLoopRole::Math));
    load.cells.push_back(perBlock(one.mix, SassLoopRole::Load));
    gather.cells.push_back(perBlock(one.mix, SassLoopRole::Gather));
    tile.cells.push_back(perTile(one.mix));
  }
  return {math, load, gather, tile};
}

namespace {

/// A published kernel, compiled for sm_90a and counted in the same way: instructions
/// a k-block of 64 that are no tensor core's, a producer's stage, a tile outside.
/// 0 or "-": not known, or it has none.
struct Anchor {
  const char *name, *what, *tile;
  uint32_t slots, threads, registers, sharedBytes, codeBytes;
  const char *math, *load, *gather, *outside;
};

} // namespace

// DeepGEMM 54e2261, CUTLASS 7107b05 (4.7.0), SonicMoE 8565e84 with quack 3d0ab3e,
// ThunderKittens 0b55588, Triton 3.9.0; ptxas 13.0.88, SonicMoE's own is 12.9. None of
// them spills; SonicMoE has 3 local loads and stores outside of the k-loop.
static constexpr Anchor anchors[] = {
    {"* DeepGEMM", "grouped, bf16", "128x256x64", 3, 384, 168, 213248, 10752, "33", "30", "-",
     "278"},
    {"* DeepGEMM", "masked, bf16", "64x256x64", 4, 256, 248, 196864, 11392, "33", "10.8", "-", "-"},
    {"* CUTLASS", "grouped, cooperative", "128x256x64", 4, 384, 168, 215040, 49664, "46", "32", "-",
     "664"},
    {"* CUTLASS", "grouped, pingpong", "64x128x64", 9, 384, 168, 231424, 48256, "41", "32", "-",
     "-"},
    {"* SonicMoE", "gathered, SwiGLU", "128x256x64", 4, 384, 168, 231564, 34304, "69", "-", "97",
     "937"},
    {"* ThunderKittens", "dense, bf16", "128x256x64", 4, 384, 168, 231424, 41216, "81", "94", "-",
     "523"},
    {"* Triton", "fused MoE", "128x256x64", 3, 256, 200, 147456, 20352, "134", "-", "-", "-"},
    {"* moec's aim", "SwiGLU", "128x256x64", 0, 384, 168, 0, 14336, "24", "26", "-", "560"},
};

void addAnchors(KernelSet &shown, std::vector<rt::KernelColumn> &columns) {
  for (const Anchor &anchor : anchors) {
    Kernel kernel;
    kernel.name = anchor.name;
    kernel.stages = {anchor.what};
    kernel.tile = anchor.tile;
    kernel.pipeSlots = anchor.slots;
    kernel.threads = anchor.threads;
    kernel.sharedBytes = anchor.sharedBytes;
    kernel.resources = {anchor.registers, 0, anchor.codeBytes};
    shown.kernels.push_back(std::move(kernel));
    const char *cells[] = {anchor.math, anchor.load, anchor.gather, anchor.outside};
    for (size_t i = 0; i < columns.size(); ++i)
      columns[i].cells.emplace_back(cells[i]);
  }
}

bool hasRing(std::span<const KernelSass> sass) {
  for (const KernelSass &one : sass)
    if (one.mix.find(SassLoopRole::Math))
      return true;
  return false;
}

/// Kinds that some ring has.
static std::vector<SassKind> kindsOf(std::span<const KernelSass> sass) {
  std::vector<SassKind> kinds;
  for (size_t i = 0; i < codegen::kSassKinds; ++i) {
    auto has = [&](const SassLoop &loop) {
      return loop.role == SassLoopRole::Math && loop.counts[SassKind(i)] != 0;
    };
    if (std::any_of(sass.begin(), sass.end(), [&](const KernelSass &one) {
          return std::any_of(one.mix.loops.begin(), one.mix.loops.end(), has);
        }))
      kinds.push_back(SassKind(i));
  }
  return kinds;
}

std::string ringTable(std::span<const KernelSass> sass) {
  std::vector<SassKind> kinds = kindsOf(sass);
  if (kinds.empty())
    return "";
  std::vector<bool> right = {false, false, true};
  std::vector<std::string> titles = {"k-loop of", "mma shape", "blocks"};
  for (SassKind kind : kinds) {
    right.push_back(true);
    titles.emplace_back(codegen::sassKindName(kind));
  }
  rt::TextTable table(right);
  table.row(titles);
  for (const KernelSass &one : sass)
    for (const SassLoop &ring : one.mix.loops) {
      if (ring.role != SassLoopRole::Math)
        continue;
      std::vector<std::string> cells = {one.mix.name, ring.mma, rt::concat(ring.blocks)};
      for (SassKind kind : kinds)
        cells.push_back(rt::concat(ring.counts[kind]));
      table.row(std::move(cells));
    }
  return table.text();
}

/// Every loop that has a role, with its instructions by kind.
static rt::Json loopsJson(const SassMix &mix) {
  rt::Json loops = rt::Json::array();
  for (const SassLoop &loop : mix.loops) {
    if (loop.role == SassLoopRole::Other)
      continue;
    rt::Json counts = rt::Json::object();
    for (size_t i = 0; i < codegen::kSassKinds; ++i)
      if (unsigned count = loop.counts[SassKind(i)])
        counts[std::string(codegen::sassKindName(SassKind(i)))] = count;
    loops.push_back({{"role", codegen::sassLoopRoleName(loop.role)},
                     {"around", codegen::sassLoopRoleName(loop.around)},
                     {"blocks", loop.blocks},
                     {"per_block", rounded(loop.perBlock())},
                     {"mma", loop.mma},
                     {"counts", std::move(counts)}});
  }
  return loops;
}

rt::Json sassJson(const SassMix &mix) {
  auto block = [&](SassLoopRole role) {
    const SassLoop *loop = mix.find(role);
    return loop ? rt::Json(rounded(loop->perBlock())) : rt::Json(nullptr);
  };
  rt::Json ring = nullptr;
  if (const SassLoop *loop = mix.find(SassLoopRole::Math)) {
    ring = {{"mma", loop->mma}, {"blocks", loop->blocks}};
    for (size_t i = 0; i < codegen::kSassKinds; ++i)
      if (unsigned count = loop->counts[SassKind(i)])
        ring[std::string(codegen::sassKindName(SassKind(i)))] = count;
  }
  return {{"code_bytes", mix.codeBytes},
          {"math_per_block", block(SassLoopRole::Math)},
          {"load_per_block", block(SassLoopRole::Load)},
          {"gather_per_block", block(SassLoopRole::Gather)},
          {"math_per_tile", mix.perTile().empty() ? 0 : mix.perTile().front()},
          {"local_loads", mix.counts[SassKind::LocalLoad]},
          {"local_stores", mix.counts[SassKind::LocalStore]},
          {"ring", std::move(ring)},
          {"loops", loopsJson(mix)}};
}

} // namespace moec::driver
