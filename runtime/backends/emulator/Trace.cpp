//===- Trace.cpp - What ranks said to each other ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Trace.h"

#include "runtime/backends/emulator/Engine.h"

namespace moec::rt::emulator {

static Event eventOf(EventKind kind, const Thread &thread, uint32_t to, uint64_t address) {
  Event event;
  event.kind = kind;
  event.rank = thread.cta->rank;
  event.to = to;
  event.address = address;
  event.thread = thread.number;
  event.moment = Order::moment(thread);
  event.site = thread.site;
  return event;
}

void Trace::put(const Thread &thread, uint32_t to, uint64_t address, uint64_t bytes) {
  Event event = eventOf(EventKind::Put, thread, to, address);
  event.bytes = bytes;
  events.push_back(event);
}

void Trace::signal(const Engine &engine, uint32_t to, uint64_t address, uint64_t value) {
  const Thread &thread = *engine.current;
  Event event = eventOf(EventKind::Signal, thread, to, address);
  event.value = value;
  if (engine.order)
    for (uint32_t i = 0; i < events.size(); ++i)
      if (const Event &put = events[i];
          put.kind == EventKind::Put && put.rank == event.rank && put.to == to &&
          !engine.order->knows(thread, Proxy::Generic, put.thread, put.moment))
        event.unordered.push_back(i);
  events.push_back(event);
}

void Trace::wait(const Thread &thread, uint32_t to, uint64_t address, uint64_t value) {
  Event event = eventOf(EventKind::Wait, thread, to, address);
  event.value = value;
  events.push_back(event);
}

} // namespace moec::rt::emulator
