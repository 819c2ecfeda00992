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

Progress::Progress(const Terminal &terminal, std::string what)
    : terminal(terminal), what(std::move(what)), next(Clock::now() + std::chrono::seconds(1)) {}

Progress::~Progress() {
  if (drawn)
    terminal.error << wipe << std::flush;
}

void Progress::update(uint64_t done, uint64_t of) {
  if (!terminal.progress || Clock::now() < next)
    return;
  next = Clock::now() + std::chrono::milliseconds(100);
  drawn = true;
  terminal.error << wipe << rt::concat(what, ": ", done, " of ", of) << std::flush;
}

} // namespace moec::run
