//===- Stages.cpp - What travels in which stage ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/tasks/Tasks.h"

namespace moec::rt::cpu {

Status runStages(TaskContext &context) {
  birkhoff::Cut cut =
      context.task.op->task == plan::TaskKind::Lanes ? birkhoff::Cut::Lanes : birkhoff::Cut::Stages;
  if (context.rank.sets.makeStages(cut))
    return Status();
  return context.fault("makes stages on rank ", context.rank.number,
                       ", which does not know yet how many tokens all ranks have for each node");
}

} // namespace moec::rt::cpu
