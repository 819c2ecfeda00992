//===- RefinementTest.cpp - Traces against the plan ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/emulator/Refinement.h"

#include "runtime/plan/Expand.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace moec;
using namespace moec::rt::emulator;
using moec::plan::OpKind;

constexpr uint32_t ranks = 3, maxTokens = 4, epoch = 5;

/// The trace that the plan itself would leave, made op by op.
class Refinement : public testing::Test {
protected:
  void SetUp() override {
    plan = test::directRowsPlan(test::sampleLayer(), ranks);
    facts.epoch = epoch;
    facts.maxTokens = maxTokens;
    facts.tokens = {3, 0, 4};
    uint64_t end = 0;
    for (const plan::Flag &flag : plan.flags) {
      facts.flagOffsets.push_back(end);
      end += 8 * plan::cellCount(flag.extents);
    }
    for (const plan::Buffer &buffer : plan.buffers) {
      facts.pitches.push_back((buffer.bytesPerRecord + 15) / 16 * 16);
      facts.bufferOffsets.push_back(end);
      end += plan::cellCount(buffer.extents) * maxTokens * buffer.recordsPerToken *
             facts.pitches.back();
    }
    for (uint32_t rank = 0; rank < ranks; ++rank) {
      facts.heaps.push_back(0x100000 + rank * 0x40000);
      facts.owners.emplace_back();
      for (uint32_t i = 0; i < facts.tokens[rank] * plan.topK; ++i)
        facts.owners[rank].push_back((rank + i * i / 2) % ranks << 16 | i % 2);
    }
    for (const plan::Op &op : plan.ops)
      for (uint32_t rank = 0; rank < ranks; ++rank) {
        plan::Scope scope(rank, epoch);
        plan::forEachPoint(op.domains, plan, scope,
                           [&](const plan::Scope &point) { play(op, point); });
      }
  }

  std::vector<uint64_t> items(const plan::ConcreteItems &set) const {
    std::set<uint64_t> found;
    for (uint64_t i = 0; i < facts.owners[set.first].size(); ++i)
      if (facts.owners[set.first][i] >> 16 == set.second)
        found.insert(set.kind == plan::ItemSetKind::Y ? i : i / plan.topK);
    return {found.begin(), found.end()};
  }

  void play(const plan::Op &op, const plan::Scope &point) {
    Event event;
    event.rank = event.to = point.rank();
    switch (op.kind) {
    case OpKind::Put:
      event.to = static_cast<uint32_t>(point(op.to));
      for (const auto &region : plan::expandRegion(plan, op.writes[0], point)) {
        const plan::Buffer &buffer = plan.buffers[region.buffer];
        uint64_t position = 0;
        for (uint64_t item : items(region.items)) {
          const uint64_t at = buffer.layout == plan::BufferLayout::Seq ? position++ : item;
          event.bytes = buffer.bytesPerRecord;
          event.address = facts.heaps[event.to] + *facts.bufferOffsets[region.buffer] +
                          (region.region * maxTokens * buffer.recordsPerToken + at) *
                              facts.pitches[region.buffer];
          trace.events.push_back(event);
        }
      }
      return;
    case OpKind::Signal:
      event.kind = EventKind::Signal;
      event.to = static_cast<uint32_t>(point(op.to));
      event.value = uint64_t{epoch} << 32;
      if (op.hasPayload)
        event.value |= items(plan::concreteItems(op.payload, point)).size();
      break;
    case OpKind::Wait:
      event.kind = EventKind::Wait;
      event.value = uint64_t{epoch} << 32;
      break;
    case OpKind::Compute:
    case OpKind::Reduce:
    case OpKind::Pull:
    case OpKind::Copy:
      return;
    }
    event.address = facts.heaps[event.to] + *facts.flagOffsets[op.flag] +
                    8 * plan::flatIndex(plan.flags[op.flag].extents, op.flagIndex, point);
    trace.events.push_back(event);
  }

  std::string check() { return checkRefinement(plan, facts, trace).message(); }
  void expectFault(const std::string &part) {
    EXPECT_NE(check().find(part), std::string::npos) << "found '" << check() << "'";
  }
  size_t first(EventKind kind, bool toPeer = true) const {
    for (size_t i = 0; i < trace.events.size(); ++i)
      if (trace.events[i].kind == kind && (trace.events[i].rank != trace.events[i].to) == toPeer)
        return i;
    ADD_FAILURE() << "no such event";
    return 0;
  }

  plan::Plan plan;
  StepFacts facts;
  Trace trace;
};

TEST_F(Refinement, WhatThePlanDoesIsRight) { EXPECT_EQ(check(), ""); }

TEST_F(Refinement, MissingPut) {
  trace.events.erase(trace.events.begin() + static_cast<ptrdiff_t>(first(EventKind::Put)));
  expectFault("does not write byte 0 of");
}

TEST_F(Refinement, PartOfAPut) {
  trace.events[first(EventKind::Put)].bytes -= 4;
  expectFault("does not write byte");
}

TEST_F(Refinement, PutTwice) {
  trace.events.push_back(trace.events[first(EventKind::Put)]);
  expectFault("twice");
}

TEST_F(Refinement, PutNobodyPlanned) {
  Event event = trace.events[first(EventKind::Put)];
  event.rank = (event.rank + 1) % ranks;
  trace.events.push_back(event);
  expectFault("which no op of the plan does");
}

TEST_F(Refinement, PutToTheWrongPeer) {
  // A record of a token that only one rank wants.
  for (Event &event : trace.events)
    if (event.kind == EventKind::Put) {
      const uint32_t wrong = 3 - event.rank - event.to;
      if (event.rank == event.to)
        continue;
      const uint64_t moved = event.address - facts.heaps[event.to] + facts.heaps[wrong];
      bool isFree = true;
      for (const Event &other : trace.events)
        isFree = isFree && !(other.kind == EventKind::Put && other.address == moved);
      if (!isFree)
        continue;
      event.address = moved;
      event.to = wrong;
      return expectFault("the wrong peer");
    }
}

TEST_F(Refinement, DroppedSignal) {
  trace.events.erase(trace.events.begin() + static_cast<ptrdiff_t>(first(EventKind::Signal)));
  expectFault("never comes");
}

TEST_F(Refinement, SignalTwice) {
  trace.events.push_back(trace.events[first(EventKind::Signal)]);
  expectFault("comes twice");
}

TEST_F(Refinement, EpochNotAdvanced) {
  trace.events[first(EventKind::Signal)].value -= uint64_t{1} << 32;
  expectFault("wanted {epoch 5, count");
}

TEST_F(Refinement, WrongCount) {
  trace.events[first(EventKind::Signal)].value += 1;
  expectFault("found {epoch 5, count");
}

TEST_F(Refinement, FlagBeforeData) {
  const size_t put = first(EventKind::Put);
  trace.events.push_back(trace.events[put]);
  trace.events.erase(trace.events.begin() + static_cast<ptrdiff_t>(put));
  expectFault("before its write to");
}

TEST_F(Refinement, FlagThatDoesNotKnowOfItsData) {
  const size_t put = first(EventKind::Put);
  for (Event &event : trace.events)
    if (event.kind == EventKind::Signal && event.rank == trace.events[put].rank &&
        event.to == trace.events[put].to)
      event.unordered.push_back(static_cast<uint32_t>(put));
  expectFault("without knowing of its write to");
}

TEST_F(Refinement, MissingWait) {
  trace.events.erase(trace.events.begin() + static_cast<ptrdiff_t>(first(EventKind::Wait, false)));
  expectFault("goes on without the wait");
}

TEST_F(Refinement, WaitForAnOldEpoch) {
  trace.events[first(EventKind::Wait, false)].value = uint64_t{epoch - 1} << 32;
  expectFault("goes on without the wait");
}

} // namespace
