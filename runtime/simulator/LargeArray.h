//===- LargeArray.h - Vectors that are walked all over ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A run on a thousand ranks touches eight million tasks in the order of time, a few
// of each rank in turn: most of its time would go into looking up small pages.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_LARGEARRAY_H
#define MOEC_RUNTIME_SIMULATOR_LARGEARRAY_H

#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <vector>

namespace moec::simulator {

/// Reserves room for `size` elements, on huge pages where the system has them and the
/// room is new.
template <typename T> void reserveLarge(std::vector<T> &array, size_t size) {
  constexpr uintptr_t hugePage = 2 << 20;
  if (array.capacity() >= size)
    return;
  array.reserve(size);
  auto begin = reinterpret_cast<uintptr_t>(array.data());
  uintptr_t end = begin + array.capacity() * sizeof(T);
  begin = (begin + hugePage - 1) / hugePage * hugePage;
  if (begin + hugePage <= end)
    (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE); // a wish
}

/// An array of `size` times `value`, placed in the same way.
template <typename T> std::vector<T> makeLarge(size_t size, const T &value) {
  std::vector<T> array;
  reserveLarge(array, size);
  array.assign(size, value);
  return array;
}

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_LARGEARRAY_H
