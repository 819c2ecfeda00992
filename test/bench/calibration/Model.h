//===- Model.h - Published measurements, simulated --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A library's exchange is a fabric with rates that it reaches, and time of its own
// around the transfers. The transfers are simulated as wire bytes: without what stays
// on a rank, which most libraries count into their bandwidths.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_BENCH_CALIBRATION_MODEL_H
#define MOEC_TEST_BENCH_CALIBRATION_MODEL_H

#include <cstdint>
#include <string>
#include <vector>

namespace moec::calibration {

/// One direction of one library on one kind of machine. Microseconds and GB/s. What is
/// fitted says so where it is set (Libraries.cpp).
struct Library {
  std::string name;
  std::string source;
  uint32_t lanes = 8; ///< ranks of a node
  double link = 0;    ///< of a rank to the switch, each direction
  /// The part of `link` that each doubling of ranks beyond 8 costs.
  double linkLoss = 0;
  double linkLatency = 1.8725; ///< astra-sim HGX-H100-validated.yml: 2 x 936.25 ns
  double rail = 0;             ///< 0: one node
  double railLatency = 5;      ///< LL over the network, NCCL src/graph/tuning.cc
  double smIssue = 0;          ///< of the SMs that send; 0: does not limit
  double fixed = 0;            ///< launch, counts, barriers
  double fixedGrowth = 0;      ///< more for each doubling of ranks beyond 8
  double floor = 0;            ///< the time for next to no bytes; 0: there is none apart
  double floorGrowth = 0;
  /// How sharply the floor gives way to the stream: exponent of a power mean.
  double handover = 30;
  bool hasTiers = false; ///< rails carry a token once a node, peers send it on
};

struct Point {
  const Library *library = nullptr;
  std::string what;
  uint32_t ranks = 8;
  double bytesPerPeer = 0; ///< from each rank to each other, at the end
  double bytesPerNode = 0; ///< with tiers: on the rail to each other node
  double microseconds = 0; ///< as measured
  bool isFitted = false;   ///< constants were chosen with it
  std::string reason;      ///< why it is off by more than a tenth
};

std::vector<Point> publishedPoints();

/// What the simulator and the library's constants say.
double predictMicroseconds(const Point &point);

inline double errorOf(const Point &point) {
  return predictMicroseconds(point) / point.microseconds - 1;
}

} // namespace moec::calibration

#endif // MOEC_TEST_BENCH_CALIBRATION_MODEL_H
