//===- Clock.cpp - What a thread knows of the others -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Clock.h"

#include <algorithm>

namespace moec::rt::emulator {

Clock::Clock(uint32_t ctas, uint32_t warps, uint32_t moment) : warps(warps), agents(new Agents) {
  boost::intrusive_ptr<Piece> piece(new Piece);
  for (Row &row : piece->rows) {
    row.all.fill(moment);
    row.some.fill(0);
    row.lanes.fill(0);
  }
  pieces.assign(ctas, piece);
}

void Clock::joinPiece(boost::intrusive_ptr<Piece> &mine,
                      const boost::intrusive_ptr<Piece> &theirs) {
  Piece joined;
  uint32_t differsFromMine = 0, differsFromTheirs = 0;
  for (size_t proxy = 0; proxy < mine->rows.size(); ++proxy) {
    const Row &a = mine->rows[proxy], &b = theirs->rows[proxy];
    Row &to = joined.rows[proxy];
    const uint32_t count = warps;
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t all = std::max(a.all[i], b.all[i]);
      const uint32_t some = std::max(a.some[i], b.some[i]);
      // Lanes of a moment that all lanes have passed say nothing any more.
      const uint32_t lanes =
          (a.some[i] > all ? a.lanes[i] : 0) | (b.some[i] > all ? b.lanes[i] : 0);
      differsFromMine |= (all ^ a.all[i]) | (some ^ a.some[i]) | (lanes ^ a.lanes[i]);
      differsFromTheirs |= (all ^ b.all[i]) | (some ^ b.some[i]) | (lanes ^ b.lanes[i]);
      to.all[i] = all;
      to.some[i] = some;
      to.lanes[i] = lanes;
    }
  }
  if (differsFromMine == 0)
    return;
  if (differsFromTheirs == 0) {
    mine = theirs;
    return;
  }
  if (mine->use_count() != 1)
    mine = new Piece;
  mine->rows = joined.rows;
}

void Clock::join(const Clock &other, bool withAgents) {
  for (size_t cta = 0; cta < pieces.size(); ++cta)
    if (pieces[cta] != other.pieces[cta])
      joinPiece(pieces[cta], other.pieces[cta]);
  if (!withAgents || agents == other.agents)
    return;
  uint32_t news = 0;
  for (uint32_t i = 0; i < agentCount; ++i)
    news |= agents->counts[i] < other.agents->counts[i];
  if (news == 0)
    return;
  Agents &mine = own(agents);
  for (uint32_t i = 0; i < agentCount; ++i)
    mine.counts[i] = std::max(mine.counts[i], other.agents->counts[i]);
}

void Clock::addLane(Proxy proxy, uint32_t warp, uint32_t lane, uint32_t moment) {
  boost::intrusive_ptr<Piece> &piece = pieces[warp / warps];
  const uint32_t at = warp % warps;
  if (piece->rows[size_t(proxy)].all[at] >= moment)
    return;
  Row &row = own(piece).rows[size_t(proxy)];
  if (row.some[at] <= row.all[at])
    row.lanes[at] = 0;
  row.some[at] = std::max(row.some[at], moment);
  row.lanes[at] |= 1u << lane;
}

void Clock::addWarp(Proxy proxy, uint32_t warp, uint32_t moment) {
  uint32_t &all = own(pieces[warp / warps]).rows[size_t(proxy)].all[warp % warps];
  all = std::max(all, moment);
}

void Clock::addAgent(uint32_t index, uint32_t count) {
  if (agents->counts[index] < count)
    own(agents).counts[index] = count;
}

void Clock::fence(Proxy proxy) {
  const auto isSame = [&](const Piece &piece) {
    const Row &from = piece.rows[size_t(Proxy::Generic)], &to = piece.rows[size_t(proxy)];
    return std::equal(from.all.begin(), from.all.begin() + warps, to.all.begin()) &&
           std::equal(from.some.begin(), from.some.begin() + warps, to.some.begin()) &&
           std::equal(from.lanes.begin(), from.lanes.begin() + warps, to.lanes.begin());
  };
  for (boost::intrusive_ptr<Piece> &piece : pieces)
    if (!isSame(*piece)) {
      Piece &mine = own(piece);
      mine.rows[size_t(proxy)] = mine.rows[size_t(Proxy::Generic)];
    }
}

} // namespace moec::rt::emulator
