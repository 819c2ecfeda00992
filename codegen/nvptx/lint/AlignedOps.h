//===- AlignedOps.h - Instructions that a whole warp must execute as one -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The `.aligned` instructions of PTX that moec uses, under both of their names.
// A compiler that copies one of them into two branches makes a kernel that hangs
// or computes nonsense, and no tool complains: so they are counted before and
// after LLVM.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_LINT_ALIGNEDOPS_H
#define MOEC_CODEGEN_NVPTX_LINT_ALIGNEDOPS_H

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace moec::codegen {

struct AlignedOp {
  std::string_view ptx;       ///< how the opcode begins
  std::string_view intrinsic; ///< how the name of LLVM's intrinsic begins
};

inline constexpr std::array<AlignedOp, 12> kAlignedOps = {{
    {"wgmma.mma_async.", "llvm.nvvm.wgmma.mma_async"},
    {"wgmma.fence.", "llvm.nvvm.wgmma.fence"},
    {"wgmma.commit_group.", "llvm.nvvm.wgmma.commit_group"},
    {"wgmma.wait_group.", "llvm.nvvm.wgmma.wait_group"},
    {"setmaxnreg.", "llvm.nvvm.setmaxnreg"},
    {"bar.sync", "llvm.nvvm.barrier.cta.sync"},
    {"bar.arrive", "llvm.nvvm.barrier.cta.arrive"},
    {"bar.red", "llvm.nvvm.barrier.cta.red"},
    {"barrier.", "llvm.nvvm.barrier.cluster"},
    {"stmatrix.", "llvm.nvvm.stmatrix"},
    {"ldmatrix.", "llvm.nvvm.ldmatrix"},
    {"mma.sync.", "llvm.nvvm.mma."},
}};

/// How often each of them occurs.
using AlignedCounts = std::array<size_t, kAlignedOps.size()>;

inline std::optional<size_t> alignedOpOfPtx(std::string_view opcode) {
  for (size_t i = 0; i < kAlignedOps.size(); ++i)
    if (opcode.starts_with(kAlignedOps[i].ptx))
      return i;
  return std::nullopt;
}

inline std::optional<size_t> alignedOpOfIntrinsic(std::string_view name) {
  for (size_t i = 0; i < kAlignedOps.size(); ++i)
    if (name.starts_with(kAlignedOps[i].intrinsic))
      return i;
  return std::nullopt;
}

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_LINT_ALIGNEDOPS_H
