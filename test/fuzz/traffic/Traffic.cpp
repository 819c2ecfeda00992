//===- Traffic.cpp - Any bytes as traffic, loads and times ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/traffic/Traffic.h"
#include "runtime/simulator/KernelTable.h"
#include "runtime/traffic/ExpertLoads.h"

#include <cmath>
#include <cstdlib>

using namespace moec;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

template <typename T> static bool isGood(const rt::Result<T> &result) {
  require(result.ok() || (result.status().exitCode() <= 2 && !result.status().message().empty()));
  return result.ok();
}

/// What is read can be counted, or is refused: 8 experts on 2 ranks, 2 a token.
static void checkTraffic(std::string_view text) {
  auto traffic = traffic::readTraffic(text, "fuzz");
  if (!isGood(traffic))
    return;
  traffic::Routing routing;
  routing.tokens = {16, 16};
  routing.topK = 2;
  routing.experts = 8;
  routing.placement.slots = {{0, 1, 2, 3}, {4, 5, 6, 7}};
  auto counts = traffic::countItems(*traffic, routing, 0);
  if (isGood(counts))
    require(std::isfinite(counts->rows.maximum()) && counts->rows.maximum() >= 0);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  checkTraffic(text);
  isGood(traffic::parseExpertLoads(text, "fuzz"));
  auto times = simulator::KernelTable::parse(text, "fuzz");
  if (isGood(times) && times->knows(plan::TaskKind::Experts))
    require(times->seconds(plan::TaskKind::Experts, 100) >= 0);
  return 0;
}
