//===- ThreadPool.h - All cores for one task at a time ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranks are fibers of one thread; a task that is worth it spreads its work over
// this pool. So all cores are busy however skewed the ranks are. Work is dealt as
// one contiguous range a thread, because weights are read in order; a thread that
// is done takes over the end of another's range.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_THREADPOOL_H
#define MOEC_RUNTIME_BACKENDS_CPU_THREADPOOL_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace moec::rt::cpu {

class ThreadPool {
public:
  /// 0 = every core this process may use. With 1 no thread is made.
  explicit ThreadPool(uint32_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  uint32_t threads() const { return static_cast<uint32_t>(shares.size()); }

  /// body(index) once for each index below `count`, in any order, from any thread;
  /// returns when all are done. `body` does not throw and does not call this.
  template <typename Body> void parallelFor(uint32_t count, const Body &body) {
    if (threads() == 1 || count <= 1) {
      for (uint32_t index = 0; index < count; ++index)
        body(index);
      return;
    }
    run(
        count,
        [](const void *context, uint32_t index) { (*static_cast<const Body *>(context))(index); },
        &body);
  }

private:
  using Function = void (*)(const void *context, uint32_t index);

  /// What is left of one thread's range: {next:32, end:32} in one word, so that the
  /// owner (from the front) and a thief (from the back) agree.
  struct alignas(64) Share {
    std::atomic<uint64_t> range{0};
  };

  void run(uint32_t count, Function function, const void *context);
  void end();
  bool join(uint32_t now);
  void work(uint32_t self);
  void worker(uint32_t self);

  std::vector<Share> shares;
  std::vector<std::thread> workers;
  Function function = nullptr;
  const void *context = nullptr;
  /// Counts runs; workers wait for it to change.
  alignas(64) std::atomic<uint32_t> generation{0};
  /// {run:32, workers that came in:32}.
  alignas(64) std::atomic<uint64_t> door{0};
  alignas(64) std::atomic<uint32_t> left{0}; ///< workers that are through
  std::atomic<bool> isEnding{false};
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_THREADPOOL_H
