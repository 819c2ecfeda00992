//===- ScheduleChoice.h - What a schedule is chosen for ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_SCHEDULECHOICE_H
#define MOEC_FRONTEND_DRIVER_SCHEDULECHOICE_H

#include "frontend/driver/Commands.h"
#include "runtime/candidates/CandidateTable.h"

#include <optional>
#include <string>
#include <vector>

namespace moec::driver {

struct ScheduleChoice {
  std::string traffic; ///< as --traffic takes it; empty: the skews of candidates/Choose.h
  std::optional<uint32_t> trafficLayer; ///< of a file with several
  std::optional<uint32_t> tokens;       ///< of a rank; none: the most that the plan allows, or 4096
  std::string machine;                  ///< name or file; empty: that of the source
  bool isForPeople = false;             ///< everything is costed, for fewer tokens too
};

/// compileToMemory with statements in place of the source's: "algorithm two_tier".
int compileScheduled(const CompileOptions &options, const std::string &schedule,
                     std::vector<uint8_t> &module);

/// compileToMemory with `algorithm auto` in place of the source's, and the table that its
/// schedule was chosen from.
int compileChoosing(const CompileOptions &options, const ScheduleChoice &choice,
                    std::vector<uint8_t> &module, std::optional<candidates::CandidateTable> &table);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_SCHEDULECHOICE_H
