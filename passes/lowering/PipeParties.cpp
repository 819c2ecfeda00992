//===- PipeParties.cpp - Who fills and who reads a pipe -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/lowering/PipeParties.h"

using namespace mlir;

namespace moec::lowering {

static void note(PipeParty &party, tile::SlotBufOp buf) {
  for (Operation *user : buf->getUsers()) {
    if (isa<tile::LoadOp>(user)) {
      party.loads = true;
      party.txBytes += buf.getBuf().getType().getBytes();
    }
    party.writes |= isa<tile::GatherOp, tile::PutOp>(user);
    party.multiplies |= isa<tile::MmaOp>(user);
    party.stores |= isa<tile::StoreOp>(user);
  }
}

/// The role as it enters slots by `Enter`, if it does. Of several places the first
/// speaks for the bytes: each brings the same.
template <typename Enter> static std::optional<PipeParty> getParty(tile::RoleOp role, Value pipe) {
  std::optional<PipeParty> party;
  role->walk([&](Enter enter) {
    if (tile::getPipeOf(enter.getSlot()) != pipe)
      return;
    PipeParty place{role};
    for (Operation *user : enter->getUsers())
      if (auto buf = dyn_cast<tile::SlotBufOp>(user))
        note(place, buf);
    if (!party) {
      party = place;
      return;
    }
    party->loads |= place.loads;
    party->writes |= place.writes;
    party->multiplies |= place.multiplies;
    party->stores |= place.stores;
  });
  return party;
}

PipeParties getParties(tile::PipeOp pipe) {
  PipeParties parties;
  auto stage = cast<tile::StageOp>(pipe->getParentOp());
  for (tile::RoleOp role : stage.getRoles()) {
    if (auto producer = getParty<tile::AcquireOp>(role, pipe.getPipe()))
      parties.producers.push_back(*producer);
    if (auto consumer = getParty<tile::WaitOp>(role, pipe.getPipe()))
      parties.consumers.push_back(*consumer);
  }
  return parties;
}

} // namespace moec::lowering
