//===- DispatchIndex.cpp - The rows that arrived, by expert ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A counting sort of the records' entries in the order (expert, source, position),
// the order of every backend. The records of all sources in a row are cut into runs;
// each warp counts the experts of its run, all CTAs meet, then each warp knows where
// its rows go. A round of a warp takes a lane an entry; lanes with the same expert
// find each other (match.any). Counting and placing are two passes of the same code:
// what a counter counts up to is where a cursor ends.
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/DispatchParts.h"
#include "passes/fusion/stages/LaneList.h"
#include "passes/fusion/stages/LoadQueue.h"
#include "passes/fusion/stages/RoutingSpaces.h"

namespace moec::fusion {
using namespace mlir;
namespace {

/// CTAs that have runs, from the first.
constexpr uint32_t runCtas = mostRuns / stageWarps;
constexpr uint32_t runsOfWarp = mostRuns / stageWarps;
/// Words of a vector, and bytes of an expert's row in `runs` and `cursors`.
constexpr uint32_t vectorWords = 4, rowBytes = 4 * mostRuns;

class Index {
public:
  Index(KernelBuilder &kernel, WarpCode &code, StepState &state);
  void write();

private:
  /// The records of a source that belong to the warp's run.
  struct Part {
    Value source, first, end; ///< records, in the order of their positions
    Value region;             ///< address of record 0 of the source
  };
  /// What a lane has of an entry of a record.
  struct Entry {
    Value isThere, word;
    Value source, record, number; ///< the entry's number within the record
    Value address;                ///< of the record
  };
  using EntryBody = llvm::function_ref<void(const Entry &)>;

  void clearRuns();
  void countRecords();
  void acceptCounts(Value accepted);
  Entry entryOf(const Part &part, Value round);
  void forRoundsOf(const Part &part, EntryBody body);
  void forRounds(EntryBody body);

  void passRun(Value isPlacing);
  void sumRuns();
  void placeRun();
  void storeRow(const Entry &entry, Value row);

  void forExperts(llvm::function_ref<void(Value expert, Value isThere)> body);
  Value localOf(Value word) { return code.bitAnd(word, code.i32(0xffff)); }
  Value slotOf(Value word) { return code.shiftRight(word, code.i32(16)); }
  /// The word of an expert and a run in `runs` or `cursors`.
  Value wordAt(Value table, Value run, Value expert) {
    return code.element(code.element(table, run, 4), expert, rowBytes);
  }
  /// The CTA's sums of an expert: {before, all} of each warp.
  Value sumsAt(Value expert) {
    Value row = code.add(code.mul(cta, experts), expert);
    return code.element(kernel.workspace(runSumsSpace()), row, 2 * 4 * stageWarps);
  }
  LaneList loadWords(Value address, uint32_t count);
  Value sumOf(ArrayRef<Value> values);
  /// Most rows that the rank can have. Only stale counts after an expired wait make
  /// more; nothing is stored there.
  Value capacity() {
    Value rows = code.mul(state.maxTokens, code.i32(step.ranks));
    return code.mul(rows, code.min(experts, code.i32(topK)));
  }

  KernelBuilder &kernel;
  const Step &step;
  WarpCode &code;
  StepState &state;
  uint32_t topK;
  /// Records of a round, and rounds of a record with more entries than lanes.
  uint32_t recordsOfRound, roundsOfRecord;
  Value lane, warp, cta, experts;
  Value run;              ///< number of this warp's
  Value runLength, total; ///< of all records
  LaneList counts;        ///< records of each source
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

LaneList Index::loadWords(Value address, uint32_t count) {
  LaneList words;
  for (uint32_t i = 0; i < count; i += vectorWords)
    llvm::append_range(words, code.loadVector(code.advance(address, uint64_t(4) * i)));
  return words;
}

Value Index::sumOf(ArrayRef<Value> values) {
  Value sum = values.front();
  for (Value value : values.drop_front())
    sum = code.add(sum, value);
  return sum;
}

//===----------------------------------------------------------------------===//
// Records
//===----------------------------------------------------------------------===//

/// Only CTAs that may have a run wait for the flags and read them; what they saw the
/// others see after the meeting of all. A source whose flag did not come before the
/// deadline has sent nothing. One warp decides that for the CTA: a flag may come between
/// two looks, and the warps of a CTA must agree on which runs there are, for they meet.
void Index::countRecords() {
  LaneList none(laneValues(step.ranks), code.i32(0));
  auto read = [&] {
    // u32 [CTAs with runs][ranks]
    uint64_t bytes = uint64_t(4) * step.ranks;
    Value space = kernel.workspace({"accepted", Extent{.constant = runCtas * bytes}});
    Value accepted = code.element(space, cta, bytes);
    code.ifThen(code.equal(warp, code.i32(0)), [&] { acceptCounts(accepted); });
    code.syncStage();
    LaneList found;
    for (uint32_t i = 0; i < laneValues(step.ranks); ++i) {
      Value source = code.min(entryNumber(code, i), code.i32(step.ranks - 1));
      Value count = code.loadI32(code.element(accepted, source, 4));
      found.push_back(code.select(isEntry(code, i, step.ranks), count, code.i32(0)));
    }
    return found;
  };
  counts = code.ifElse(code.less(cta, code.i32(runCtas)), read, [&] { return none; });
  total = code.warpSum(sumOf(counts));
  Value warps = code.min(code.mul(code.ctas(), code.i32(stageWarps)), code.i32(mostRuns));
  runLength = code.max(code.divUp(total, warps), code.i32(leastRun));
}

/// Executed by one warp of a CTA.
void Index::acceptCounts(Value accepted) {
  state.waitForAll(step.rowsFlag);
  Value cells = state.ownCells(step.rowsFlag);
  for (uint32_t i = 0; i < laneValues(step.ranks); ++i) {
    Value source = entryNumber(code, i);
    code.ifThen(isEntry(code, i, step.ranks), [&] {
      Value word = tile::PtxLdAcquireOp::create(code.builder, code.loc, code.builder.getI64Type(),
                                                tile::Scope::Sys, code.element(cells, source, 8));
      Value isNow = code.equal(code.narrow(code.shiftRight(word, code.i64(32))), state.epoch);
      Value count = code.min(code.narrow(word), state.maxTokens);
      code.store(code.select(isNow, count, code.i32(0)), code.element(accepted, source, 4));
    });
  }
}

/// Without what comes from memory: `isThere` says whether the record is.
Index::Entry Index::entryOf(const Part &part, Value round) {
  Entry entry;
  entry.source = part.source;
  Value record, number;
  if (roundsOfRecord > 1) {
    Value each = code.i32(roundsOfRecord);
    record = code.div(round, each);
    number = code.add(code.mul(code.rem(round, each), code.i32(warpLanes)), lane);
    entry.number = code.min(number, code.i32(topK - 1));
  } else {
    // Lanes that are left over have a record behind all.
    constexpr int64_t nowhere = 1 << 30;
    Value isUsed = code.less(lane, code.i32(recordsOfRound * topK));
    record = code.select(isUsed, code.div(lane, code.i32(topK)), code.i32(nowhere));
    record = code.add(code.mul(round, code.i32(recordsOfRound)), record);
    entry.number = number = code.rem(lane, code.i32(topK));
  }
  record = code.add(part.first, record);
  entry.isThere = code.bitAnd(code.less(record, part.end), code.equal(number, entry.number));
  entry.record = code.min(record, code.sub(part.end, code.i32(1)));
  entry.address = code.element(part.region, entry.record, uint64_t(4) * step.recordWords());
  return entry;
}

void Index::forRoundsOf(const Part &part, EntryBody body) {
  Value isEmpty = code.atLeast(part.first, part.end);
  Value records = code.select(isEmpty, code.i32(0), code.sub(part.end, part.first));
  Value rounds = code.mul(code.divUp(records, code.i32(recordsOfRound)), code.i32(roundsOfRecord));
  auto load = [&](Value round) {
    Entry entry = entryOf(part, round);
    Value count = code.loadI32(entry.address, 4);
    return LaneList{count, code.loadI32(code.element(entry.address, entry.number, 4), 8)};
  };
  LoadQueue{.words = 2}.run(
      code, rounds, ValueRange(), load, [&](Value round, ValueRange words, ValueRange) {
        Entry entry = entryOf(part, round);
        entry.word = words[1];
        Value isThere = code.bitAnd(code.less(entry.number, words[0]),
                                    code.less(slotOf(entry.word), code.i32(topK)));
        entry.isThere = code.bitAnd(entry.isThere, isThere);
        body(entry);
        return LaneList();
      });
}

/// The entries of this warp's run, in their order. Executed by all lanes.
void Index::forRounds(EntryBody body) {
  Value first = code.min(code.mul(run, runLength), total);
  Value end = code.min(code.add(first, runLength), total);
  Value records = kernel.buffer(step.buffers.records);
  code.forRange(code.i32(0), code.i32(step.ranks), code.i32(1), code.i32(0),
                [&](Value source, ValueRange passed) {
                  Value before = passed[0];
                  Value next = code.add(before, entryAt(code, counts, source));
                  Part part;
                  part.source = source;
                  part.first = code.sub(code.max(first, before), before);
                  // Without records of the run: 0, or more than there are.
                  part.end = code.sub(code.max(code.min(end, next), before), before);
                  Value region =
                      code.mul(code.widen(state.regionOf(source)), code.widen(state.maxTokens));
                  part.region = code.element(records, region, uint64_t(4) * step.recordWords());
                  forRoundsOf(part, body);
                  return LaneList{next};
                });
}

//===----------------------------------------------------------------------===//
// Counts and places
//===----------------------------------------------------------------------===//

/// Runs that no warp has count nothing.
void Index::clearRuns() {
  Value table = kernel.workspace(runsSpace());
  Value warps = code.mul(code.ctas(), code.i32(stageWarps));
  code.forRange(run, code.i32(mostRuns), warps, ValueRange(), [&](Value number, ValueRange) {
    forExperts([&](Value expert, Value isThere) {
      code.ifThen(isThere, [&] { code.store(code.i32(0), wordAt(table, number, expert)); });
    });
    return LaneList();
  });
  code.syncWarp();
}

/// Each warp sums its part of the runs, for every expert: those before the CTA's,
/// and all.
void Index::sumRuns() {
  static_assert(runsOfWarp == 2 * stageWarps, "runs of two CTAs are a warp's part");
  Value table = kernel.workspace(runsSpace());
  Value firstRun = code.mul(warp, code.i32(runsOfWarp));
  Value ownRuns = code.mul(cta, code.i32(stageWarps));
  Value hasFirst = code.less(firstRun, ownRuns);
  Value hasSecond = code.less(code.add(firstRun, code.i32(stageWarps)), ownRuns);
  forExperts([&](Value expert, Value isThere) {
    code.ifThen(isThere, [&] {
      LaneList words = loadWords(wordAt(table, firstRun, expert), runsOfWarp);
      Value first = sumOf(ArrayRef(words).take_front(stageWarps));
      Value second = sumOf(ArrayRef(words).drop_front(stageWarps));
      Value before = code.add(code.select(hasFirst, first, code.i32(0)),
                              code.select(hasSecond, second, code.i32(0)));
      Value target = code.element(sumsAt(expert), warp, 8);
      code.store(before, target);
      code.store(code.add(first, second), target, 4);
    });
  });
  code.syncStage();
}

/// Where the rows of each expert begin, and those of this run among them.
void Index::placeRun() {
  Value table = kernel.workspace(runsSpace()), cursors = kernel.workspace(cursorsSpace());
  Value offsets = kernel.workspace(offsetsSpace());
  Value ownRuns = code.mul(cta, code.i32(stageWarps));
  Value isTeller = code.equal(run, code.i32(0)), most = capacity();
  auto body = [&](Value first, ValueRange passed) {
    Value expert = code.add(first, lane), isThere = code.less(expert, experts);
    Value known = code.min(expert, code.sub(experts, code.i32(1)));
    LaneList sums = loadWords(sumsAt(known), 2 * stageWarps);
    LaneList own = loadWords(wordAt(table, ownRuns, known), stageWarps);
    Value before = sums[0], all = sums[1];
    for (unsigned i = 0; i < stageWarps; ++i) {
      before = i ? code.add(before, sums[2 * i]) : before;
      all = i ? code.add(all, sums[2 * i + 1]) : all;
      Value isEarlier = code.less(code.i32(i), warp);
      before = code.add(before, code.select(isEarlier, own[i], code.i32(0)));
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

void Index::storeRow(const Entry &entry, Value row) {
  Value weights = code.element(entry.address, entry.number, 4);
  Value weight = code.loadI32(weights, 8 + uint64_t(4) * topK);
  Value token = code.loadI32(entry.address);
  Value target = code.element(kernel.workspace(rowTargetSpace()), row, 8);
  code.store(entry.source, target);
  code.store(code.add(code.mul(token, code.i32(topK)), slotOf(entry.word)), target, 4);
  Value from = code.add(code.mul(entry.source, state.maxTokens), entry.record);
  code.store(from, code.element(kernel.workspace(rowSourceSpace()), row, 4));
  code.store(weight, code.element(kernel.workspace(rowWeightSpace()), row, 4));
}

/// Counts the run's entries in its counters or, with its cursors, places them.
void Index::passRun(Value isPlacing) {
  Value table =
      code.select(isPlacing, kernel.workspace(cursorsSpace()), kernel.workspace(runsSpace()));
  Value most = code.select(isPlacing, capacity(), code.i32(0));
  forRounds([&](const Entry &entry) {
    Value expert = localOf(entry.word);
    // Lanes without an entry are among themselves; they store nothing.
    Value same = code.lanesWith(code.select(entry.isThere, expert, code.i32(-1)));
    Value below = code.bitAnd(same, code.lanesBelow());
    Value cursor = wordAt(table, run, code.select(entry.isThere, expert, code.i32(0)));
    Value next = code.loadI32(cursor);
    code.syncWarp(); // all have read before one goes on
    code.ifThen(entry.isThere, [&] {
      Value row = code.add(next, code.countBits(below));
      code.ifThen(code.less(row, most), [&] { storeRow(entry, row); });
      code.ifThen(code.equal(below, code.i32(0)),
                  [&] { code.store(code.add(next, code.countBits(same)), cursor); });
    });
    code.syncWarp();
  });
}

void Index::write() {
  clearRuns();
  countRecords();
  Value firstRun = code.mul(cta, code.i32(stageWarps));
  auto hasRecords = [&](Value number) { return code.less(code.mul(number, runLength), total); };
  // The first CTA tells where experts begin, records or not.
  Value hasRuns = code.bitOr(hasRecords(firstRun), code.equal(cta, code.i32(0)));
  Value hasRun = hasRecords(run);
  code.forRange(code.i32(0), code.i32(2), code.i32(1), ValueRange(), [&](Value pass, ValueRange) {
    Value isPlacing = code.notEqual(pass, code.i32(0));
    code.ifThen(isPlacing, [&] {
      tile::GridSyncOp::create(code.builder, code.loc,
                               kernel.workspace({"index_counter", Extent{.constant = 4}}));
      code.ifThen(hasRuns, [&] {
        sumRuns();
        placeRun();
      });
    });
    code.ifThen(hasRun, [&] { passRun(isPlacing); });
    return LaneList();
  });
}

} // namespace

void writeIndex(KernelBuilder &kernel, WarpCode &code, StepState &state) {
  Index(kernel, code, state).write();
}

} // namespace moec::fusion
