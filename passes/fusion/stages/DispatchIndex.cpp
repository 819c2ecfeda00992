//===- DispatchIndex.cpp - The rows that arrived, by expert ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A counting sort of the records' entries in the order (expert, source, position),
// the order of every backend. The records of all sources in a row are cut into runs;
// each warp counts the experts of its run, all CTAs meet, then each warp knows where
// its rows go. A round of a warp takes a lane an entry; lanes with the same expert
// find each other by votes on the bits of its number.
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/DispatchParts.h"
#include "passes/fusion/stages/LaneList.h"
#include "passes/fusion/stages/RoutingSpaces.h"

#include "llvm/Support/MathExtras.h"

namespace moec::fusion {
using namespace mlir;
namespace {

/// CTAs that have runs, from the first.
constexpr uint32_t runCtas = mostRuns / stageWarps;
constexpr uint32_t runsOfWarp = mostRuns / stageWarps;

class Index {
public:
  Index(KernelBuilder &kernel, WarpCode &code, StepState &state);
  void write();

private:
  /// What a lane has of an entry of a record.
  struct Entry {
    Value isThere, word;
    Value record, weight; ///< addresses
    Value source, position;
  };
  using EntryBody = llvm::function_ref<void(const Entry &)>;

  void countRecords();
  void forRounds(EntryBody body);
  void forRoundsOf(Value source, Value first, Value end, EntryBody body);
  void loadRounds(Value source, Value position, Value end, SmallVectorImpl<Entry> &entries);
  /// The lanes whose entries are of the same expert as this lane's.
  Value findSame(Value isThere, Value expert);

  void countRun();
  void sumRuns();
  void placeRun();
  void listRows();
  void storeRow(const Entry &entry, Value row);

  void forExperts(llvm::function_ref<void(Value expert, Value isThere)> body);
  Value localOf(Value word) { return code.bitAnd(word, code.i32(0xffff)); }
  Value wordAt(Value table, Value row, Value expert) {
    Value place = code.add(code.mul(code.widen(row), code.widen(experts)), code.widen(expert));
    return code.element(table, place, 4);
  }
  /// Most rows that the rank can have. Only stale counts after an expired wait make
  /// more; nothing is stored there.
  Value capacity() {
    Value rows = code.mul(state.maxTokens, code.i32(step.ranks));
    return code.mul(rows, code.min(experts, code.i32(topK)));
  }
  Value rowOfSums(Value warpOfCta, unsigned which) {
    Value row = code.add(code.mul(cta, code.i32(stageWarps)), warpOfCta);
    return code.add(code.mul(row, code.i32(2)), code.i32(which));
  }

  KernelBuilder &kernel;
  const Step &step;
  WarpCode &code;
  StepState &state;
  uint32_t topK;
  /// Records of a round, and rounds of a record with more entries than lanes.
  uint32_t recordsOfRound, roundsOfRecord;
  Value lane, warp, cta, experts;
  Value run;                    ///< number of this warp's
  Value runs, runLength, total; ///< of all records
  LaneList counts;              ///< records of each source
};

Index::Index(KernelBuilder &kernel, WarpCode &code, StepState &state)
    : kernel(kernel), step(kernel.step), code(code), state(state), topK(step.layer.router.topK),
      recordsOfRound(std::max(warpLanes / topK, 1u)), roundsOfRecord(laneValues(topK)),
      lane(code.lane()), warp(code.stageWarp()), cta(code.cta()),
      experts(code.loadI32(kernel.state(), offsetof(RankState, localExperts))),
      run(code.add(code.mul(cta, code.i32(stageWarps)), warp)) {}

void Index::forExperts(llvm::function_ref<void(Value, Value)> body) {
  code.forRange(code.i32(0), experts, code.i32(warpLanes), ValueRange(),
                [&](Value first, ValueRange) {
                  Value expert = code.add(first, lane);
                  body(expert, code.less(expert, experts));
                  return LaneList();
                });
}

//===----------------------------------------------------------------------===//
// Records
//===----------------------------------------------------------------------===//

/// Only CTAs that may have a run wait for the flags and read them; what they saw the
/// others see after the meeting of all. A source whose flag did not come before the
/// deadline has sent nothing.
void Index::countRecords() {
  LaneList none(laneValues(step.ranks), code.i32(0));
  auto read = [&] {
    code.ifThen(code.equal(warp, code.i32(0)), [&] { state.waitForAll(step.rowsFlag); });
    code.syncStage();
    Value cells = state.ownCells(step.rowsFlag);
    LaneList found;
    for (uint32_t i = 0; i < laneValues(step.ranks); ++i) {
      Value source = code.min(entryNumber(code, i), code.i32(step.ranks - 1));
      Value word = code.loadI64(code.element(cells, source, 8));
      Value isNow = code.equal(code.narrow(code.shiftRight(word, code.i64(32))), state.epoch);
      Value isThere = code.bitAnd(isNow, isEntry(code, i, step.ranks));
      Value count = code.min(code.narrow(word), state.maxTokens);
      found.push_back(code.select(isThere, count, code.i32(0)));
    }
    return found;
  };
  counts = code.ifElse(code.less(cta, code.i32(runCtas)), read, [&] { return none; });
  Value sum = counts[0];
  for (Value count : llvm::drop_begin(counts))
    sum = code.add(sum, count);
  total = code.warpSum(sum);
  Value warps = code.min(code.mul(code.ctas(), code.i32(stageWarps)), code.i32(mostRuns));
  runLength = code.max(code.divUp(total, warps), code.i32(leastRun));
  runs = code.divUp(total, runLength);
}

/// The entries of the next rounds, all loads in flight at once.
void Index::loadRounds(Value source, Value position, Value end, SmallVectorImpl<Entry> &entries) {
  constexpr uint32_t roundsInFlight = 4;
  uint32_t rounds = roundsOfRecord > 1 ? roundsOfRecord : roundsInFlight;
  Value records = kernel.buffer(step.buffers.records);
  Value region = code.mul(code.widen(state.regionOf(source)), code.widen(state.maxTokens));
  for (uint32_t round = 0; round < rounds; ++round) {
    Value number = lane, place = position, isThere = code.i1(true);
    if (roundsOfRecord > 1) {
      number = entryNumber(code, round);
    } else {
      number = code.rem(lane, code.i32(topK));
      Value record = code.add(code.div(lane, code.i32(topK)), code.i32(round * recordsOfRound));
      isThere = code.less(lane, code.i32(recordsOfRound * topK));
      place = code.add(position, record);
    }
    isThere = code.bitAnd(isThere, code.less(place, end));
    place = code.min(place, code.sub(end, code.i32(1)));
    Value record = code.element(records, code.add(region, code.widen(place)),
                                uint64_t(4) * step.recordWords());
    Value slots = code.loadI32(record, 4);
    Value known = code.min(number, code.i32(topK - 1));
    Value entry = code.advance(code.element(record, known, 4), 8);
    Value word = code.loadI32(entry), slot = code.shiftRight(word, code.i32(16));
    isThere = code.bitAnd(isThere, code.less(number, slots));
    isThere = code.bitAnd(isThere, code.less(slot, code.i32(topK)));
    entries.push_back(
        {isThere, word, record, code.advance(entry, uint64_t(4) * topK), source, place});
  }
}

void Index::forRoundsOf(Value source, Value first, Value end, EntryBody body) {
  uint32_t span = roundsOfRecord > 1 ? 1 : 4 * recordsOfRound;
  code.forRange(first, end, code.i32(span), ValueRange(), [&](Value position, ValueRange) {
    SmallVector<Entry> entries;
    loadRounds(source, position, end, entries);
    for (const Entry &entry : entries)
      body(entry);
    return LaneList();
  });
}

/// The entries of this warp's run, in their order. Executed by all lanes.
void Index::forRounds(EntryBody body) {
  Value first = code.min(code.mul(run, runLength), total);
  Value end = code.min(code.add(first, runLength), total);
  code.forRange(code.i32(0), code.i32(step.ranks), code.i32(1), code.i32(0),
                [&](Value source, ValueRange passed) {
                  Value count = entryAt(code, counts, source), before = passed[0];
                  Value next = code.add(before, count);
                  Value low = code.max(first, before), high = code.min(end, next);
                  forRoundsOf(source, code.sub(low, before), code.sub(high, before), body);
                  return LaneList{next};
                });
}

Value Index::findSame(Value isThere, Value expert) {
  Value same = code.ballot(isThere);
  for (uint32_t bit = 0; bit < llvm::Log2_32_Ceil(std::max(step.layer.experts, 2u)); ++bit) {
    Value isSet = code.notEqual(code.bitAnd(expert, code.i32(1 << bit)), code.i32(0));
    Value with = code.ballot(isSet);
    same = code.bitAnd(same, code.select(isSet, with, code.bitXor(with, code.i32(-1))));
  }
  return same;
}

//===----------------------------------------------------------------------===//
// Counting
//===----------------------------------------------------------------------===//

void Index::countRun() {
  Value table = kernel.workspace(runsSpace());
  forExperts([&](Value expert, Value isThere) {
    code.ifThen(isThere, [&] { code.store(code.i32(0), wordAt(table, run, expert)); });
  });
  code.syncWarp();
  forRounds([&](const Entry &entry) {
    Value expert = localOf(entry.word);
    Value same = findSame(entry.isThere, expert);
    Value isLeader = code.equal(code.bitAnd(same, code.lanesBelow()), code.i32(0));
    code.ifThen(code.bitAnd(entry.isThere, isLeader), [&] {
      Value place = wordAt(table, run, expert);
      code.store(code.add(code.loadI32(place), code.countBits(same)), place);
    });
    code.syncWarp();
  });
}

/// Each warp sums its part of the runs, for every expert: those before the CTA's,
/// and all.
void Index::sumRuns() {
  Value table = kernel.workspace(runsSpace()), sums = kernel.workspace(runSumsSpace());
  Value ownRuns = code.mul(cta, code.i32(stageWarps));
  Value firstRun = code.mul(warp, code.i32(runsOfWarp));
  forExperts([&](Value expert, Value isThere) {
    Value known = code.min(expert, code.sub(experts, code.i32(1)));
    Value before = code.i32(0), all = code.i32(0);
    for (uint32_t i = 0; i < runsOfWarp; ++i) {
      Value number = code.add(firstRun, code.i32(i));
      Value isRun = code.less(number, runs);
      Value count = code.loadI32(wordAt(table, code.select(isRun, number, code.i32(0)), known));
      count = code.select(isRun, count, code.i32(0));
      all = code.add(all, count);
      before = code.add(before, code.select(code.less(number, ownRuns), count, code.i32(0)));
    }
    code.ifThen(isThere, [&] {
      code.store(before, wordAt(sums, rowOfSums(warp, 0), expert));
      code.store(all, wordAt(sums, rowOfSums(warp, 1), expert));
    });
  });
  code.syncStage();
}

/// Where the rows of each expert begin, and those of this run among them.
void Index::placeRun() {
  Value table = kernel.workspace(runsSpace()), sums = kernel.workspace(runSumsSpace());
  Value cursors = kernel.workspace(cursorsSpace()), offsets = kernel.workspace(offsetsSpace());
  Value ownRuns = code.mul(cta, code.i32(stageWarps));
  Value isTeller = code.equal(run, code.i32(0)), most = capacity();
  auto body = [&](Value first, ValueRange passed) {
    Value expert = code.add(first, lane), isThere = code.less(expert, experts);
    Value known = code.min(expert, code.sub(experts, code.i32(1)));
    Value before = code.i32(0), all = code.i32(0);
    for (unsigned i = 0; i < stageWarps; ++i) {
      before = code.add(before, code.loadI32(wordAt(sums, rowOfSums(code.i32(i), 0), known)));
      all = code.add(all, code.loadI32(wordAt(sums, rowOfSums(code.i32(i), 1), known)));
      Value number = code.add(ownRuns, code.i32(i));
      Value isEarlier = code.bitAnd(code.less(code.i32(i), warp), code.less(number, runs));
      Value row = code.select(isEarlier, number, code.i32(0));
      Value count = code.loadI32(wordAt(table, row, known));
      before = code.add(before, code.select(isEarlier, count, code.i32(0)));
    }
    auto [below, sum] = code.sumBelow(code.select(isThere, all, code.i32(0)));
    Value start = code.add(passed[0], below);
    code.ifThen(isThere,
                [&] { code.store(code.add(start, before), wordAt(cursors, run, expert)); });
    code.ifThen(code.bitAnd(isThere, isTeller),
                [&] { code.store(code.min(start, most), code.element(offsets, expert, 4)); });
    return LaneList{code.add(passed[0], sum)};
  };
  Value rows = code.forRange(code.i32(0), experts, code.i32(warpLanes), code.i32(0), body)[0];
  code.ifThen(code.bitAnd(isTeller, code.equal(lane, code.i32(0))),
              [&] { code.store(code.min(rows, most), code.element(offsets, experts, 4)); });
  code.syncWarp();
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

void Index::storeRow(const Entry &entry, Value row) {
  Value token = code.loadI32(entry.record);
  Value slot = code.shiftRight(entry.word, code.i32(16));
  Value target = code.element(kernel.workspace(rowTargetSpace()), row, 8);
  code.store(entry.source, target);
  code.store(code.add(code.mul(token, code.i32(topK)), slot), target, 4);
  Value from = code.add(code.mul(entry.source, state.maxTokens), entry.position);
  code.store(from, code.element(kernel.workspace(rowSourceSpace()), row, 4));
  code.store(code.loadI32(entry.weight), code.element(kernel.workspace(rowWeightSpace()), row, 4));
}

void Index::listRows() {
  Value cursors = kernel.workspace(cursorsSpace()), most = capacity();
  forRounds([&](const Entry &entry) {
    Value expert = localOf(entry.word);
    Value same = findSame(entry.isThere, expert);
    Value below = code.bitAnd(same, code.lanesBelow());
    Value known = code.select(entry.isThere, expert, code.i32(0));
    Value cursor = code.loadI32(wordAt(cursors, run, known));
    code.syncWarp(); // all have read before one goes on
    code.ifThen(entry.isThere, [&] {
      Value row = code.add(cursor, code.countBits(below));
      code.ifThen(code.less(row, most), [&] { storeRow(entry, row); });
      code.ifThen(code.equal(below, code.i32(0)), [&] {
        code.store(code.add(cursor, code.countBits(same)), wordAt(cursors, run, known));
      });
    });
    code.syncWarp();
  });
}

void Index::write() {
  countRecords();
  Value hasRun = code.less(run, runs);
  code.ifThen(hasRun, [&] { countRun(); });
  tile::GridSyncOp::create(code.builder, code.loc,
                           kernel.workspace({"index_counter", Extent{.constant = 4}}));
  // The first CTA tells where experts begin, records or not.
  Value firstRun = code.mul(cta, code.i32(stageWarps));
  Value hasRuns = code.bitOr(code.less(firstRun, runs), code.equal(cta, code.i32(0)));
  code.ifThen(hasRuns, [&] {
    sumRuns();
    placeRun();
    code.ifThen(hasRun, [&] { listRows(); });
  });
}

} // namespace

void writeIndex(KernelBuilder &kernel, WarpCode &code, StepState &state) {
  Index(kernel, code, state).write();
}

} // namespace moec::fusion
