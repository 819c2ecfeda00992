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
/// half of them and all.
class Usage {
public:
  static constexpr uint32_t stretches = 256;

  explicit Usage(size_t resources) : rows(resources), bins(resources * stretches) {}

  /// From `now` on the resource carries `bytesPerSecond`. Times of a resource do not
  /// go back.
  void setRate(uint32_t resource, double bytesPerSecond, double now);
  /// So many bytes less went through in the time before `now` than rates say.
  void correct(uint32_t resource, double bytes, double now);
  /// The run ended at `now`.
  void finish(double now);

  double stretchSeconds() const { return width; }
  /// Stretches that the run reached. After finish().
  uint32_t size() const { return reached; }
  double bytes(uint32_t resource, uint32_t stretch) const {
    return bins[size_t(resource) * stretches + stretch];
  }
  double bytes(uint32_t resource) const; ///< over all

private:
  struct Row {
    double rate = 0;
    double since = 0; ///< carried from here on is not in the bins yet
  };
  void flush(uint32_t resource, double now);
  void reach(double now);

  double width = 1e-9;
  uint32_t reached = 0;
  std::vector<Row> rows;
  std::vector<double> bins;
};

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_USAGE_H
