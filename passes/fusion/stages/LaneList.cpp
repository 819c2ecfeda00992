//===- LaneList.cpp - Lists over the lanes of a warp ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/LaneList.h"

namespace moec::fusion {
using namespace mlir;

static Value rowOf(WarpCode &code, Value index) { return code.shiftRight(index, code.i32(5)); }

uint32_t entryOffset(size_t i, uint32_t run) { return i / run * run * warpLanes + i % run; }

Value entryNumber(WarpCode &code, size_t i, uint32_t run) {
  return code.add(code.mul(code.lane(), code.i32(run)), code.i32(entryOffset(i, run)));
}

Value isEntry(WarpCode &code, size_t i, uint32_t count, uint32_t run) {
  if ((i / run + 1) * run * warpLanes <= count)
    return code.i1(true);
  return code.less(entryNumber(code, i, run), code.i32(count));
}

// A shuffle takes the lowest five bits.
Value laneOfEntry(WarpCode &code, Value index, uint32_t run) {
  return code.div(index, code.i32(run));
}

Value entryAt(WarpCode &code, const LaneList &list, Value index) {
  Value row = rowOf(code, index), value = list[0];
  for (size_t i = 1; i < list.size(); ++i)
    value = code.select(code.equal(row, code.i32(int64_t(i))), list[i], value);
  return code.fromLane(value, laneOfEntry(code, index));
}

// The lane that has the entry does not know who asks: every row travels.
Value entryOfLane(WarpCode &code, const LaneList &list, Value index) {
  Value row = rowOf(code, index), lane = laneOfEntry(code, index);
  Value value = code.fromLane(list[0], lane);
  for (size_t i = 1; i < list.size(); ++i)
    value = code.select(code.equal(row, code.i32(int64_t(i))), code.fromLane(list[i], lane), value);
  return value;
}

void setEntry(WarpCode &code, LaneList &list, Value index, Value value) {
  for (size_t i = 0; i < list.size(); ++i)
    list[i] = code.select(code.equal(entryNumber(code, i), index), value, list[i]);
}

} // namespace moec::fusion
