//===- Clock.cpp - What happened before a task -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Clock.h"

namespace moec::rt::cpu {

void Clock::add(TaskRef task) {
  enterStep(task.rank, task.step);
  if (entries[task.rank].step == task.step)
    entries[task.rank].done[task.task] = true;
}

void Clock::enterStep(uint32_t rank, uint64_t step) {
  Entry &entry = entries[rank];
  if (step <= entry.step)
    return;
  entry.step = step;
  entry.done.assign(entry.done.size(), false);
}

void Clock::merge(const Clock &other) {
  for (std::size_t rank = 0; rank < entries.size(); ++rank) {
    Entry &mine = entries[rank];
    const Entry &theirs = other.entries[rank];
    if (theirs.step > mine.step)
      mine = theirs;
    else if (theirs.step == mine.step)
      for (std::size_t task = 0; task < mine.done.size(); ++task)
        if (theirs.done[task])
          mine.done[task] = true;
  }
}

} // namespace moec::rt::cpu
