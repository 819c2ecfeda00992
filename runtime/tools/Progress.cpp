//===- Progress.cpp - A line for what takes long --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Progress.h"

#include "runtime/base/Text.h"

#include <ostream>

namespace moec::run {

static constexpr const char *wipe = "\r\x1b[K";

Progress::Progress(const Terminal &terminal, std::string what, Clock::duration pace)
    : terminal(terminal), what(std::move(what)), pace(pace) {
  if (terminal.progress)
    drawer = std::thread([this] { redraw(); });
}

Progress::~Progress() {
  if (!drawer.joinable())
    return;
  {
    std::lock_guard lock(mutex);
    hasEnded = true;
  }
  ended.notify_one();
  drawer.join();
}

void Progress::update(uint64_t done, uint64_t of) {
  this->done = done;
  this->of = of;
}

void Progress::redraw() {
  bool drawn = false;
  std::unique_lock lock(mutex);
  while (!ended.wait_for(lock, pace, [this] { return hasEnded; })) {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start).count();
    std::string count = of == 0 ? "" : rt::concat(done.load(), " of ", of.load(), ", ");
    terminal.error << wipe << rt::concat(what, ": ", count, seconds, " s") << std::flush;
    drawn = true;
  }
  if (drawn)
    terminal.error << wipe << std::flush;
}

} // namespace moec::run
