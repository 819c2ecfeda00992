//===- KernelTable.h - Kernel times that were measured ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines `task,rows,seconds`: how long one GPU took for a task of the plan with so many
// rows. Rows are what the task works on: (token, slot) rows of `experts`, tokens of its
// first operand of all others. Between two lines of a task time is linear, below the
// first it is that one's (a launch, weights that are read anyway), beyond the last it
// grows in proportion.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_KERNELTABLE_H
#define MOEC_RUNTIME_SIMULATOR_KERNELTABLE_H

#include "runtime/base/Status.h"
#include "runtime/simulator/KernelTimes.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace moec::simulator {

/// What one GPU took, by task. Tasks that the table does not know take no time.
class KernelTable {
public:
  struct Point {
    double rows = 0, seconds = 0;
  };

  /// Invalid, with `name` and the line, where a line is not a task's name, rows (each
  /// more than those of the line of that task before) and seconds; or none is there. A
  /// first line `task,rows,seconds` and lines that begin with # are passed over.
  static rt::Result<KernelTable> parse(std::string_view text, const std::string &name);

  bool knows(plan::TaskKind task) const { return points.contains(task); }
  /// 0 for no rows. The task must be known.
  double seconds(plan::TaskKind task, double rows) const;

private:
  std::map<plan::TaskKind, std::vector<Point>> points; ///< none is empty; rows ascend
};

/// The table's times, and a model's for tasks that it does not know.
class MeasuredTimes : public KernelTimes {
public:
  /// `model` must outlive the table.
  MeasuredTimes(KernelTable table, const KernelTimes &model)
      : table(std::move(table)), model(model) {}
  double seconds(const KernelWork &work) const override;

private:
  KernelTable table;
  const KernelTimes &model;
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_KERNELTABLE_H
