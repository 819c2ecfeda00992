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

void Usage::setRate(uint32_t resource, double bytesPerSecond, double now) {
  flush(resource, now);
  rows[resource].rate = bytesPerSecond;
}

void Usage::correct(uint32_t resource, double bytes, double now) {
  reach(now);
  auto stretch = static_cast<uint32_t>(std::min(now / width, double(stretches - 1)));
  bins[size_t(resource) * stretches + stretch] -= bytes;
}

void Usage::finish(double now) {
  for (uint32_t resource = 0; resource < rows.size(); ++resource)
    flush(resource, now);
  reached = static_cast<uint32_t>(std::min(std::ceil(now / width), double(stretches)));
}

/// Makes stretches longer until `now` is in one.
void Usage::reach(double now) {
  for (; now > width * stretches; width *= 2)
    for (size_t resource = 0; resource < rows.size(); ++resource) {
      double *row = &bins[resource * stretches];
      for (uint32_t i = 0; i < stretches / 2; ++i)
        row[i] = row[2 * i] + row[2 * i + 1];
      std::fill(row + stretches / 2, row + stretches, 0.0);
    }
}

void Usage::flush(uint32_t resource, double now) {
  Row &row = rows[resource];
  assert(now >= row.since && "time does not go back");
  if (row.rate > 0) {
    reach(now);
    double *bin = &bins[size_t(resource) * stretches];
    for (auto stretch = static_cast<uint32_t>(row.since / width); stretch < stretches; ++stretch) {
      double begin = std::max(row.since, stretch * width);
      double end = std::min(now, (stretch + 1) * width);
      if (begin >= end)
        break;
      bin[stretch] += row.rate * (end - begin);
    }
  }
  row.since = now;
}

double Usage::bytes(uint32_t resource) const {
  const double *row = &bins[size_t(resource) * stretches];
  return std::accumulate(row, row + stretches, 0.0);
}

} // namespace moec::simulator
