//===- MscclppPlan.h - An exchange as an MSCCL++ execution plan -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The JSON that microsoft/mscclpp's executor runs (src/core/executor/execution_plan.cc,
// 00668b4). Puts over memory channels, straight into the output of the peer:
//
//   every peer is told that the output may be written; all say so
//   one thread block for each put in flight: put, signal, next peer
//   wait for all signals
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_FORMATS_MSCCLPPPLAN_H
#define MOEC_RUNTIME_FORMATS_MSCCLPPPLAN_H

#include "runtime/formats/Exchange.h"

namespace moec::formats {

/// Unsupported where a rank has 4 GiB or more: offsets have 32 bits. A thread block
/// serves 16 peers at most, so with many ranks more puts than the window are in flight.
rt::Result<std::string> mscclppPlan(const Exchange &exchange);

} // namespace moec::formats

#endif // MOEC_RUNTIME_FORMATS_MSCCLPPPLAN_H
