//===- Network.cpp - What transfers share, and how fast it is -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/Network.h"

#include <cassert>

namespace moec::topology {

static size_t indexOf(uint32_t ranks, uint32_t from, uint32_t to, plan::Path via) {
  assert(from < ranks && to < ranks && "no such rank");
  return (size_t(via) * ranks + from) * ranks + to;
}

uint32_t Network::add(Resource resource) {
  assert(resource.bytesPerSecond > 0 && "a resource has a rate");
  resources.push_back(std::move(resource));
  return static_cast<uint32_t>(resources.size() - 1);
}

void Network::setRoute(uint32_t from, uint32_t to, plan::Path via, Route route) {
  for ([[maybe_unused]] const Route::Use &use : route.uses)
    assert(use.resource < resources.size() && use.bytesPerByte > 0 && "no such resource");
  size_t index = indexOf(getRanks(), from, to, via);
  if (routeOf.empty())
    routeOf.assign(2 * size_t(getRanks()) * getRanks(), -1);
  if (routeOf[index] >= 0) {
    routes[routeOf[index]] = std::move(route);
    return;
  }
  routeOf[index] = static_cast<int32_t>(routes.size());
  routes.push_back(std::move(route));
}

const Route *Network::route(uint32_t from, uint32_t to, plan::Path via) const {
  size_t index = indexOf(getRanks(), from, to, via);
  return routeOf.empty() || routeOf[index] < 0 ? nullptr : &routes[routeOf[index]];
}

} // namespace moec::topology
