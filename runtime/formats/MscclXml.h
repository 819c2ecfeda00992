//===- MscclXml.h - An exchange as an MSCCL algorithm -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// XML of microsoft/msccl-tools, with the attributes that the executors demand
// (Azure/msccl-executor-nccl src/misc/msccl/msccl_parser.cc, 3b40a2a): outofplace,
// minBytes, maxBytes besides what msccl-tools writes.
//
// On each GPU thread block 0 copies what stays; thread block d sends to rank r + d
// and receives from r - d. A window of w puts is a dependence: the send at place k of
// the plan's order starts when the one at place k - w has been handed over.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_FORMATS_MSCCLXML_H
#define MOEC_RUNTIME_FORMATS_MSCCLXML_H

#include "runtime/formats/Exchange.h"

namespace moec::formats {

/// Unsupported above 216 ranks: a rank has a thread block for each.
rt::Result<std::string> mscclXml(const Exchange &exchange);

} // namespace moec::formats

#endif // MOEC_RUNTIME_FORMATS_MSCCLXML_H
