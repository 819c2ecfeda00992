//===- Capacity.cpp - How many tokens a step may bring ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/Capacity.h"

#include "runtime/backends/WeightTensor.h"

#include <algorithm>

namespace moec::rt {

Result<uint32_t> chooseCapacity(uint32_t wanted, uint32_t limit) {
  if (wanted && limit && wanted > limit)
    return invalidError("capacity: wanted at most ", limit,
                        " tokens a rank as in the module, found ", wanted);
  return wanted ? wanted : limit;
}

uint32_t grownCapacity(uint32_t capacity, int64_t wanted) {
  return static_cast<uint32_t>(
      std::max<int64_t>(wanted, std::min<int64_t>(2 * int64_t(capacity), INT32_MAX)));
}

static Status checkRank(const moec_rank_io &part, size_t rank, uint32_t capacity) {
  if (part.tokens < 0 || part.tokens > INT32_MAX)
    return invalidError("rank ", rank, ": wanted a number of tokens, found ", part.tokens);
  if (capacity && part.tokens > capacity)
    return invalidError("rank ", rank, ": wanted at most ", capacity,
                        " tokens, the capacity of the session, found ", part.tokens);
  if (part.tokens == 0)
    return Status();
  if (part.input_dtype != MOEC_F32 && part.input_dtype != MOEC_BF16)
    return invalidError("rank ", rank, ": wanted an input of f32 or bf16, found ",
                        typeName(part.input_dtype));
  if (!part.input || !part.output)
    return invalidError("rank ", rank, part.input ? ": wanted memory for " : ": wanted ",
                        part.tokens, part.input ? " tokens of output" : " tokens of input",
                        ", found a null pointer");
  return Status();
}

Status checkStepIo(std::span<const moec_rank_io> io, uint32_t ranks, uint32_t capacity) {
  if (io.size() != ranks)
    return invalidError("wanted input and output for ", ranks, " ranks, found ", io.size());
  for (size_t rank = 0; rank < io.size(); ++rank)
    MOEC_RETURN_IF_ERROR(checkRank(io[rank], rank, capacity));
  return Status();
}

} // namespace moec::rt
