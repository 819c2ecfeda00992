//===- Routes.h - Which way a task's bytes go -------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_ROUTES_H
#define MOEC_RUNTIME_SIMULATOR_ROUTES_H

#include "runtime/simulator/TaskGraph.h"
#include "runtime/topology/Network.h"

namespace moec::simulator {

/// The route of the path, or of the other one: direct plans say nvlink for peers that
/// only a rail reaches. None: the rank itself, or nobody that can be reached.
inline const topology::Route *findRoute(const topology::Network &network, uint32_t from,
                                        uint32_t to, plan::Path via) {
  using enum plan::Path;
  if (via == Host) {
    if (const topology::Route *route = network.stagedRoute(from, to))
      return route;
    via = NVLink;
  }
  if (const topology::Route *route = network.route(from, to, via))
    return route;
  return network.route(from, to, via == NVLink ? Rail : NVLink);
}

/// That of a Transfer or Signal, by what its family says.
inline const topology::Route *findRoute(const topology::Network &network, const Family &family,
                                        const Task &task) {
  if (family.kind == TaskClass::Signal) // each of a multicast one comes to its own peer
    return findRoute(network, task.rank, task.peer, family.via);
  switch (family.reach) {
  case Reach::Peer:
    if (family.copyEngine)
      if (const topology::Route *route = network.copyRoute(task.rank, task.peer))
        return route;
    return findRoute(network, task.rank, task.peer, family.via);
  case Reach::All:
    return network.routeToAll(task.rank);
  case Reach::Sum:
    return network.routeFromAll(task.rank);
  }
  return nullptr;
}

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_ROUTES_H
