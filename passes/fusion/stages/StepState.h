//===- StepState.h - What a stage knows of the running step -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RankState as code, and where things lie in the symmetric heaps: a region of a
// buffer or a cell of a flag has the number copy * ranks + source, where step n uses
// copy n modulo depth.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_STEPSTATE_H
#define MOEC_PASSES_FUSION_STAGES_STEPSTATE_H

#include "passes/fusion/stages/StageBuilder.h"
#include "passes/fusion/stages/WarpCode.h"

namespace moec::fusion {

class StepState {
public:
  /// Reads the state where the builder stands.
  StepState(KernelBuilder &kernel, WarpCode &code);

  mlir::Value tokens, rank, maxTokens;
  mlir::Value epoch; ///< number of this step, from 1

  /// Number of the region or cell that rank `source` fills in this step.
  mlir::Value regionOf(mlir::Value source);
  /// Number of the region of rows that come back; all ranks fill it.
  mlir::Value returnedRegion() { return copy ? copy : code.i32(0); }
  /// Address of a rank's symmetric heap, an i64.
  mlir::Value heapOf(mlir::Value peer);
  /// Bytes from any rank's heap to the region there that this rank fills, of a buffer of
  /// `size`-byte records; an i64.
  mlir::Value ownRegion(uint32_t buffer, uint64_t size);
  /// The flag's cell at rank `peer` that this rank writes.
  mlir::Value cellAt(uint32_t flag, mlir::Value peer);
  /// This rank's cells of the flag in this step, one a rank.
  mlir::Value ownCells(uint32_t flag);
  /// Waits for all ranks' cells; executed by one warp.
  void waitForAll(uint32_t flag);

private:
  KernelBuilder &kernel;
  WarpCode &code;
  mlir::Value copy; ///< of the regions; none if there is but one
};

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_STEPSTATE_H
