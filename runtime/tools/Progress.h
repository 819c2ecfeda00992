//===- Progress.h - A line for what takes long -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_PROGRESS_H
#define MOEC_RUNTIME_TOOLS_PROGRESS_H

#include "runtime/tools/RunCommand.h"

#include <chrono>

namespace moec::run {

/// Shows "what: 12 of 195" on a screen, from the second second on, and wipes it at
/// the end. Shows nothing elsewhere.
class Progress {
public:
  Progress(const Terminal &terminal, std::string what);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void update(uint64_t done, uint64_t of);

private:
  using Clock = std::chrono::steady_clock;
  const Terminal &terminal;
  std::string what;
  Clock::time_point next; ///< when the line may be drawn again
  bool drawn = false;
};

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_PROGRESS_H
