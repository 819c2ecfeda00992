//===- StageTable.cpp - Which tokens travel in which stage ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/birkhoff/StageTable.h"

#include "runtime/birkhoff/Decompose.h"

#include <algorithm>
#include <cassert>

namespace moec::birkhoff {

/// floor(count * part / whole) without overflow.
static uint64_t share(uint64_t count, uint64_t part, uint64_t whole) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(count) * part / whole);
}

namespace {

/// A stage or a part of one, or of the rest.
struct Slot {
  uint64_t units = 0;            ///< of the busiest node
  std::vector<uint64_t> amounts; ///< [from][to]
};

} // namespace

static std::vector<Slot> slotsOf(const Decomposition &parts) {
  uint32_t nodes = parts.nodes;
  std::vector<Slot> slots;
  uint64_t left = parts.bound;
  for (const Stage &stage : parts.stages) {
    Slot &slot = slots.emplace_back(Slot{stage.units, std::vector<uint64_t>(nodes * nodes)});
    for (uint32_t from = 0; from < nodes; ++from)
      if (stage.target[from] != nobody)
        slot.amounts[from * nodes + stage.target[from]] = stage.amounts[from];
    left -= stage.units;
  }
  if (left)
    slots.push_back({left, parts.rest});
  return slots;
}

/// Halves the longest until there are `count`.
static void splitLongest(std::vector<Slot> &slots, size_t count) {
  auto isShorter = [](const Slot &a, const Slot &b) { return a.units < b.units; };
  while (!slots.empty() && slots.size() < count) {
    auto longest = std::max_element(slots.begin(), slots.end(), isShorter);
    Slot half = *longest;
    half.units /= 2;
    longest->units -= half.units;
    for (size_t pair = 0; pair < half.amounts.size(); ++pair) {
      half.amounts[pair] /= 2;
      longest->amounts[pair] -= half.amounts[pair];
    }
    slots.push_back(std::move(half));
  }
}

/// The longest in the middle: rails are idle while the first is brought to its lanes and
/// while the last is handed on.
static std::vector<Slot> shortAtTheEnds(std::vector<Slot> slots) {
  std::sort(slots.begin(), slots.end(),
            [](const Slot &a, const Slot &b) { return a.units < b.units; });
  std::vector<Slot> first, last;
  for (size_t i = 0; i < slots.size(); ++i)
    (i % 2 ? last : first).push_back(std::move(slots[i]));
  std::move(last.rbegin(), last.rend(), std::back_inserter(first));
  return first;
}

/// Bringing and handing on run beside the rails where stages are short, so a third of the
/// slots is for parts of the long ones.
static uint32_t stagesFor(uint32_t slots, uint32_t nodes) {
  return std::min(slots - 1, std::max(nodes, slots * 2 / 3));
}

StageTable::StageTable(std::span<const uint64_t> counts, uint32_t nodes, uint32_t lanes,
                       uint32_t stages, Cut cut)
    : nodes(nodes), lanes(lanes), stageCount(stages), cut(cut),
      counts(counts.begin(), counts.end()) {
  assert(stages && counts.size() == size_t(nodes) * lanes * nodes);
  switch (cut) {
  case Cut::Stages:
    cutInStages();
    break;
  case Cut::Lanes:
    dealToLanes();
    break;
  }
}

void StageTable::cutInStages() {
  uint32_t stages = stageCount;
  sent.resize(size_t(nodes) * nodes * (stages + 1));
  std::vector<uint64_t> units(size_t(nodes) * nodes);
  for (size_t rank = 0; rank < size_t(nodes) * lanes; ++rank)
    for (uint32_t node = 0; node < nodes; ++node)
      units[rank / lanes * nodes + node] += counts[rank * nodes + node];
  std::vector<Slot> slots;
  if (stages > 1) {
    slots = slotsOf(decompose(units, nodes, {.maxStages = stagesFor(stages, nodes)}));
    splitLongest(slots, stages);
    slots = shortAtTheEnds(std::move(slots));
  }
  for (uint32_t from = 0; from < nodes; ++from)
    for (uint32_t to = 0; to < nodes; ++to) {
      size_t pair = size_t(from) * nodes + to;
      uint64_t *row = &sent[pair * (stages + 1)];
      for (uint32_t stage = 0; stage + 1 < stages; ++stage)
        row[stage + 1] = row[stage] + (stage < slots.size() ? slots[stage].amounts[pair] : 0);
      row[stages] = units[pair];
    }
}

/// Between two nodes every lane gets the same share: its own tokens first, then what the
/// lanes before have too many of.
void StageTable::dealToLanes() {
  given.resize(counts.size() * lanes);
  for (uint32_t from = 0; from < nodes; ++from)
    for (uint32_t to = 0; to < nodes; ++to) {
      auto own = [&](uint32_t lane) { return counts[size_t(from * lanes + lane) * nodes + to]; };
      auto toLane = [&](uint32_t lane, uint32_t by) -> uint64_t & {
        return given[(size_t(from * lanes + lane) * nodes + to) * lanes + by];
      };
      uint64_t all = 0;
      for (uint32_t lane = 0; lane < lanes; ++lane)
        all += own(lane);
      std::vector<uint64_t> room(lanes);
      for (uint32_t lane = 0; lane < lanes; ++lane) {
        uint64_t most = from == to ? own(lane) : all / lanes + (lane < all % lanes);
        uint64_t kept = std::min(own(lane), most);
        toLane(lane, lane) = kept;
        room[lane] = most - kept;
      }
      uint32_t by = 0;
      for (uint32_t lane = 0; lane < lanes; ++lane)
        for (uint64_t left = own(lane) - toLane(lane, lane); left > 0;) {
          while (room[by] == 0)
            ++by;
          uint64_t part = std::min(left, room[by]);
          toLane(lane, by) += part;
          room[by] -= part;
          left -= part;
        }
    }
}

/// In an even run of the set the lanes have shares as in all of it, the own one the first.
Piece StageTable::pieceByLoad(uint32_t source, uint32_t node, uint32_t stage, uint32_t lane) const {
  uint64_t count = counts[size_t(source) * nodes + node];
  if (count == 0)
    return {};
  Piece run = evenPiece(count, stage, stageCount);
  const uint64_t *shares = &given[(size_t(source) * nodes + node) * lanes];
  uint32_t ownLane = source % lanes;
  uint64_t before = 0;
  for (uint32_t turn = ownLane; turn % lanes != lane; ++turn)
    before += shares[turn % lanes];
  auto end = [&](uint64_t items) { return run.begin + share(run.size(), items, count); };
  return {end(before), end(before + shares[lane])};
}

Piece StageTable::piece(uint32_t source, uint32_t node, uint32_t stage, uint32_t lane) const {
  if (cut == Cut::Lanes)
    return pieceByLoad(source, node, stage, lane);
  uint32_t own = source / lanes, ownLane = source % lanes;
  uint64_t count = counts[size_t(source) * nodes + node];
  if (node == own)
    return stage == 0 && lane == ownLane ? Piece{0, count} : Piece{0, 0};
  uint64_t whole = before(own, node, stageCount);
  if (whole == 0)
    return {};
  // Every rank of a node sends the same part of its tokens, and begins with another lane:
  // what does not divide by the lanes is not always the last one's.
  uint64_t begin = share(count, before(own, node, stage), whole);
  uint64_t size = share(count, before(own, node, stage + 1), whole) - begin;
  uint64_t turn = (lane + lanes - ownLane) % lanes;
  return {begin + share(size, turn, lanes), begin + share(size, turn + 1, lanes)};
}

} // namespace moec::birkhoff
