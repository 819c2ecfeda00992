//===- ReadTraffic.h - Parts of the reader of traffic files -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TRAFFIC_READTRAFFIC_H
#define MOEC_RUNTIME_TRAFFIC_READTRAFFIC_H

#include "runtime/traffic/Traffic.h"

#include <string_view>

namespace moec::traffic {

/// Of experts and ranks in a file, and of layers.
inline constexpr uint32_t maxIndex = 1 << 16;
inline constexpr uint32_t maxLayers = 4096;
/// A matrix of more ranks is 128 MiB.
inline constexpr uint32_t maxMatrixRanks = 4096;

/// `value`, unless it is no sensible count.
rt::Result<double> checkNumber(double value, const std::string &place);

/// An object with `bytes`, with `routing` (and `ranks`), or of loads.
rt::Result<Traffic> readTrafficJson(std::string_view text, const std::string &name);

} // namespace moec::traffic

#endif // MOEC_RUNTIME_TRAFFIC_READTRAFFIC_H
