//===- Clock.h - What happened before a task --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The happens-before relation of the comm dialect: token edges and the order of the
// steps within a rank, signal before wait between ranks.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_CLOCK_H
#define MOEC_RUNTIME_BACKENDS_CPU_CLOCK_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moec::rt::cpu {

/// One task of one rank and step.
struct TaskRef {
  uint32_t rank = 0;
  uint32_t task = 0;
  uint64_t step = 0; ///< 0: none
};

/// A set of tasks, closed under what happened before each. Per rank: all tasks of
/// the steps before `step`, and those of `step` whose bits are set.
class Clock {
public:
  Clock() = default;
  Clock(uint32_t ranks, uint32_t tasks) : entries(ranks, Entry{0, std::vector<bool>(tasks)}) {}

  static uint64_t bytesFor(uint64_t ranks, uint64_t tasks) {
    return ranks * (sizeof(Entry) + tasks / 8);
  }

  bool contains(TaskRef task) const {
    const Entry &entry = entries[task.rank];
    return task.step < entry.step || (task.step == entry.step && entry.done[task.task]);
  }
  void add(TaskRef task);
  void merge(const Clock &other);
  /// All tasks of `rank` before `step`.
  void enterStep(uint32_t rank, uint64_t step);

private:
  struct Entry {
    uint64_t step = 0;
    std::vector<bool> done;
  };
  std::vector<Entry> entries;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_CLOCK_H
