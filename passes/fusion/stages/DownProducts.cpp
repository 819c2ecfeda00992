//===- DownProducts.cpp - The down product, of the experts and the shared one ===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An expert's row, times its routing weight, goes from shared memory straight to
// the slot of its token at the rank that the token came from; when every row has
// left, the last CTA tells every rank. A row of the shared expert stays here.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "passes/fusion/stages/Product.h"
#include "passes/fusion/stages/WarpCode.h"

#include <cstddef>

namespace moec::fusion {
using namespace mlir;

/// Bytes between the rows of a result in shared memory, so that a warp that writes
/// one column hits different banks.
static constexpr uint32_t rowPad = 16;

/// CTAs of the rank that have put all their rows.
static Workspace arrivalsSpace() { return {"down_arrivals", {.constant = 4}}; }

namespace {
/// Where the rows of a stage go.
class Target {
public:
  Target(KernelBuilder &kernel, bool shared, uint64_t pitch)
      : kernel(kernel), shared(shared), pitch(pitch) {}
  /// What is the same for all rows.
  void begin(ScalarCode &code);
  /// Address of a row of the index (or token of the shared expert).
  Value rowAddress(ScalarCode &code, Value row);
  /// Tells every rank that its rows are there; once a step.
  void publish(ScalarCode &code);

private:
  Value copyOfStep(ScalarCode &code);

  KernelBuilder &kernel;
  bool shared;
  uint64_t pitch;
  Value copyOffset; ///< bytes from a rank's heap to the copy of `returned` in use
  Value epoch;
};
} // namespace

Value Target::copyOfStep(ScalarCode &code) { return code.rem(epoch, code.i32(kernel.step.depth)); }

void Target::begin(ScalarCode &code) {
  if (shared)
    return;
  const Step &step = kernel.step;
  epoch = code.add(code.loadI32(kernel.state(), offsetof(RankState, step)), code.i32(1));
  copyOffset = kernel.bufferOffset(step.buffers.returned);
  if (step.depth == 1)
    return;
  Value tokens = code.loadI32(kernel.state(), offsetof(RankState, maxTokens));
  uint64_t tokenBytes = pitch * step.layer.router.topK;
  Value copyBytes = code.mul(code.widen(tokens), code.i64(int64_t(tokenBytes)));
  copyOffset = code.add(copyOffset, code.mul(code.widen(copyOfStep(code)), copyBytes));
}

Value Target::rowAddress(ScalarCode &code, Value row) {
  if (shared)
    return code.element(kernel.buffer(*kernel.step.buffers.shared), row, pitch);
  Value entry = code.element(kernel.workspace(rowTargetSpace()), row, 8);
  Value rank = code.loadI32(entry), slot = code.loadI32(entry, 4);
  Value heap = code.loadI64(code.element(kernel.peers(), rank, 8));
  Value start = code.toPointer(code.add(heap, copyOffset));
  return code.element(start, slot, pitch);
}

void Target::publish(ScalarCode &code) {
  if (shared)
    return;
  const Step &step = kernel.step;
  Value ctas = NVVM::GridDimXOp::create(code.builder, code.loc, code.builder.getI32Type());
  Value last = tile::ArriveOp::create(code.builder, code.loc, code.builder.getI1Type(),
                                      kernel.workspace(arrivalsSpace()), ctas);
  // A thread a rank: a release takes as long for all of them as for one.
  Value thread =
      code.sub(NVVM::ThreadIdXOp::create(code.builder, code.loc, code.builder.getI32Type()),
               code.i32(ProductWarps::store * warpLanes));
  code.ifThen(last, [&] {
    Value rank = code.loadI32(kernel.state(), offsetof(RankState, rank));
    Value ranks = code.i32(step.ranks);
    Value cell = code.add(code.mul(copyOfStep(code), ranks), rank);
    Value offset =
        code.add(kernel.flagOffset(step.returnedFlag), code.mul(code.widen(cell), code.i64(8)));
    Value threads = code.i32((ProductWarps::lastScatter - ProductWarps::store + 1) * warpLanes);
    code.forRange(thread, ranks, threads, {}, [&](Value peer, ValueRange) {
      Value heap = code.loadI64(code.element(kernel.peers(), peer, 8));
      tile::SignalOp::create(code.builder, code.loc, code.toPointer(code.add(heap, offset)), epoch,
                             code.i32(0));
      return ScalarCode::Values();
    });
  });
}

/// The sums plus one value a feature, times one value a row; null: neither.
static Value finish(ScalarCode &code, Value sums, Value bias, Value factors) {
  SmallVector<Value> inputs = {sums};
  for (Value input : {bias, factors})
    if (input)
      inputs.push_back(input);
  if (inputs.size() == 1)
    return sums;
  auto body = [&](OpBuilder &builder, Location loc, ValueRange elements) {
    ScalarCode inner(builder, loc);
    Value value = elements[0];
    if (bias)
      value = inner.addFloat(value, elements[1]);
    return factors ? inner.mulFloat(value, elements.back()) : value;
  };
  return tile::MapOp::create(code.builder, code.loc, inputs, body);
}

/// f32 [rows] that each row is multiplied by; none where nothing is.
static Value rowFactors(KernelBuilder &kernel, bool shared) {
  if (!shared)
    return kernel.workspace(rowWeightSpace());
  return kernel.step.layer.shared->gate ? kernel.workspace(sharedGateSpace()) : Value();
}

static LogicalResult buildDown(KernelBuilder &kernel, const GemmTile &tile, bool shared) {
  const Step &step = kernel.step;
  const Layer &layer = step.layer;
  OpBuilder &builder = kernel.builder;
  bool narrow = !shared && layer.combineType == DType::BF16;
  Type element = narrow ? Type(builder.getBF16Type()) : Type(builder.getF32Type());
  uint64_t elementBytes = narrow ? 2 : 4;
  uint64_t pitch = paddedRowBytes(layer.hidden, elementBytes);
  ProductShape shape;
  shape.name = nameOf(shared ? StageKind::SharedDown : StageKind::ExpertDown);
  shape.shared = shared;
  shape.depth = shared ? layer.shared->mlp.intermediate : layer.expert.intermediate;
  shape.features = layer.hidden;
  shape.result = tile::BufType::get(builder.getContext(), tile.rows, tile.features, element,
                                    /*swizzle=*/0, rowPad);
  WeightRole role = shared ? WeightRole::SharedDown : WeightRole::ExpertDown;
  Value weights = kernel.view(KernelObject::Weight, uint32_t(role), weightsMap(tile, shape));
  Extent rows = shared ? Extent{.perToken = 1} : Extent{.perRow = 1};
  Workspace hidden = hiddenSpace(step, shared);
  Value tokens = kernel.raggedView(KernelObject::Workspace, kernel.getWorkspaceIndex(hidden),
                                   shape.depth, hiddenPitch(step, shared), rows, tile.rows);
  Value factors = rowFactors(kernel, shared);

  ProductStage stage(kernel, tile, shape);
  stage.load(weights, tokens);
  bool biased = shared ? layer.shared->mlp.downBias : layer.expert.downBias;
  Value biases = biased ? kernel.weight(WeightRole::ExpertDownBias) : Value();
  stage.multiply([&](ScalarCode &code, const tile::TileStep &at, Fragments sums) {
    Value bias = biases ? stage.bias(code, at, biases) : Value();
    Value rows = factors ? stage.tokenValues(code, factors, at.row, at.valid) : Value();
    return finish(code, sums[0], bias, rows);
  });
  Target target(kernel, shared, pitch);
  uint64_t tileBytes = tile.features * elementBytes;
  stage.store([&](ScalarCode &code) { target.begin(code); },
              [&](ScalarCode &code, const tile::TileStep &at, Value buffer) {
                Value first = code.mul(at.column, code.i32(int64_t(tileBytes)));
                Value bytes = code.min(code.sub(code.i32(int64_t(pitch)), first),
                                       code.i32(int64_t(tileBytes)));
                auto scatter = tile::ScatterOp::create(
                    code.builder, code.loc, buffer, at.valid, bytes,
                    [&](OpBuilder &inner, Location loc, Value row) {
                      ScalarCode address(inner, loc);
                      Value start = target.rowAddress(address, address.add(at.row, row));
                      return address.advance(start, first);
                    });
                scatter.setByThreads(!shared);
              },
              [&](ScalarCode &code) { target.publish(code); },
              shared ? ProductWarps::store : ProductWarps::lastScatter);
  return success();
}

LogicalResult buildExpertDown(KernelBuilder &kernel, const GemmTile &tile) {
  return buildDown(kernel, tile, /*shared=*/false);
}

LogicalResult buildSharedDown(KernelBuilder &kernel, const GemmTile &tile) {
  return buildDown(kernel, tile, /*shared=*/true);
}

} // namespace moec::fusion
