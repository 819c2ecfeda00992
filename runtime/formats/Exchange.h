//===- Exchange.h - One exchange, as far as collectives can say it *- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formats of collectives know chunks of one size that go from each rank to each
// other. Of a plan they take the order in which a rank begins its puts and how many
// are in flight at once. What they cannot say is refused, by name.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_FORMATS_EXCHANGE_H
#define MOEC_RUNTIME_FORMATS_EXCHANGE_H

#include "runtime/base/Status.h"
#include "runtime/formats/Phase.h"
#include "runtime/simulator/TaskGraph.h"
#include "runtime/traffic/ItemCounts.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moec::formats {

/// A balanced all-to-all between at least two ranks.
struct Exchange {
  std::string name; ///< plan and phase
  uint32_t ranks = 0;
  uint64_t bytesPerPair = 0; ///< a multiple of exchangeAlignment
  uint32_t window = 0;       ///< puts in flight on a rank, 0: all
  /// By rank: the others, in the order in which it begins to put to them.
  std::vector<std::vector<uint32_t>> order;
  uint64_t bytesPerRank() const { return bytesPerPair * ranks; }
};
inline constexpr uint64_t exchangeAlignment = 16;

/// Bytes that puts of the wanted families carry, row = source; those that stay on
/// their rank are on the diagonal. `graph` is that of the plan.
traffic::Matrix bytesOf(const simulator::TaskGraph &graph, const std::vector<bool> &families);

/// True for a put of the exchange whose rows come by way of another rank than the token's,
/// or go on from there.
bool isHop(const plan::Plan &plan, const plan::Op &op, Phase phase);

/// `format`, for messages: who wants it balanced. Unsupported where rows go by way of
/// another rank, where a put goes to all, or where pairs differ: the message names
/// two of them.
rt::Result<Exchange> makeExchange(const plan::Plan &plan, const simulator::TaskGraph &graph,
                                  Phase phase, const char *format);

} // namespace moec::formats

#endif // MOEC_RUNTIME_FORMATS_EXCHANGE_H
