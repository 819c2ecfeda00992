//===- Trace.h - What ranks said to each other ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stores into symmetric heaps, releases of flag words and waits that were satisfied,
// in the order in which they happened. Recorded only when asked for.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_TRACE_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_TRACE_H

#include <cstdint>
#include <vector>

namespace moec::rt::emulator {

enum class EventKind : uint8_t {
  Put,    ///< bytes written into the symmetric heap of `to`
  Signal, ///< a word released there
  Wait,   ///< a word of the own heap acquired
};

struct Event {
  EventKind kind = EventKind::Put;
  uint32_t rank = 0; ///< of the thread
  uint32_t to = 0;   ///< owner of the memory
  uint64_t address = 0, bytes = 0;
  uint64_t value = 0;              ///< Signal and Wait
  uint32_t thread = 0, moment = 0; ///< of a put: what a later signal must know
  uint32_t site = 0;
  /// Signal: the puts of its rank before it in the trace that it does not order.
  std::vector<uint32_t> unordered;
};

class Engine;
struct Thread;

struct Trace {
  std::vector<Event> events;

  void put(const Thread &thread, uint32_t to, uint64_t address, uint64_t bytes);
  void signal(const Engine &engine, uint32_t to, uint64_t address, uint64_t value);
  void wait(const Thread &thread, uint32_t to, uint64_t address, uint64_t value);
};

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_TRACE_H
