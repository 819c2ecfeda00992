//===- Layer.h - The mathematics of one MoE layer ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The closed description of what a layer computes, shared by the front end
// (which fills it), the manifest (which stores it) and the runtime (which runs
// it). It holds exactly what is implemented: whatever else the language can say
// is refused as unsupported before this struct is made.
//
// For one token row x [hidden]:
//   z   = x Wr^T (+ router bias), rounded to `router.logitsType`
//   s   = score(z) in f32                      (softmax | sigmoid | identity)
//   c   = s (+ selection bias)                 the quantity that chooses
//   c   = group limit(c)                       members of rejected groups get
//                                              `rejectedValue`
//   S   = topK(c, K), ties to the lower index; slots in falling order of c
//   w   = s_S, or score(z_S) when `scoreAfterTopK`
//   w   = w / (sum(w) + epsilon)               when `normalize`
//   w   = w * scale, rounded to `router.weightsType`
//   y   = sum over slots in order of (w_k * Expert_{e_k}(x)) in f32; each product
//         is rounded to `combineType` first
//   Expert_e(x) = act(x Wg^T (+ bg), x Wu^T (+ bu)) Wd^T (+ bd), f32 accumulation;
//                 act, in f32, is rounded to `tokensType` before the down product;
//                 there is no Wg where act does not read the gate
//   out = y (+ (sigmoid(ws . x) *) Shared(x)) (+ x)    f32
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_LAYER_H
#define MOEC_RUNTIME_MODULE_LAYER_H

#include "runtime/module/ActivationExpr.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moec {

/// Element types that a module can name.
enum class DType : uint8_t { F32 = 0, BF16 = 1 };
enum class ScoreFunction : uint8_t { Identity = 0, Softmax = 1, Sigmoid = 2 };
enum class GroupScore : uint8_t { Max = 0, SumOfTop2 = 1 };
enum class RejectedValue : uint8_t { MinusInfinity = 0, Zero = 1 };

/// Keep the best `kept` of `count` equal groups of experts (in index order).
struct GroupLimit {
  uint32_t count = 1;
  uint32_t kept = 1;
  GroupScore score = GroupScore::Max;
  RejectedValue rejectedValue = RejectedValue::MinusInfinity;
  bool operator==(const GroupLimit &) const = default;
};

struct Router {
  uint32_t topK = 0;
  DType logitsType = DType::F32; ///< rounding of z
  bool logitsBias = false;       ///< z += router bias [experts]
  ScoreFunction score = ScoreFunction::Softmax;
  bool scoreAfterTopK = false; ///< choose on z, score the chosen only
  bool selectionBias = false;  ///< c = s + bias [experts], f32
  std::optional<GroupLimit> groups;
  bool normalize = false;
  double normalizeEpsilon = 0.0; ///< added to the sum
  double scale = 1.0;
  DType weightsType = DType::F32; ///< rounding of w before use
  bool operator==(const Router &) const = default;
};

/// An MLP of three matrices, or two where the activation does not read the gate.
struct GatedMlp {
  uint32_t intermediate = 0;
  ActivationExpr activation = Activation::Silu;
  /// Added to the products; of routed experts only.
  bool gateBias = false, upBias = false, downBias = false;
  bool operator==(const GatedMlp &) const = default;
};

struct SharedExpert {
  GatedMlp mlp;
  bool gate = false; ///< multiplied by sigmoid(ws . x), ws [1, hidden]
  bool operator==(const SharedExpert &) const = default;
};

/// What a weight is for, and its shape, [out, in].
enum class WeightRole : uint8_t {
  Router = 0,          ///< [experts, hidden]
  RouterBias = 1,      ///< [experts]
  SelectionBias = 2,   ///< [experts], f32 (or [1, experts])
  ExpertGate = 3,      ///< [intermediate, hidden], one an expert
  ExpertUp = 4,        ///< [intermediate, hidden], one an expert
  ExpertDown = 5,      ///< [hidden, intermediate], one an expert
  SharedGate = 6,      ///< [shared intermediate, hidden]
  SharedUp = 7,        ///< [shared intermediate, hidden]
  SharedDown = 8,      ///< [hidden, shared intermediate]
  SharedScale = 9,     ///< [1, hidden]: ws of the shared expert's gate
  ExpertGateBias = 10, ///< [intermediate], one an expert
  ExpertUpBias = 11,   ///< [intermediate], one an expert
  ExpertDownBias = 12, ///< [hidden], one an expert
};
inline constexpr size_t weightRoles = 13;

/// Where a weight lies in the tensor that the checkpoint stores.
struct WeightLayout {
  bool stacked = false;    ///< [experts, ..]: one tensor holds it for all experts
  bool transposed = false; ///< [in, out]
  /// The extent `out` of the tensor holds as many weights, of which this is number `part`.
  uint32_t parts = 1, part = 0;
  bool interleaved = false; ///< its row i is i * parts + part there, else part * out + i
  bool operator==(const WeightLayout &) const = default;
};

/// One weight as the checkpoint names it. `{expert}` in the name stands for the
/// expert's number and is there exactly for the Expert* roles that are not
/// stacked; the layer number is already in the name.
struct WeightName {
  WeightRole role = WeightRole::Router;
  std::string name;
  WeightLayout layout = {};
  bool operator==(const WeightName &) const = default;
};

struct Layer {
  std::string name;
  uint32_t hidden = 0;
  uint32_t experts = 0;
  DType tokensType = DType::BF16;  ///< activations, and the rows that travel out
  DType weightsType = DType::BF16; ///< GEMM operands after loading
  DType combineType = DType::F32;  ///< expert rows that travel back
  Router router;
  GatedMlp expert;
  std::optional<SharedExpert> shared;
  bool residual = false; ///< the result includes the token's own row
  std::vector<WeightName> weights;
  bool operator==(const Layer &) const = default;
};

/// Copies of a replicated expert that take turns in serving a source (Homes.h).
struct Turns {
  uint32_t expert = 0;
  /// By source: ranks with a copy. One that is there twice serves twice as often.
  std::vector<std::vector<uint32_t>> ranks;
  bool operator==(const Turns &) const = default;
};

/// Which expert lives where. `slots[r]` lists the logical experts that rank r
/// holds, in the order of its local expert indices. Every expert is on at least
/// one rank; on several when it is replicated.
struct Placement {
  std::vector<std::vector<uint32_t>> slots;
  /// Ascending in expert. Of those that have none all copies take turns for everybody.
  std::vector<Turns> turns = {};
  bool operator==(const Placement &) const = default;
};

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_LAYER_H
