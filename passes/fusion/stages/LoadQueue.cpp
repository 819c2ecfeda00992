//===- LoadQueue.cpp - Loops that load ahead of their use -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/LoadQueue.h"

namespace moec::fusion {
using namespace mlir;

LoadQueue::Values LoadQueue::run(WarpCode &code, Value count, ValueRange carried, Load load,
                                 Body body) const {
  Value ahead = code.i32(rounds), none = code.i32(0);
  Value turns = code.select(code.equal(count, none), none, code.add(count, ahead));
  size_t waiting = size_t(words) * rounds;
  Values first(waiting, none);
  llvm::append_range(first, carried);
  auto turn = [&](Value number, ValueRange now) {
    Values queue(now.take_front(waiting)), values(now.drop_front(waiting));
    Values loaded = load(code.min(number, code.sub(count, code.i32(1))));
    values = code.ifElse(
        code.atLeast(number, ahead),
        [&] { return body(code.sub(number, ahead), ArrayRef(queue).take_front(words), values); },
        [&] { return values; });
    Values next(llvm::drop_begin(queue, words));
    llvm::append_range(next, loaded);
    llvm::append_range(next, values);
    return next;
  };
  Values last = code.forRange(none, turns, code.i32(1), first, turn);
  return Values(llvm::drop_begin(last, waiting));
}

} // namespace moec::fusion
