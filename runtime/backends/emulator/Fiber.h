//===- Fiber.h - A stack of one CUDA thread ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Thousands of these exist at once and each is switched to hundreds of times, so
// this is the bare switch of Boost.Context (which knows about CET) and nothing else:
// no unwinding, no allocation.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_FIBER_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_FIBER_H

#include <cstddef>

namespace moec::rt::emulator {

/// Whoever can be switched to: a CUDA thread, or the host that launched them.
struct Fiber {
  void *context = nullptr;
  void (*body)(Fiber &self) = nullptr; ///< never returns
  // For AddressSanitizer, which must be told of each switch.
  const void *stackBottom = nullptr;
  size_t stackBytes = 0;
  void *fakeStack = nullptr;
};

/// Makes `fiber` ready to run `body` on the given stack.
void prepareFiber(Fiber &fiber, void *stackBottom, size_t bytes, void (*body)(Fiber &self));
/// Suspends `from`, which runs, and resumes `to`. Returns when someone switches back.
void switchFiber(Fiber &from, Fiber &to);
/// Leaves `from` for good.
[[noreturn]] void leaveFiber(Fiber &from, Fiber &to);

/// Stacks of one launch. Pages are committed when they are touched. Stacks of
/// neighbours start at different offsets: equal ones would share cache sets.
class StackPool {
public:
  StackPool() = default;
  ~StackPool();
  StackPool(const StackPool &) = delete;
  StackPool &operator=(const StackPool &) = delete;

  /// False: the system has no such amount of address space.
  bool reserve(size_t stacks, size_t bytesPerStack);
  void *bottom(size_t stack) const;
  size_t bytes(size_t stack) const;

private:
  char *base = nullptr;
  size_t mapped = 0, perStack = 0;
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_FIBER_H
