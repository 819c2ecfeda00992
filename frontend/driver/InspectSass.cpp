//===- InspectSass.cpp - What kernels spend instructions on ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/InspectSass.h"
#include "codegen/nvptx/sass/Sass.h"
#include "runtime/module/TextTable.h"

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

static std::string perBlock(const SassMix &mix, SassLoopRole role) {
  const SassLoop *loop = mix.find(role);
  return loop ? rt::concat(rounded(loop->perBlock())) : "-";
}

std::vector<rt::KernelColumn> sassColumns(std::span<const KernelSass> sass) {
  rt::KernelColumn math = {"math/block", {}}, load = {"load/block", {}};
  rt::KernelColumn gather = {"gather/block", {}}, tile = {"math/tile", {}};
  for (const KernelSass &one : sass) {
    math.cells.push_back(perBlock(one.mix, SassLoopRole::Math));
    load.cells.push_back(perBlock(one.mix, SassLoopRole::Load));
    gather.cells.push_back(perBlock(one.mix, SassLoopRole::Gather));
    unsigned outside = one.mix.perTile();
    tile.cells.push_back(outside ? rt::concat(outside) : "-");
  }
  return {math, load, gather, tile};
}

namespace {

/// A published kernel, compiled for sm_90a and counted in the same way: instructions
/// a k-block of 64 that are no tensor core's, a producer's stage, a tile outside.
struct Anchor {
  const char *name, *math, *load, *gather, *tile, *code;
};

} // namespace

static constexpr Anchor anchors[] = {
    {"DeepGEMM 128x256x64", "33", "30", "-", "278", "10.8 to 14.1 KB"},
    {"CUTLASS grouped 128x256x64", "42 to 48", "32", "-", "664", "48 to 52 KB"},
    {"SonicMoE SwiGLU, gathered", "-", "-", "97", "937", "-"},
    {"what moec is to reach", "24", "26", "-", "560", "14 KB"},
};

static std::string anchorTable() {
  rt::TextTable table({false, true, true, true, true, true});
  table.row({"hand-written", "math/block", "load/block", "gather/block", "math/tile", "code"});
  for (const Anchor &anchor : anchors)
    table.row({anchor.name, anchor.math, anchor.load, anchor.gather, anchor.tile, anchor.code});
  return table.text();
}

/// Kinds that some ring has.
static std::vector<SassKind> kindsOf(std::span<const KernelSass> sass) {
  std::vector<SassKind> kinds;
  for (size_t i = 0; i < codegen::kSassKinds; ++i)
    for (const KernelSass &one : sass) {
      const SassLoop *ring = one.mix.find(SassLoopRole::Math);
      if (!ring || ring->counts[SassKind(i)] == 0)
        continue;
      kinds.push_back(SassKind(i));
      break;
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
  for (const KernelSass &one : sass) {
    const SassLoop *ring = one.mix.find(SassLoopRole::Math);
    if (!ring)
      continue;
    std::vector<std::string> cells = {one.mix.name, ring->mma, rt::concat(ring->blocks)};
    for (SassKind kind : kinds)
      cells.push_back(rt::concat(ring->counts[kind]));
    table.row(std::move(cells));
  }
  return table.text() + "\n" + anchorTable();
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
          {"math_per_tile", mix.perTile()},
          {"local_loads", mix.counts[SassKind::LocalLoad]},
          {"local_stores", mix.counts[SassKind::LocalStore]},
          {"ring", std::move(ring)}};
}

} // namespace moec::driver
