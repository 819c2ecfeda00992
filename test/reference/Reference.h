//===- Reference.h - What a MoE layer computes, written to be read -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An independent, sequential statement of one Mixture-of-Experts layer. It
// includes nothing of the compiler or the runtime: its structs, its number
// conversions and its loops are its own, so that an error is not checked with
// itself. The formulas are those of the published models.
//
// Precision. Every sum is taken in f64 in the order of its index, every function
// in f64; a value is rounded only where a layer says so: the inputs to
// `tokensType`, weights and biases to `weightsType`, the logits to `logitsType`, the
// routing weights to `routingType`, act(gate, up) to `tokensType`, an expert's
// row times its weight to `combineType`. What is left is the truth that a computation in f32
// approaches.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_REFERENCE_REFERENCE_H
#define MOEC_TEST_REFERENCE_REFERENCE_H

#include "test/reference/Activation.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace reference {

enum class Type { F32, BF16, F16 };
enum class Score { Identity, Softmax, Sigmoid };
enum class GroupScore { Max, SumOfTop2 };

/// A dense row-major array.
struct Tensor {
  const void *data = nullptr;
  Type type = Type::F32;
};

struct Layer {
  size_t hidden = 0, experts = 0, intermediate = 0;
  Type tokensType = Type::F32, weightsType = Type::F32, combineType = Type::F32;
  Activation activation = Activation("gate silu up mul");
  bool gateBias = false, upBias = false, downBias = false; ///< of the routed experts

  // The router.
  size_t topK = 1;
  Type logitsType = Type::F32;
  bool logitsBias = false;
  Score score = Score::Softmax;
  bool scoreAfterTopK = false; ///< choose on the logits, score the chosen ones
  bool selectionBias = false;  ///< added to the score for the choice alone
  size_t groups = 0;           ///< 0 = no group limit
  size_t groupsKept = 0;
  GroupScore groupScore = GroupScore::Max;
  bool rejectedIsZero = false; ///< members of rejected groups score 0, not minus infinity
  bool normalize = false;
  double normalizeEpsilon = 0.0; ///< added to the sum
  double scale = 1.0;
  Type routingType = Type::F32;

  // The shared expert; 0 = none.
  size_t sharedIntermediate = 0;
  Activation sharedActivation = Activation("gate silu up mul");
  bool sharedGate = false; ///< sigmoid(ws . x) times the shared expert's row

  bool residual = false; ///< the token itself is added
};

enum class Weight {
  Router,         ///< [experts, hidden]
  RouterBias,     ///< [experts]
  SelectionBias,  ///< [experts], never rounded
  ExpertGate,     ///< [intermediate, hidden]
  ExpertUp,       ///< [intermediate, hidden]
  ExpertDown,     ///< [hidden, intermediate]
  SharedGate,     ///< [shared intermediate, hidden]
  SharedUp,       ///< [shared intermediate, hidden]
  SharedDown,     ///< [hidden, shared intermediate]
  SharedScale,    ///< [1, hidden]
  ExpertGateBias, ///< [intermediate]
  ExpertUpBias,   ///< [intermediate]
  ExpertDownBias, ///< [hidden]
};

/// Gives one weight; `expert` counts for the Expert* ones only. What it returns
/// must stay valid until its next call. Only what is needed is asked for: experts
/// without tokens are not.
using WeightLookup = std::function<Tensor(Weight weight, size_t expert)>;

/// Told after each expert: how many of how many rows are done.
using Progress = std::function<void(size_t done, size_t of)>;

/// Sums that are made before a token's own, each rounded to `combineType`: first the
/// rows of slots of one part, in the order of the slots, then the parts of one whole,
/// then the wholes, each in ascending order. Without `part` rows are added as they are.
struct Sums {
  std::function<size_t(size_t token, size_t expert)> part;
  size_t partsOfWhole = 0; ///< parts i * partsOfWhole .. belong to whole i; 0: no wholes
  /// The sum of the wholes is rounded too, before anything else is added to it.
  bool roundsTotal = false;
};

struct Result {
  size_t tokens = 0, hidden = 0, topK = 0;
  std::vector<float> output; ///< [tokens, hidden]
  std::vector<int64_t>
      indices;                ///< [tokens, topK], falling choosing score, ties to the lower expert
  std::vector<float> weights; ///< [tokens, topK]

  /// By how much the choice of a token was made: the choosing score of its last
  /// chosen expert less that of the first one left out, or the same of the
  /// groups where that is less; infinite where nothing is left out.
  std::vector<double> margin; ///< [tokens]
  /// By how much the margin can shrink when logits and scores are computed in
  /// f32 and rounded as the layer says. `margin > rounding`: the choice is sure.
  std::vector<double> rounding; ///< [tokens]
  /// 1 where this expert in this slot is sure in the same sense.
  std::vector<uint8_t> slotIsSure; ///< [tokens, topK]

  bool choiceIsSure(size_t token) const { return margin[token] > rounding[token]; }
};

/// Runs the layer on `input` [tokens, hidden]. Throws std::invalid_argument where
/// the layer contradicts itself. `threads` 0 = every core; the result does not
/// depend on it.
Result run(const Layer &layer, Tensor input, size_t tokens, const WeightLookup &lookup,
           size_t threads = 0, const Progress &progress = {}, const Sums &sums = {});

} // namespace reference

#endif // MOEC_TEST_REFERENCE_REFERENCE_H
