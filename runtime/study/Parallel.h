//===- Parallel.h - Independent pieces of work on threads -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_STUDY_PARALLEL_H
#define MOEC_RUNTIME_STUDY_PARALLEL_H

#include <cstddef>
#include <functional>

namespace moec::study {

/// Calls `body` once for each of 0 .. count - 1, on up to `threads` threads (at least
/// one), in any order. `done` hears after each how many are finished; it is called by
/// one thread at a time, and may be empty. Returns when all are finished. What `body`
/// throws is thrown here, once all that began have ended; then not all are called.
void forEach(size_t count, unsigned threads, const std::function<void(size_t)> &body,
             const std::function<void(size_t)> &done = {});

} // namespace moec::study

#endif // MOEC_RUNTIME_STUDY_PARALLEL_H
