//===- PtxasLog.h - What ptxas -v says of a kernel -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ptxas ends well where a kernel spills or its wgmma are serialised, and says so
// only in a line of information.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_NVPTX_PTXASLOG_H
#define MOEC_CODEGEN_NVPTX_PTXASLOG_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moec::codegen {

struct PtxasReport {
  uint32_t registers = 0;
  uint32_t barriers = 0;
  uint32_t stackBytes = 0;
  uint32_t spillStoreBytes = 0;
  uint32_t spillLoadBytes = 0;
  uint32_t sharedBytes = 0; ///< static
  /// Remarks that wgmma waits were added, wgmma serialised or registers ran out
  /// (C75xx, C76xx), and warnings that registers were limited; whole lines.
  std::vector<std::string> remarks;
};

/// Of a file with one kernel.
PtxasReport parsePtxasLog(std::string_view log);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_NVPTX_PTXASLOG_H
