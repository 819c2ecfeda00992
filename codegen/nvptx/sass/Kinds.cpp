//===- Kinds.cpp - Kinds of machine instructions --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/sass/Kinds.h"

#include <algorithm>
#include <numeric>

namespace moec::codegen {
namespace {

using K = SassKind;

struct Entry {
  std::string_view mnemonic;
  SassKind kind;
};

/// What the mnemonic alone tells.
constexpr Entry kEntries[] = {
    {"HGMMA", K::Mma},
    {"QGMMA", K::Mma},
    {"IGMMA", K::Mma},
    {"BGMMA", K::Mma},
    {"HMMA", K::Mma},
    {"UTMALDG", K::TmaLoad},
    {"UTMASTG", K::TmaStore},
    {"UTMAREDG", K::TmaStore},
    {"LDGSTS", K::CopyAsync},
    {"IMAD", K::Integer},
    {"IADD3", K::Integer},
    {"IADD", K::Integer},
    {"VIADD", K::Integer},
    {"LOP3", K::Integer},
    {"LEA", K::Integer},
    {"SHF", K::Integer},
    {"SEL", K::Integer},
    {"ISETP", K::Integer},
    {"IABS", K::Integer},
    {"IMNMX", K::Integer},
    {"VIMNMX", K::Integer},
    {"SGXT", K::Integer},
    {"BMSK", K::Integer},
    {"FLO", K::Integer},
    {"POPC", K::Integer},
    {"PRMT", K::Integer},
    {"VIADDMNMX", K::Integer},
    {"IDP", K::Integer},
    {"PLOP3", K::Integer},
    {"UIMAD", K::Uniform},
    {"UIADD3", K::Uniform},
    {"ULOP3", K::Uniform},
    {"ULEA", K::Uniform},
    {"USEL", K::Uniform},
    {"UISETP", K::Uniform},
    {"USHF", K::Uniform},
    {"UPRMT", K::Uniform},
    {"UFLO", K::Uniform},
    {"UPOPC", K::Uniform},
    {"USGXT", K::Uniform},
    {"UBMSK", K::Uniform},
    {"UPLOP3", K::Uniform},
    {"MOV", K::Move},
    {"CS2R", K::Move},
    {"S2R", K::Move},
    {"LDC", K::Move},
    {"P2R", K::Move},
    {"R2P", K::Move},
    {"UMOV", K::UniformMove},
    {"R2UR", K::UniformMove},
    {"S2UR", K::UniformMove},
    {"ULDC", K::UniformMove},
    {"LDCU", K::UniformMove},
    {"UP2UR", K::UniformMove},
    {"FFMA", K::Float},
    {"FADD", K::Float},
    {"FMUL", K::Float},
    {"FSEL", K::Float},
    {"FMNMX", K::Float},
    {"FSETP", K::Float},
    {"HFMA2", K::Float},
    {"HADD2", K::Float},
    {"HMUL2", K::Float},
    {"FSET", K::Float},
    {"FCHK", K::Float},
    {"MUFU", K::Function},
    {"F2FP", K::Convert},
    {"F2F", K::Convert},
    {"F2I", K::Convert},
    {"I2F", K::Convert},
    {"I2FP", K::Convert},
    {"FRND", K::Convert},
    {"STSM", K::MatrixStore},
    {"LDSM", K::MatrixLoad},
    {"LDS", K::Shared},
    {"STS", K::Shared},
    {"LDG", K::Global},
    {"STG", K::Global},
    {"LD", K::Global},
    {"ST", K::Global},
    {"LDL", K::LocalLoad},
    {"STL", K::LocalStore},
    {"ATOM", K::Atomic},
    {"ATOMG", K::Atomic},
    {"ATOMS", K::Atomic},
    {"RED", K::Atomic},
    {"REDG", K::Atomic},
    {"SHFL", K::Exchange},
    {"VOTE", K::Exchange},
    {"VOTEU", K::Exchange},
    {"REDUX", K::Exchange},
    {"ELECT", K::Exchange},
    {"MATCH", K::Exchange},
    {"CREDUX", K::Exchange},
    {"BAR", K::Barrier},
    {"WARPSYNC", K::Barrier},
    {"MEMBAR", K::Fence},
    {"FENCE", K::Fence},
    {"DEPBAR", K::Fence},
    {"LDGDEPBAR", K::Fence},
    {"UTMACMDFLUSH", K::Fence},
    {"ERRBAR", K::Fence},
    {"CCTL", K::Fence},
    {"BRA", K::Branch},
    {"BSSY", K::Branch},
    {"BSYNC", K::Branch},
    {"BRX", K::Branch},
    {"EXIT", K::Branch},
    {"CALL", K::Branch},
    {"RET", K::Branch},
    {"BREAK", K::Branch},
    {"YIELD", K::Branch},
    {"NOP", K::Nop},
};

constexpr std::array<std::string_view, kSassKinds> kNames = {
    "mma",       "wgmma fence", "wgmma wait",  "try_wait", "arrive",   "tma load",
    "tma store", "cp.async",    "address",     "uniform",  "move",     "uniform move",
    "float",     "mufu",        "convert",     "stmatrix", "ldmatrix", "shared",
    "global",    "local load",  "local store", "atomic",   "exchange", "barrier",
    "fence",     "branch",      "nop",         "other"};

} // namespace

std::string_view sassKindName(SassKind kind) { return kNames[size_t(kind)]; }

SassKind kindOf(const sass::Instruction &instruction) {
  std::string_view opcode = instruction.opcode, name = instruction.mnemonic();
  auto has = [&](std::string_view part) { return opcode.find(part) != std::string_view::npos; };
  if (name == "WARPGROUP")
    return has("ARRIVE") ? K::GroupFence : has("DEPBAR") ? K::GroupWait : K::Other;
  if (name == "SYNCS")
    return has("TRYWAIT") ? K::TryWait : has("ARRIVE") ? K::Arrive : K::Other;
  if (name == "UBLKCP") // the first letter is where to
    return has(".S.G") ? K::TmaLoad : K::TmaStore;
  if (opcode.starts_with("IMAD.MOV"))
    return K::Move;
  for (const Entry &entry : kEntries)
    if (entry.mnemonic == name)
      return entry.kind;
  return K::Other;
}

unsigned SassCounts::total() const {
  return std::accumulate(of.begin(), of.end(), 0u) - (*this)[K::Nop];
}

} // namespace moec::codegen
