//===- ExpertChoice.cpp - From a token's logits to its experts ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/ExpertChoice.h"

#include <algorithm>
#include <limits>

namespace moec::fusion {
using namespace mlir;

static constexpr double infinity = std::numeric_limits<double>::infinity();

// Keys: of what was taken or is not there, of a NaN, of minus infinity and of zero.
// Every number's key is greater than a NaN's.
static constexpr int64_t takenKey = 0, nanKey = 1, lowestKey = 0x007fffff, zeroKey = 0x80000000;

ExpertChoice::ExpertChoice(WarpCode &code, const Layer &layer, LaneList selectionBias)
    : code(code), layer(layer), router(layer.router), selectionBias(std::move(selectionBias)),
      lane(code.lane()) {}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

Value ExpertChoice::keyOf(Value value) {
  Value bits = code.bitsOf(value), top = code.i32(zeroKey);
  Value rising = code.bitOr(bits, top), falling = code.bitXor(bits, code.i32(-1));
  Value key = code.select(code.less(bits, top), rising, falling);
  key = code.select(code.equal(bits, top), top, key); // minus zero is zero
  return code.select(code.isNan(value), code.i32(nanKey), key);
}

Value ExpertChoice::valueOf(Value key) {
  Value top = code.i32(zeroKey);
  Value bits =
      code.select(code.less(key, top), code.bitXor(key, code.i32(-1)), code.bitXor(key, top));
  return code.floatOf(bits);
}

LaneList ExpertChoice::keysOf(const LaneList &values) {
  LaneList keys;
  for (size_t i = 0; i < values.size(); ++i) {
    Value choosing = values[i];
    if (!selectionBias.empty())
      choosing = code.addFloat(choosing, selectionBias[i]);
    keys.push_back(
        code.select(isEntry(code, i, layer.experts), keyOf(choosing), code.i32(takenKey)));
  }
  return keys;
}

Value ExpertChoice::takeBest(LaneList &keys) {
  Value best = keys[0], index = lane;
  for (size_t i = 1; i < keys.size(); ++i) {
    Value isBetter = code.less(best, keys[i]);
    best = code.select(isBetter, keys[i], best);
    index = code.select(isBetter, code.add(lane, code.i32(int64_t(i) * warpLanes)), index);
  }
  Value isFirst = code.equal(best, code.warpMax(best));
  Value winner = code.warpMin(code.select(isFirst, index, code.i32(-1)));
  setEntry(code, keys, winner, code.i32(takenKey));
  return winner;
}

//===----------------------------------------------------------------------===//
// The rule
//===----------------------------------------------------------------------===//

Value ExpertChoice::sumInOrder(const LaneList &values, uint32_t count) {
  return code.forRange(code.i32(0), code.i32(count), code.i32(1), code.f32(0),
                       [&](Value index, ValueRange sum) {
                         return LaneList{code.addFloat(sum[0], entryAt(code, values, index))};
                       })[0];
}

void ExpertChoice::applyScore(LaneList &values, uint32_t count) {
  switch (router.score) {
  case ScoreFunction::Identity:
    return;
  case ScoreFunction::Sigmoid:
    for (Value &value : values)
      value = code.sigmoid(value);
    return;
  case ScoreFunction::Softmax:
    break;
  }
  Value highest = code.f32(-infinity);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = code.select(isEntry(code, i, count), values[i], code.f32(-infinity));
    highest = code.maxFloat(highest, values[i]);
  }
  highest = code.warpMaxFloat(highest);
  Value sum = code.f32(0);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = code.exp(code.subFloat(values[i], highest));
    sum = code.addFloat(sum, values[i]);
  }
  sum = code.warpSumFloat(sum);
  for (Value &value : values)
    value = code.divNearly(value, sum);
}

/// Score of the group that `members` are the keys of, what counts for nothing between them.
Value ExpertChoice::groupScore(ArrayRef<Value> members) {
  Value best = code.i32(lowestKey), second = best;
  for (Value key : members) {
    second = code.max(second, code.min(best, key));
    best = code.max(best, key);
  }
  Value highest = code.warpMax(best);
  switch (router.groups->score) {
  case GroupScore::Max:
    return valueOf(highest);
  case GroupScore::SumOfTop2:
    break;
  }
  if (router.groups->count == layer.experts)
    return valueOf(highest);
  Value owner = code.lowestBit(code.ballot(code.equal(best, highest)));
  Value next = code.warpMax(code.select(code.equal(lane, owner), second, best));
  return code.addFloat(valueOf(highest), valueOf(next));
}

/// A loop over the groups, and in it one code for all of them.
LaneList ExpertChoice::scoreGroups(const LaneList &keys) {
  uint32_t count = router.groups->count, size = layer.experts / count;
  bool isWhole = size % warpLanes == 0; // a group has values of its own, in all lanes
  LaneList carried(laneValues(count), code.i32(takenKey));
  size_t scoreValues = carried.size();
  if (isWhole) // those of the next group come first
    carried.append(keys);
  carried = code.forRange(
      code.i32(0), code.i32(count), code.i32(1), carried, [&](Value group, ValueRange now) {
        LaneList scores(now.take_front(scoreValues)), left(now.drop_front(scoreValues));
        LaneList members = keys;
        if (isWhole) {
          members.assign(left.begin(), left.begin() + size / warpLanes);
          std::rotate(left.begin(), left.begin() + members.size(), left.end());
        } else {
          Value first = code.mul(group, code.i32(size));
          for (size_t i = 0; i < keys.size(); ++i) {
            Value member = code.sub(entryNumber(code, i), first);
            members[i] = code.select(code.less(member, code.i32(size)), keys[i], code.i32(nanKey));
          }
        }
        setEntry(code, scores, group, keyOf(groupScore(members)));
        scores.append(left);
        return scores;
      });
  carried.truncate(scoreValues);
  return carried;
}

/// Those that are kept, a bit a group, the same in all lanes.
LaneList ExpertChoice::bestGroups(const LaneList &scores) {
  LaneList carried = scores;
  carried.append(scores.size(), code.i32(0));
  carried = code.forRange(
      code.i32(0), code.i32(router.groups->kept), code.i32(1), carried, [&](Value, ValueRange now) {
        LaneList left(now.take_front(scores.size())), kept(now.drop_front(scores.size()));
        Value group = takeBest(left);
        Value bit = code.shiftLeft(code.i32(1), code.bitAnd(group, code.i32(31)));
        Value row = code.shiftRight(group, code.i32(5));
        for (auto [word, bits] : llvm::enumerate(kept)) {
          Value isHere = code.equal(row, code.i32(int64_t(word)));
          bits = code.bitOr(bits, code.select(isHere, bit, code.i32(0)));
        }
        left.append(kept);
        return left;
      });
  return LaneList(llvm::drop_begin(carried, scores.size()));
}

void ExpertChoice::limitGroups(LaneList &keys) {
  const GroupLimit &limit = *router.groups;
  if (limit.kept == limit.count)
    return;
  LaneList kept = bestGroups(scoreGroups(keys));
  int64_t rejected = limit.rejectedValue == RejectedValue::Zero ? zeroKey : lowestKey;
  for (size_t i = 0; i < keys.size(); ++i) {
    Value expert = entryNumber(code, i);
    Value group = code.div(expert, code.i32(layer.experts / limit.count));
    Value row = code.shiftRight(group, code.i32(5)), word = kept[0];
    for (size_t j = 1; j < kept.size(); ++j)
      word = code.select(code.equal(row, code.i32(int64_t(j))), kept[j], word);
    Value bit = code.shiftRight(word, code.bitAnd(group, code.i32(31)));
    Value isKept = code.equal(code.bitAnd(bit, code.i32(1)), code.i32(1));
    Value key = code.select(isKept, keys[i], code.i32(rejected));
    keys[i] = code.select(isEntry(code, i, layer.experts), key, code.i32(takenKey));
  }
}

void ExpertChoice::finishWeights(LaneList &weights, Value sum) {
  if (router.scoreAfterTopK) {
    applyScore(weights, router.topK);
    if (router.normalize)
      sum = sumInOrder(weights, router.topK);
  }
  if (router.normalize)
    sum = code.addFloat(sum, code.f32(router.normalizeEpsilon));
  for (Value &weight : weights) {
    // A sum of scores lies in the middle of all numbers, one of logits anywhere: the division
    // for those calls code for the ends.
    if (router.normalize)
      weight = router.score == ScoreFunction::Identity ? code.divFloat(weight, sum)
                                                       : code.divNearly(weight, sum);
    if (router.scale != 1.0)
      weight = code.mulFloat(weight, code.f32(router.scale));
    weight = code.rounded(weight, router.weightsType);
  }
}

ExpertChoice::Slots ExpertChoice::choose(LaneList logits) {
  LaneList scores = std::move(logits);
  if (!router.scoreAfterTopK)
    applyScore(scores, layer.experts);
  LaneList keys = keysOf(scores);
  if (router.groups)
    limitGroups(keys);

  size_t slotValues = laneValues(router.topK), keyValues = keys.size();
  LaneList carried = keys;
  carried.append(slotValues, code.i32(0));
  carried.append(slotValues, code.f32(0));
  carried.push_back(code.f32(0)); // sum of the weights
  LaneList done = code.forRange(
      code.i32(0), code.i32(router.topK), code.i32(1), carried, [&](Value slot, ValueRange now) {
        LaneList left(now.take_front(keyValues));
        LaneList experts(now.slice(keyValues, slotValues));
        LaneList weights(now.slice(keyValues + slotValues, slotValues));
        Value expert = takeBest(left), weight = entryAt(code, scores, expert);
        setEntry(code, experts, slot, expert);
        setEntry(code, weights, slot, weight);
        LaneList next = std::move(left);
        next.append(experts);
        next.append(weights);
        next.push_back(code.addFloat(now.back(), weight));
        return next;
      });
  Slots slots;
  slots.experts.assign(done.begin() + keyValues, done.begin() + keyValues + slotValues);
  slots.weights.assign(done.begin() + keyValues + slotValues, done.end() - 1);
  finishWeights(slots.weights, done.back());
  return slots;
}

} // namespace moec::fusion
