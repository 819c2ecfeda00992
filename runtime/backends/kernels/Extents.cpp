//===- Extents.cpp - Sizes for a given capacity ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/kernels/Extents.h"

#include <algorithm>

namespace moec::rt {

static constexpr uint64_t most = INT64_MAX;

static Status tooLarge() {
  return invalidError("wanted a size of at most 63 bits, found a larger one");
}

Result<uint64_t> product(uint64_t a, uint64_t b) {
  uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result) || result > most)
    return tooLarge();
  return result;
}

Result<uint64_t> sum(uint64_t a, uint64_t b) {
  uint64_t result = 0;
  if (__builtin_add_overflow(a, b, &result) || result > most)
    return tooLarge();
  return result;
}

ExtentCounts extentCounts(uint32_t maxTokens, uint32_t ranks, uint32_t topK,
                          uint64_t localExperts) {
  ExtentCounts counts;
  counts.tokens = maxTokens;
  counts.received = uint64_t(maxTokens) * ranks; // 24 and 17 bits, and 16 of top k
  counts.rows = counts.received * std::min<uint64_t>(topK, localExperts);
  counts.experts = localExperts;
  return counts;
}

Result<uint64_t> evaluate(const Extent &extent, const ExtentCounts &counts) {
  uint64_t total = extent.constant;
  for (auto [factor, count] :
       {std::pair(extent.perToken, counts.tokens), std::pair(extent.perReceived, counts.received),
        std::pair(extent.perRow, counts.rows), std::pair(extent.perExpert, counts.experts)}) {
    MOEC_ASSIGN_OR_RETURN(uint64_t part, product(factor, count));
    MOEC_ASSIGN_OR_RETURN(total, sum(total, part));
  }
  return total;
}

} // namespace moec::rt
