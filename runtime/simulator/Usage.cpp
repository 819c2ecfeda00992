//===- Usage.cpp - What resources carried, over time ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/simulator/Usage.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace moec::simulator {

Usage::Usage(size_t resources) : carried(resources), bins(resources * stretches) {}

void Usage::advance(double seconds) {
  assert(seconds >= now && "time does not go back");
  now = seconds;
  // Within one stretch nothing needs to be put anywhere yet.
  if (std::floor(since / width) != std::floor(now / width))
    flush();
}

void Usage::finish() { flush(); }

void Usage::flush() {
  while (now > width * stretches)
    widen();
  double length = now - since;
  auto first = static_cast<uint32_t>(since / width);
  for (uint32_t stretch = first; stretch < stretches; ++stretch) {
    double begin = std::max(since, stretch * width), end = std::min(now, (stretch + 1) * width);
    if (begin >= end)
      break;
    for (size_t resource = 0; resource < carried.size(); ++resource)
      bins[resource * stretches + stretch] += carried[resource] * ((end - begin) / length);
  }
  if (length > 0)
    std::fill(carried.begin(), carried.end(), 0.0);
  since = now;
}

void Usage::widen() {
  for (size_t resource = 0; resource < carried.size(); ++resource) {
    double *row = &bins[resource * stretches];
    for (uint32_t i = 0; i < stretches / 2; ++i)
      row[i] = row[2 * i] + row[2 * i + 1];
    std::fill(row + stretches / 2, row + stretches, 0.0);
  }
  width *= 2;
}

uint32_t Usage::size() const {
  return std::min(stretches, static_cast<uint32_t>(std::ceil(now / width)));
}

double Usage::bytes(uint32_t resource) const {
  const double *row = &bins[size_t(resource) * stretches];
  return std::accumulate(row, row + stretches, 0.0);
}

} // namespace moec::simulator
