//===- Network.cpp - What transfers share, and how fast it is -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/Network.h"

#include <algorithm>
#include <cassert>

namespace moec::topology {

size_t Network::indexOf(uint32_t from, uint32_t to, size_t way) const {
  assert(from < getRanks() && to < getRanks() && "no such rank");
  assert(way <= copied && "a multicast has a route of its own");
  return (way * getRanks() + from) * getRanks() + to;
}

uint32_t Network::add(Resource resource) {
  assert(resource.bytesPerSecond > 0 && "a resource has a rate");
  resources.push_back(std::move(resource));
  return static_cast<uint32_t>(resources.size() - 1);
}

void Network::set(uint32_t from, uint32_t to, size_t way, Route route) {
  for ([[maybe_unused]] const Route::Use &use : route.uses)
    assert(use.resource < resources.size() && use.bytesPerByte > 0 && "no such resource");
  size_t ways = std::max(way + 1, paths), index = indexOf(from, to, way);
  if (routeOf.size() < ways * getRanks() * getRanks())
    routeOf.resize(ways * getRanks() * getRanks(), -1);
  if (routeOf[index] >= 0) {
    routes[routeOf[index]] = std::move(route);
    return;
  }
  routeOf[index] = static_cast<int32_t>(routes.size());
  routes.push_back(std::move(route));
}

const Route *Network::get(uint32_t from, uint32_t to, size_t way) const {
  size_t index = indexOf(from, to, way);
  return index >= routeOf.size() || routeOf[index] < 0 ? nullptr : &routes[routeOf[index]];
}

void Network::setRoute(uint32_t from, uint32_t to, plan::Path via, Route route) {
  assert(size_t(via) < paths && "other ways have names of their own");
  set(from, to, size_t(via), std::move(route));
}

const Route *Network::route(uint32_t from, uint32_t to, plan::Path via) const {
  return get(from, to, size_t(via));
}

void Network::setStagedRoute(uint32_t from, uint32_t to, Route route) {
  set(from, to, staged, std::move(route));
}

const Route *Network::stagedRoute(uint32_t from, uint32_t to) const {
  return get(from, to, staged);
}

void Network::setCopyRoute(uint32_t from, uint32_t to, Route route) {
  set(from, to, copied, std::move(route));
}

const Route *Network::copyRoute(uint32_t from, uint32_t to) const { return get(from, to, copied); }

void Network::setSwitchRoutes(uint32_t rank, Route to, Route from) {
  assert(rank < getRanks() && nodes == 1 && "a switch joins the ranks of one node");
  toAll.resize(getRanks());
  fromAll.resize(getRanks());
  toAll[rank] = std::move(to);
  fromAll[rank] = std::move(from);
}

const Route *Network::routeToAll(uint32_t rank) const {
  return rank < toAll.size() ? &toAll[rank] : nullptr;
}

const Route *Network::routeFromAll(uint32_t rank) const {
  return rank < fromAll.size() ? &fromAll[rank] : nullptr;
}

} // namespace moec::topology
