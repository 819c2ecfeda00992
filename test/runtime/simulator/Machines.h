//===- Machines.h - Small networks for tests --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_SIMULATOR_MACHINES_H
#define MOEC_TEST_RUNTIME_SIMULATOR_MACHINES_H

#include "runtime/topology/Network.h"

namespace moec::test {

inline constexpr double GB = 1e9, MB = 1e6, us = 1e-6;

/// Ranks behind one switch: what leaves and what reaches each is limited.
topology::Network switched(uint32_t ranks, double rate, double latency);

/// Nodes of `lanes` ranks each behind a switch; each rank has a NIC on a rail that
/// reaches every rank of the other nodes.
topology::Network railed(uint32_t nodes, uint32_t lanes, double linkRate, double linkLatency,
                         double railRate, double railLatency);

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_SIMULATOR_MACHINES_H
