//===- Fiber.cpp - A stack of one CUDA thread ------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Fiber.h"

#include <boost/context/detail/fcontext.hpp>

#include <cstdlib>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define MOEC_ASAN_FIBERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOEC_ASAN_FIBERS 1
#endif
#endif
#if MOEC_ASAN_FIBERS
#include <sanitizer/common_interface_defs.h>
#endif

namespace moec::rt::emulator {
namespace context = boost::context::detail;

static void leaving([[maybe_unused]] void **fakeStack, [[maybe_unused]] const Fiber &to) {
#if MOEC_ASAN_FIBERS
  __sanitizer_start_switch_fiber(fakeStack, to.stackBottom, to.stackBytes);
#endif
}
/// `from` is who switched to us.
static void arrived([[maybe_unused]] void *fakeStack, [[maybe_unused]] Fiber &from) {
#if MOEC_ASAN_FIBERS
  const void *bottom = nullptr;
  size_t bytes = 0;
  __sanitizer_finish_switch_fiber(fakeStack, &bottom, &bytes);
  from.stackBottom = bottom;
  from.stackBytes = bytes;
#endif
}

/// The two fibers of a switch, on the stack of the one that leaves.
struct Switch {
  Fiber *from, *to;
};

static void enter(context::transfer_t transfer) {
  Switch parties = *static_cast<Switch *>(transfer.data);
  arrived(nullptr, *parties.from);
  parties.from->context = transfer.fctx;
  parties.to->body(*parties.to);
  std::abort();
}

void prepareFiber(Fiber &fiber, void *stackBottom, size_t bytes, void (*body)(Fiber &self)) {
  fiber.body = body;
  fiber.stackBottom = stackBottom;
  fiber.stackBytes = bytes;
  fiber.context = context::make_fcontext(static_cast<char *>(stackBottom) + bytes, bytes, enter);
}

void switchFiber(Fiber &from, Fiber &to) {
  Switch parties{&from, &to};
  leaving(&from.fakeStack, to);
  context::transfer_t transfer = context::jump_fcontext(to.context, &parties);
  Fiber &resumer = *static_cast<Switch *>(transfer.data)->from;
  arrived(from.fakeStack, resumer);
  resumer.context = transfer.fctx;
}

void leaveFiber(Fiber &from, Fiber &to) {
  Switch parties{&from, &to};
  leaving(nullptr, to);
  context::jump_fcontext(to.context, &parties);
  std::abort();
}

StackPool::~StackPool() {
  if (base)
    munmap(base, mapped);
}

bool StackPool::reserve(size_t stacks, size_t bytesPerStack) {
  if (stacks * bytesPerStack <= mapped && bytesPerStack == perStack)
    return true;
  if (base)
    munmap(base, mapped);
  base = nullptr;
  mapped = stacks * bytesPerStack;
  perStack = bytesPerStack;
  void *memory = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return false;
  base = static_cast<char *>(memory);
  return true;
}

void *StackPool::bottom(size_t stack) const { return base + stack * perStack; }
size_t StackPool::bytes(size_t stack) const { return perStack - stack % 64 * 192; }

} // namespace moec::rt::emulator
