//===- Progress.h - A line for what takes long -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_PROGRESS_H
#define MOEC_RUNTIME_TOOLS_PROGRESS_H

#include "runtime/tools/RunCommand.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace moec::run {

/// Shows "what: 12 of 195, 7 s" on a screen, from the second second on, and wipes it at
/// the end. A thread of its own goes on counting seconds where nothing is done for long.
/// Shows nothing elsewhere. Nobody else may write to the screen meanwhile.
class Progress {
public:
  using Clock = std::chrono::steady_clock;
  /// `pace`: from one line to the next.
  Progress(const Terminal &terminal, std::string what,
           Clock::duration pace = std::chrono::seconds(1));
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void update(uint64_t done, uint64_t of);

private:
  void redraw();

  const Terminal &terminal;
  std::string what;
  Clock::duration pace;
  Clock::time_point start = Clock::now();
  std::atomic<uint64_t> done = 0, of = 0; ///< of 0: there is nothing to count
  std::mutex mutex;
  std::condition_variable ended;
  bool hasEnded = false;
  std::thread drawer; ///< last: it uses all of the above
};

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_PROGRESS_H
