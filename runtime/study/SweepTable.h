//===- SweepTable.h - Rows of a sweep as text -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_STUDY_SWEEPTABLE_H
#define MOEC_RUNTIME_STUDY_SWEEPTABLE_H

#include "runtime/study/Step.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moec::study {

/// What was asked for in place of the source's schedule; empty: as the source says.
struct ScheduleChoice {
  std::string algorithm; ///< with more statements behind it: "staggered; pipeline experts"
  std::string combine;

  /// Statements of a schedule block: "algorithm two_tier; combine partial".
  std::string statements() const;
};

/// One combination of a sweep.
struct SweepRow {
  std::string machine;
  uint32_t ranks = 0;
  uint32_t nodes = 0; ///< 0: not known, since the ranks do not fit the machine
  ScheduleChoice schedule;
  std::string traffic;
  std::optional<uint32_t> tokens; ///< of a rank; none: the traffic brings its own

  std::string why; ///< this cannot be; empty: what follows holds
  StepTimes times;
  double boundSeconds = 0;
  std::string boundBy;
  /// Each exchange by itself, and what none beats; where that was asked for.
  std::optional<PhaseTimes> alone;
  PhaseTimes aloneBound;
  double allTokens = 0; ///< of all ranks
};

enum class TableFormat : uint8_t { Markdown, Csv, JsonLines };
std::optional<TableFormat> tableFormatFromName(std::string_view name); ///< "md", "csv", "jsonl"

/// README.md has the columns and the schema. Markdown is for people: microseconds, and no
/// column of an axis that nobody asked for.
std::string tableText(std::span<const SweepRow> rows, TableFormat format);

} // namespace moec::study

#endif // MOEC_RUNTIME_STUDY_SWEEPTABLE_H
