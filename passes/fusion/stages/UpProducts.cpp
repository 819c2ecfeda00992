//===- UpProducts.cpp - act(gate) * up, of the experts and the shared one -===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The experts' rows lie where their sources put them, so they are gathered by the
// expert index; those of the shared expert are this rank's tokens, as they are.
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/Activation.h"
#include "passes/fusion/stages/Product.h"

#include <cstddef>

namespace moec::fusion {
using namespace mlir;

/// The row of `received` that the index counts from: that of the copy in use.
static Value receivedRows(KernelBuilder &kernel, ScalarCode &code) {
  const Step &step = kernel.step;
  Value base = kernel.buffer(step.buffers.received);
  if (step.depth == 1)
    return base;
  Value epoch = code.add(code.loadI32(kernel.state(), offsetof(RankState, step)), code.i32(1));
  Value copy = code.rem(epoch, code.i32(step.depth));
  Value rows = code.mul(code.widen(code.loadI32(kernel.state(), offsetof(RankState, maxTokens))),
                        code.i64(step.ranks));
  return code.element(base, code.mul(code.widen(copy), rows), step.tokenPitch());
}

/// Gate and up of a tile, apart: two fragments, or halves of one. Without a gate both
/// are the sums of up, which is all that the activation reads.
static std::pair<Value, Value> splitSums(ScalarCode &code, const GatedMlp &mlp,
                                         const Fragments &sums) {
  if (sums.size() == 2)
    return {sums[0], sums[1]};
  if (!mlp.activation.usesGate())
    return {sums[0], sums[0]};
  return {tile::HalfOp::create(code.builder, code.loc, sums[0], 0),
          tile::HalfOp::create(code.builder, code.loc, sums[0], 1)};
}

/// What is added to the sums of gate and up; null: nothing.
struct UpBiases {
  Value gate, up;
};

static Value activate(ScalarCode &code, const GatedMlp &mlp, const Fragments &sums,
                      const UpBiases &biases) {
  auto [gate, up] = splitSums(code, mlp, sums);
  SmallVector<Value> inputs = {gate, up};
  for (Value bias : {biases.gate, biases.up})
    if (bias)
      inputs.push_back(bias);
  auto body = [&](OpBuilder &builder, Location loc, ValueRange elements) {
    ScalarCode inner(builder, loc);
    Value gate = elements[0], up = elements[1];
    if (biases.gate)
      gate = inner.addFloat(gate, elements[2]);
    if (biases.up)
      up = inner.addFloat(up, elements.back());
    return emitActivation(inner, mlp.activation, gate, up);
  };
  return tile::MapOp::create(code.builder, code.loc, inputs, body);
}

static LogicalResult buildUp(KernelBuilder &kernel, const GemmTile &tile, bool shared) {
  const Step &step = kernel.step;
  const Layer &layer = step.layer;
  const GatedMlp &mlp = shared ? layer.shared->mlp : layer.expert;
  OpBuilder &builder = kernel.builder;
  ProductShape shape;
  shape.name = nameOf(shared ? StageKind::SharedUp : StageKind::ExpertUp);
  shape.gated = mlp.activation.usesGate();
  shape.shared = shared;
  shape.depth = layer.hidden;
  shape.features = mlp.intermediate;
  shape.result = tile::BufType::get(builder.getContext(), tile.rows, tile.features,
                                    builder.getBF16Type(), /*swizzle=*/128);
  WeightRole role = shared ? WeightRole::SharedUp : WeightRole::ExpertUp;
  if (shape.gated) // where up lies with it
    role = shared ? WeightRole::SharedGate : WeightRole::ExpertGate;
  Value weights = kernel.view(KernelObject::Weight, uint32_t(role), weightsMap(tile, shape));
  Workspace hidden = hiddenSpace(step, shared);
  uint64_t pitch = hiddenPitch(step, shared);
  Extent rows = shared ? Extent{.perToken = 1} : Extent{.perRow = 1};
  // The padding of a row is written too, as the zeros that it must hold.
  Value out = kernel.raggedView(KernelObject::Workspace, kernel.getWorkspaceIndex(hidden),
                                uint32_t(pitch / 2), pitch, rows, tile.rows);

  ProductStage stage(kernel, tile, shape);
  if (shared) {
    Value tokens = kernel.raggedView(KernelObject::Buffer, step.buffers.tokens, layer.hidden,
                                     step.tokenPitch(), {.perToken = 1}, tile.rows);
    stage.load(weights, tokens);
  } else {
    stage.load(weights);
    stage.gather([&](ScalarCode &code) { return receivedRows(kernel, code); }, step.tokenPitch(),
                 kernel.workspace(rowSourceSpace()));
  }
  Value gateBias = mlp.gateBias ? kernel.weight(WeightRole::ExpertGateBias) : Value();
  Value upBias = mlp.upBias ? kernel.weight(WeightRole::ExpertUpBias) : Value();
  stage.multiply([&](ScalarCode &code, const tile::TileStep &at, Fragments sums) {
    UpBiases biases;
    if (gateBias)
      biases.gate = stage.bias(code, at, gateBias);
    if (upBias)
      biases.up = stage.bias(code, at, upBias);
    return activate(code, mlp, sums, biases);
  });
  stage.store([](ScalarCode &) {},
              [&](ScalarCode &code, const tile::TileStep &at, Value buffer) {
                tile::StoreOp::create(code.builder, code.loc, buffer, out,
                                      ValueRange{at.row, stage.firstFeature(code, at)}, at.valid);
              },
              [](ScalarCode &) {});
  return success();
}

LogicalResult buildExpertUp(KernelBuilder &kernel, const GemmTile &tile) {
  return buildUp(kernel, tile, /*shared=*/false);
}

LogicalResult buildSharedUp(KernelBuilder &kernel, const GemmTile &tile) {
  return buildUp(kernel, tile, /*shared=*/true);
}

} // namespace moec::fusion
