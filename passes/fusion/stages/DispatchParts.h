//===- DispatchParts.h - The two halves of dispatch -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both are code of one role, so that no CTA waits for another between them.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_DISPATCHPARTS_H
#define MOEC_PASSES_FUSION_STAGES_DISPATCHPARTS_H

#include "passes/fusion/stages/StepState.h"

namespace moec::fusion {

/// Rows and records to the ranks that need them, then the flags.
void writeSend(KernelBuilder &kernel, WarpCode &code, StepState &state);
/// Waits for what the others send, and lists its rows by expert.
void writeIndex(KernelBuilder &kernel, WarpCode &code, StepState &state);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_DISPATCHPARTS_H
