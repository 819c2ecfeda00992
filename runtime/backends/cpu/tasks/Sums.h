//===- Sums.h - Rows that are added up ---------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_TASKS_SUMS_H
#define MOEC_RUNTIME_BACKENDS_CPU_TASKS_SUMS_H

#include "runtime/backends/cpu/TaskContext.h"

#include <vector>

namespace moec::rt::cpu {

/// Rows to add up, and where the sum goes.
struct Sum {
  std::vector<const std::byte *> rows;
  std::byte *target = nullptr;
};

/// Adds each sum's rows in their order, in f32 from zero, and rounds once to the type in
/// which rows travel.
void addAll(Machine &machine, const std::vector<Sum> &sums);

/// What a rank has computed for a token of `source`, in slot order.
struct TokenRows {
  uint32_t source = 0, token = 0;
  uint32_t place = 0; ///< in D(s,r)
  std::vector<const std::byte *> rows;
};

/// The rows of a task that reads records{D(s,r)} or a piece of them, y{Y(s,r)}, by token, for the
/// source of its region number `index`.
Result<std::vector<TokenRows>> readRows(TaskContext &context, size_t index);

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_TASKS_SUMS_H
