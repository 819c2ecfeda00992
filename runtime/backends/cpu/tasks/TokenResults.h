//===- TokenResults.h - Results from what came back -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_TASKS_TOKENRESULTS_H
#define MOEC_RUNTIME_BACKENDS_CPU_TASKS_TOKENRESULTS_H

#include "runtime/backends/cpu/TaskContext.h"

#include <vector>

namespace moec::rt::cpu {

/// The results of a rank's tokens, whatever the schedule: in f32 from zero, the rows or
/// sums that came back in the order in which they are added, then the shared expert's
/// row, then the token itself, as far as the layer has them.
class TokenResults {
public:
  /// The task reads the shared expert's rows at `firstRead`, then the tokens, and writes
  /// the results; that these agree with the layer the plan's check knows.
  TokenResults(TaskContext &context, size_t firstRead);

  /// A row for the next token, of the type in which rows travel.
  void add(const std::byte *row) { rows.push_back(row); }
  /// The rows since the last token were for this one: tokens in ascending order, all of them.
  void endToken();
  /// Writes the results of the tokens that were ended.
  void write();

private:
  void writeOne(uint32_t token) const;

  TaskContext &context;
  const Layer &layer;
  RegionView out, shared, x;
  std::vector<const std::byte *> rows;
  std::vector<size_t> ends; ///< of each token's rows
  std::vector<const std::byte *> sharedRows, ownRows;
  std::vector<float *> results;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_TASKS_TOKENRESULTS_H
