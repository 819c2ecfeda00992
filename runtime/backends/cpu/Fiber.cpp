//===- Fiber.cpp - One rank's thread of control ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Fiber.h"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>

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

namespace moec::rt::cpu {
namespace context = boost::context;

/// Pages are committed when they are touched; a guard page lies below.
static constexpr size_t stackBytes = 512 << 10;

struct Fiber::Impl {
  std::function<void()> body;
  context::fiber self, resumer;
  bool returned = false;
  bool isEnding = false;
  // For AddressSanitizer, which must be told of each switch.
  const void *ownStack = nullptr, *resumerStack = nullptr;
  size_t resumerStackBytes = 0;
  void *fakeStack = nullptr;

  /// `to` is the stack about to be entered.
  void beforeSwitch([[maybe_unused]] void **save, [[maybe_unused]] const void *to,
                    [[maybe_unused]] size_t bytes) {
#if MOEC_ASAN_FIBERS
    __sanitizer_start_switch_fiber(save, to, bytes);
#endif
  }
  void afterSwitch([[maybe_unused]] void *saved, [[maybe_unused]] const void **from,
                   [[maybe_unused]] size_t *bytes) {
#if MOEC_ASAN_FIBERS
    __sanitizer_finish_switch_fiber(saved, from, bytes);
#endif
  }

  /// Thrown through the function to unwind it.
  struct Unwind {};

  context::fiber enter(context::fiber &&from) {
    afterSwitch(nullptr, &resumerStack, &resumerStackBytes);
    resumer = std::move(from);
    try {
      while (!isEnding) {
        body();
        returned = true;
        leave();
      }
    } catch (const Unwind &) {
    }
    beforeSwitch(nullptr, resumerStack, resumerStackBytes); // for good
    return std::move(resumer);
  }
  void leave() {
    beforeSwitch(&fakeStack, resumerStack, resumerStackBytes);
    resumer = std::move(resumer).resume();
    afterSwitch(fakeStack, &resumerStack, &resumerStackBytes);
    if (isEnding)
      throw Unwind();
  }
};

Fiber::Fiber(std::function<void()> body) : impl(std::make_unique<Impl>()) {
  impl->body = std::move(body);
  context::protected_fixedsize_stack allocator(stackBytes);
  context::stack_context stack = allocator.allocate();
  impl->ownStack = static_cast<const char *>(stack.sp) - stack.size;
  impl->self = context::fiber(
      std::allocator_arg, context::preallocated(stack.sp, stack.size, stack), allocator,
      [impl = impl.get()](context::fiber &&from) { return impl->enter(std::move(from)); });
}

Fiber::~Fiber() {
  impl->isEnding = true;
  resume();
}

bool Fiber::resume() {
  impl->returned = false;
  void *fakeStack = nullptr;
  impl->beforeSwitch(&fakeStack, impl->ownStack, stackBytes);
  impl->self = std::move(impl->self).resume();
  impl->afterSwitch(fakeStack, nullptr, nullptr);
  return impl->returned;
}

void Fiber::suspend() { impl->leave(); }

} // namespace moec::rt::cpu
