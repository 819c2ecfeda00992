//===- LinearProgram.h - The least time by a linear program -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All ways of a network and all relays, with glpsol (GLPK). Shares nothing with the
// bounds but the network.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_BOUNDS_LINEARPROGRAM_H
#define MOEC_TEST_RUNTIME_BOUNDS_LINEARPROGRAM_H

#include "runtime/bounds/Bound.h"

#include <optional>

namespace moec::bounds::test {

bool hasSolver();

/// Seconds without latency in which the bytes can be spread over all ways, over any
/// ranks; traffic of a node stays in it. Copies that merge on arrival at groups of one node
/// enter at any of the group's ranks, which pass on to the others what entered there.
/// None: the solver failed.
std::optional<double> leastSeconds(const topology::Network &network, const Demand &demand);

} // namespace moec::bounds::test

#endif // MOEC_TEST_RUNTIME_BOUNDS_LINEARPROGRAM_H
