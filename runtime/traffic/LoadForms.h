//===- LoadForms.h - The two forms of a file of loads -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inside of runtime/traffic: parseExpertLoads looks at the text and calls one.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TRAFFIC_LOADFORMS_H
#define MOEC_RUNTIME_TRAFFIC_LOADFORMS_H

#include "runtime/traffic/ExpertLoads.h"

namespace moec::traffic {

/// What a file may at most hold: more is the wrong file.
inline constexpr uint32_t maxLoadLayers = 1 << 12;
inline constexpr uint32_t maxLoadWindows = 1 << 14;
/// Counts over all layers and windows, empty ones included (256 MiB of them).
inline constexpr uint64_t maxLoadCounts = 1 << 25;

rt::Result<ExpertLoads> parseCsvLoads(std::string_view text, const std::string &name);
rt::Result<ExpertLoads> parseJsonLoads(std::string_view text, const std::string &name);

} // namespace moec::traffic

#endif // MOEC_RUNTIME_TRAFFIC_LOADFORMS_H
