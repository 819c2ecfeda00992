//===- ExpertChoice.cpp - From a token's logits to its experts ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/ExpertChoice.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

namespace moec::fusion {
using namespace mlir;

/// Are there groups, and is one of them left out?
static bool isLimited(const Router &router) {
  return router.groups && router.groups->kept != router.groups->count;
}

static constexpr double infinity = std::numeric_limits<double>::infinity();

// Keys: of what was taken or is not there, of a NaN, of minus infinity and of zero.
// Those of numbers are their magnitudes with their signs, moved so far that all are positive.
static constexpr int64_t takenKey = 0, nanKey = 0x00fffffe, lowestKey = 0x00ffffff,
                         zeroKey = 0x807fffff;
static constexpr int64_t signBit = 0x80000000;

ExpertChoice::ExpertChoice(WarpCode &code, const Layer &layer, LaneList selectionBias)
    : code(code), layer(layer), router(layer.router), selectionBias(std::move(selectionBias)),
      lane(code.lane()), run(runOf(layer)) {}

/// Lanes that hold all of a group and nothing else, where each has an equal run; 0: there are none.
static uint32_t lanesOfGroup(const Layer &layer) {
  uint32_t each = layer.experts / warpLanes, size = layer.experts / layer.router.groups->count;
  uint32_t lanes = size / each;
  return size % each == 0 && llvm::isPowerOf2_32(lanes) ? lanes : 0;
}

uint32_t ExpertChoice::runOf(const Layer &layer) {
  constexpr uint32_t vector = 4, mostOfLane = 8;
  const Router &router = layer.router;
  bool isSummed = router.score == ScoreFunction::Softmax && !router.scoreAfterTopK;
  if (isSummed || layer.experts % (vector * warpLanes))
    return 1;
  if (!isLimited(router))
    return vector;
  uint32_t each = layer.experts / warpLanes;
  return each <= mostOfLane && lanesOfGroup(layer) ? each : 1;
}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

Value ExpertChoice::keyOf(Value value) {
  Value bits = code.bitsOf(value), sign = code.i32(signBit);
  Value number = code.select(code.less(bits, sign), bits, code.sub(sign, bits));
  // A NaN without a sign wraps around, one with it is below minus infinity.
  return code.max(code.add(number, code.i32(zeroKey)), code.i32(nanKey));
}

Value ExpertChoice::valueOf(Value key) {
  Value number = code.sub(key, code.i32(zeroKey)), sign = code.i32(signBit);
  return code.floatOf(code.select(code.less(number, sign), number, code.sub(sign, number)));
}

LaneList ExpertChoice::keysOf(const LaneList &values) {
  LaneList keys;
  for (size_t i = 0; i < values.size(); ++i) {
    Value choosing = values[i];
    if (!selectionBias.empty())
      choosing = code.addFloat(choosing, selectionBias[i]);
    keys.push_back(
        code.select(isEntry(code, i, layer.experts, run), keyOf(choosing), code.i32(takenKey)));
  }
  return keys;
}

ExpertChoice::Best ExpertChoice::takeBest(LaneList &keys, const LaneList &weights, uint32_t run) {
  Value best = keys[0], offset = code.i32(0), weight = weights.empty() ? Value() : weights[0];
  for (size_t i = 1; i < keys.size(); ++i) {
    Value isBetter = code.less(best, keys[i]);
    best = code.max(best, keys[i]);
    offset = code.select(isBetter, code.i32(entryOffset(i, run)), offset);
    if (weight)
      weight = code.select(isBetter, weights[i], weight);
  }
  Value first = entryNumber(code, 0, run), index = code.add(first, offset);
  Value isFirst = code.equal(best, code.warpMax(best));
  Value winner = code.warpMin(code.select(isFirst, index, code.i32(-1)));
  // Bits become predicates all at once; offsets of lists with gaps are too many for that.
  bool hasBits = run == keys.size();
  Value taken = code.sub(winner, first);
  if (hasBits)
    taken =
        code.select(code.equal(winner, index), code.shiftLeft(code.i32(1), offset), code.i32(0));
  for (size_t i = 0; i < keys.size(); ++i) {
    Value isLeft = hasBits ? code.equal(code.bitAnd(taken, code.i32(int64_t(1) << i)), code.i32(0))
                           : code.notEqual(taken, code.i32(entryOffset(i, run)));
    keys[i] = code.select(isLeft, keys[i], code.i32(takenKey));
  }
  if (weight)
    weight = code.fromLane(weight, laneOfEntry(code, winner, run));
  return {winner, weight};
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

ExpertChoice::TopTwo ExpertChoice::topTwo(ArrayRef<Value> keys) {
  Value best = code.i32(lowestKey), second = best;
  for (Value key : keys) {
    second = code.max(second, code.min(best, key));
    best = code.max(best, key);
  }
  return {best, second};
}

/// Score of the group that `members` are the keys of, what counts for nothing between them.
Value ExpertChoice::groupScore(ArrayRef<Value> members) {
  auto [best, second] = topTwo(members);
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
        Value group = takeBest(left, {}, 1).index;
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

/// Where each group has lanes of its own: is that of this lane kept? Each lane has the score of
/// its group, and afterwards none if it is.
Value ExpertChoice::isInKeptLanes(const LaneList &keys) {
  uint32_t lanes = lanesOfGroup(layer);
  bool isOfTwo = router.groups->score == GroupScore::SumOfTop2;
  auto [best, second] = topTwo(keys);
  for (uint32_t distance = 1; distance < lanes; distance *= 2) {
    Value other = code.shuffleXor(best, distance);
    if (isOfTwo)
      second = code.max(code.max(second, code.shuffleXor(second, distance)), code.min(best, other));
    best = code.max(best, other);
  }
  Value score = isOfTwo ? keyOf(code.addFloat(valueOf(best), valueOf(second))) : best;
  Value firstLane = code.bitAnd(lane, code.i32(-int64_t(lanes))), taken = code.i32(takenKey);
  Value left = code.forRange(
      code.i32(0), code.i32(router.groups->kept), code.i32(1), score, [&](Value, ValueRange now) {
        Value isBest = code.equal(now[0], code.warpMax(now[0]));
        Value winner = code.warpMin(code.select(isBest, firstLane, code.i32(-1)));
        return LaneList{code.select(code.equal(firstLane, winner), taken, now[0])};
      })[0];
  return code.equal(left, taken);
}

void ExpertChoice::limitGroups(LaneList &keys) {
  const GroupLimit &limit = *router.groups;
  int64_t rejected = limit.rejectedValue == RejectedValue::Zero ? zeroKey : lowestKey;
  if (run > 1) {
    Value isKept = isInKeptLanes(keys);
    for (Value &key : keys)
      key = code.select(isKept, key, code.i32(rejected));
    return;
  }
  LaneList kept = bestGroups(scoreGroups(keys));
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
  if (isLimited(router))
    limitGroups(keys);

  size_t slotValues = laneValues(router.topK), keyValues = keys.size();
  LaneList carried = keys;
  carried.append(slotValues, code.i32(0));
  carried.append(slotValues, code.f32(0));
  carried.push_back(code.f32(0)); // sum of the weights
  LaneList done = code.forRange(code.i32(0), code.i32(router.topK), code.i32(1), carried,
                                [&](Value slot, ValueRange now) {
                                  LaneList left(now.take_front(keyValues));
                                  LaneList experts(now.slice(keyValues, slotValues));
                                  LaneList weights(now.slice(keyValues + slotValues, slotValues));
                                  auto [expert, weight] = takeBest(left, scores, run);
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
