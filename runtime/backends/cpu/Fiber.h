//===- Fiber.h - One rank's thread of control -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_CPU_FIBER_H
#define MOEC_RUNTIME_BACKENDS_CPU_FIBER_H

#include <functional>
#include <memory>

namespace moec::rt::cpu {

/// A function on a stack of its own, resumed and suspended by hand. It starts over
/// with the first resume() after its return. Destroying a fiber whose function is
/// suspended unwinds that function. One thread.
class Fiber {
public:
  /// `body` does not throw.
  explicit Fiber(std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber &) = delete;
  Fiber &operator=(const Fiber &) = delete;

  /// Runs the function until it suspends or returns. True: it has returned.
  bool resume();
  /// Only from within the function.
  void suspend();

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace moec::rt::cpu

#endif // MOEC_RUNTIME_BACKENDS_CPU_FIBER_H
