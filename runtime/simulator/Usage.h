//===- Usage.h - What resources carried, over time --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_USAGE_H
#define MOEC_RUNTIME_SIMULATOR_USAGE_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moec::simulator {

/// Bytes by resource and stretch of time. All stretches are equally long; when time
/// goes past the last, two become one, so that a run of any length fills between
/// half of them and all. What was carried between two calls is spread evenly.
class Usage {
public:
  static constexpr uint32_t stretches = 256;

  explicit Usage(size_t resources);

  /// `bytes` more went through `resource` since the last advance().
  void carry(uint32_t resource, double bytes) { carried[resource] += bytes; }
  /// Time is now `seconds`, and not before the last call's.
  void advance(double seconds);
  /// Nothing follows: what was carried is put where it belongs.
  void finish();

  double secondsOf() const { return width; } ///< of a stretch
  /// Stretches that the run reached.
  uint32_t size() const;
  double bytes(uint32_t resource, uint32_t stretch) const {
    return bins[size_t(resource) * stretches + stretch];
  }
  double bytes(uint32_t resource) const; ///< over all

private:
  void flush();
  void widen();

  double width = 1e-9;
  double since = 0, now = 0; ///< of what is in `carried`
  std::vector<double> carried;
  std::vector<double> bins;
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_USAGE_H
