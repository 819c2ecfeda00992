//===- Parallel.cpp - Independent pieces of work on threads ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/study/Parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace moec::study {

void forEach(size_t count, unsigned threads, const std::function<void(size_t)> &body,
             const std::function<void(size_t)> &done) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  size_t finished = 0;
  std::exception_ptr thrown;
  auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      try {
        body(i);
      } catch (...) { // no memory, say
        next = count;
        std::lock_guard lock(mutex);
        thrown = std::current_exception();
        return;
      }
      std::lock_guard lock(mutex);
      ++finished;
      if (done)
        done(finished);
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (size_t i = 1; i < std::min<size_t>(threads, count); ++i)
      helpers.emplace_back(work);
    work();
  }
  if (thrown)
    std::rethrow_exception(thrown);
}

} // namespace moec::study
