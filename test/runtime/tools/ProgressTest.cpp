//===- ProgressTest.cpp - A line that counts while nothing ends -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Progress.h"

#include <gtest/gtest.h>

#include <ostream>

namespace moec::run {
namespace {

/// What a screen was sent, readable from another thread.
class Screen : public std::streambuf {
public:
  std::string text() {
    std::lock_guard lock(mutex);
    return sent;
  }

protected:
  int overflow(int c) override {
    std::lock_guard lock(mutex);
    sent += char(c);
    return c;
  }

private:
  std::mutex mutex;
  std::string sent;
};

struct Console {
  explicit Console(bool isScreen) : terminal{error, error, false, isScreen} {}
  Screen screen;
  std::ostream error{&screen};
  Terminal terminal;
};

TEST(Progress, goes_on_where_nothing_ends) {
  Console console(/*isScreen=*/true);
  {
    Progress progress(console.terminal, "running steps", std::chrono::milliseconds(1));
    progress.update(3, 7);
    while (console.screen.text().find("running steps: 3 of 7, 0 s") == std::string::npos)
      std::this_thread::yield(); // a hang is a failure: ctest has a limit
  }
  EXPECT_TRUE(console.screen.text().ends_with("\r\x1b[K")) << "the line stays behind";
}

TEST(Progress, has_time_alone_where_nothing_can_be_counted) {
  Console console(/*isScreen=*/true);
  Progress progress(console.terminal, "preparing the emulator backend",
                    std::chrono::milliseconds(1));
  while (console.screen.text().find("preparing the emulator backend: 0 s") == std::string::npos)
    std::this_thread::yield();
}

TEST(Progress, says_nothing_of_what_is_short) {
  Console console(/*isScreen=*/true);
  {
    Progress progress(console.terminal, "running steps", std::chrono::hours(1));
  }
  EXPECT_EQ(console.screen.text(), "");
}

TEST(Progress, says_nothing_elsewhere) {
  Console console(/*isScreen=*/false);
  {
    Progress progress(console.terminal, "running steps", std::chrono::milliseconds(1));
    progress.update(3, 7);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(console.screen.text(), "");
}

} // namespace
} // namespace moec::run
