//===- Product.cpp - The common part of the stages that multiply ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/Product.h"

#include <cstddef>

namespace moec::fusion {
using namespace mlir;

/// Elements of bf16 in the 128 bytes that a swizzled row has.
static constexpr uint32_t blockDepth = 64;
/// cp.async groups of a gathering thread that stay in flight.
static constexpr unsigned gatherLag = 2;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

static uint32_t intermediateOf(const Step &step, bool shared) {
  return shared ? step.layer.shared->mlp.intermediate : step.layer.expert.intermediate;
}

uint64_t hiddenPitch(const Step &step, bool shared) {
  return paddedRowBytes(intermediateOf(step, shared), 2);
}

Workspace hiddenSpace(const Step &step, bool shared) {
  uint64_t pitch = hiddenPitch(step, shared);
  if (shared)
    return {"shared_hidden", {.perToken = pitch}};
  return {"hidden", {.perRow = pitch}};
}

/// Features of gate, and of up, that lie together where they alternate.
static constexpr uint32_t alternating = 64;

/// A map cannot end within a group of 64 features, but between two.
bool alternates(const GemmTile &tile, const ProductShape &shape) {
  return shape.gated && tile.halvesFeatures() && tile.features == 2 * alternating &&
         shape.features % alternating == 0;
}

/// [experts, features / 64, 2, 64, depth]: what lies together in memory is not the last
/// of what lies together in the box.
static TensorMap alternatingMap(const GemmTile &tile, const ProductShape &shape, Extent experts) {
  uint64_t row = paddedRowBytes(shape.depth, 2), matrix = row * shape.features;
  TensorMap map;
  map.rank = 5;
  map.dims[0].constant = shape.depth;
  map.dims[1].constant = alternating;
  map.dims[2].constant = 2;
  map.dims[3].constant = shape.features / alternating;
  map.dims[4] = experts;
  map.strides = {2, row, matrix, row * alternating, 2 * matrix};
  map.box = {blockDepth, alternating, 2, tile.features / alternating, 1};
  return map;
}

TensorMap weightsMap(const GemmTile &tile, const ProductShape &shape) {
  uint64_t row = paddedRowBytes(shape.depth, 2), matrix = row * shape.features;
  Extent experts = shape.shared ? Extent{.constant = 1} : Extent{.perExpert = 1};
  if (alternates(tile, shape))
    return alternatingMap(tile, shape, experts);
  TensorMap map;
  map.dims[0].constant = shape.depth;
  map.dims[1].constant = shape.features;
  if (shape.gated) {
    map.rank = 4;
    map.dims[2].constant = 2;
    map.dims[3] = experts;
    map.strides = {2, row, matrix, 2 * matrix};
    map.box = {blockDepth, tile.features, 2, 1};
  } else {
    map.rank = 3;
    map.dims[2] = experts;
    map.strides = {2, row, matrix};
    map.box = {blockDepth, tile.features, 1};
  }
  return map;
}

static uint32_t ceilDiv(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

uint32_t ProductStage::blocks() const { return ceilDiv(shape.depth, blockDepth); }

/// Gate and up are halves of one product, but where weights are the first operand they
/// are different rows of it, and where warpgroups halve the features a half of each.
unsigned ProductStage::products() const {
  bool apart = tile.swapped || (tile.halvesFeatures() && !alternates(tile, shape));
  return shape.gated && apart ? 2 : 1;
}

/// Tokens on N: a fragment is 64 features of each warpgroup times all tokens. Else it
/// is 64 tokens times all features, gate beside up, or half of them.
tile::FragType ProductStage::fragment() const {
  unsigned halves = shape.gated && products() == 1 ? 2 : 1;
  tile::FragType result = resultFragment();
  return tile::FragType::get(kernel.builder.getContext(), 64, result.getColumns() * halves);
}

tile::FragType ProductStage::resultFragment() const {
  uint32_t columns = tile.swapped            ? tile.rows
                     : tile.halvesFeatures() ? tile.features / 2
                                             : tile.features;
  return tile::FragType::get(kernel.builder.getContext(), 64, columns);
}

//===----------------------------------------------------------------------===//
// The stage
//===----------------------------------------------------------------------===//

ProductStage::ProductStage(KernelBuilder &kernel, const GemmTile &tile, const ProductShape &shape)
    : kernel(kernel), tile(tile), shape(shape) {
  kernel.startStage(shape.name);
  MLIRContext *context = kernel.builder.getContext();
  Type bf16 = kernel.builder.getBF16Type();
  uint32_t weights = tile.features * (shape.gated ? 2 : 1);
  operands = kernel.pipe("operands", tile.slots,
                         {tile::BufType::get(context, tile.rows, blockDepth, bf16, 128),
                          tile::BufType::get(context, weights, blockDepth, bf16, 128)});
  results = kernel.pipe("result", 1, {shape.result});
}

void ProductStage::forTiles(ScalarCode &code, TileCode body) {
  uint32_t columns = ceilDiv(shape.features, tile.features);
  auto make = [&](OpBuilder &, Location, const tile::TileStep &step, ValueRange) {
    body(code, step);
    return SmallVector<Value>();
  };
  if (shape.shared) {
    Value tokens = code.loadI32(kernel.state(), offsetof(RankState, tokens));
    tile::ForTilesOp::create(kernel.builder, kernel.loc, tokens, tile.rows, columns,
                             tile::TileOrder::RowsFirst, ValueRange(), make);
    return;
  }
  Value experts = code.loadI32(kernel.state(), offsetof(RankState, localExperts));
  tile::ForTilesOp::create(kernel.builder, kernel.loc, kernel.workspace(offsetsSpace()), experts,
                           tile.rows, columns, tile::TileOrder::RowsFirst, ValueRange(), make);
}

void ProductStage::load(Value weights, Value tokens) {
  kernel.role("load", ProductWarps::load, ProductWarps::load, [&] {
    ScalarCode code(kernel.builder, kernel.loc);
    forTiles(code, [&](ScalarCode &code, const tile::TileStep &step) {
      Value feature = firstFeature(code, step);
      tile::RingOp::create(
          kernel.builder, kernel.loc, operands, blocks(), ValueRange(),
          [&](OpBuilder &builder, Location loc, Value ticket, Value block, ValueRange) {
            Value element = code.mul(block, code.i32(blockDepth));
            Value slot = tile::AcquireOp::create(builder, loc, ticket);
            if (tokens)
              tile::LoadOp::create(builder, loc, tokens, ValueRange{step.row, element}, step.valid,
                                   tile::SlotBufOp::create(builder, loc, slot, 0));
            SmallVector<Value> place{step.expert};
            if (alternates(tile, shape))
              place.push_back(code.mul(step.column, code.i32(tile.features / alternating)));
            if (shape.gated)
              place.push_back(code.i32(0));
            place.append({alternates(tile, shape) ? code.i32(0) : feature, element});
            tile::LoadOp::create(builder, loc, weights, place, /*valid=*/Value(),
                                 tile::SlotBufOp::create(builder, loc, slot, 1));
            tile::CommitOp::create(builder, loc, slot);
            return SmallVector<Value>();
          });
    });
  });
}

void ProductStage::gather(llvm::function_ref<Value(ScalarCode &)> base, uint64_t pitch,
                          Value numbers) {
  kernel.role("gather", ProductWarps::firstGather, ProductWarps::lastGather, [&] {
    ScalarCode code(kernel.builder, kernel.loc);
    Value rows = base(code);
    forTiles(code, [&](ScalarCode &, const tile::TileStep &step) {
      tile::RingOp::create(
          kernel.builder, kernel.loc, operands, blocks(), ValueRange(),
          [&](OpBuilder &builder, Location loc, Value ticket, Value block, ValueRange) {
            Value slot = tile::AcquireOp::create(builder, loc, ticket);
            Value buffer = tile::SlotBufOp::create(builder, loc, slot, 0);
            tile::GatherOp::create(builder, loc, rows, int64_t(pitch), numbers, step.row,
                                   step.valid, block, buffer);
            tile::CommitOp::create(builder, loc, slot, gatherLag);
            return SmallVector<Value>();
          });
    });
  });
}

/// How warpgroups share a product.
static tile::Split splitOf(const GemmTile &tile) {
  return tile.halvesFeatures() ? tile::Split::N : tile::Split::M;
}

Value ProductStage::multiplyBlock(ScalarCode &code, Value sum, Value tokens, Value weights,
                                  unsigned firstWeight) {
  if (tile.swapped)
    return tile::MmaOp::create(code.builder, code.loc, sum, weights, tokens, firstWeight);
  return tile::MmaOp::create(code.builder, code.loc, sum, tokens, weights, 0, firstWeight,
                             splitOf(tile));
}

void ProductStage::multiply(Epilogue epilogue) {
  kernel.role("multiply", ProductWarps::firstMultiply, ProductWarps::lastMultiply, [&] {
    ScalarCode code(kernel.builder, kernel.loc);
    forTiles(code, [&](ScalarCode &code, const tile::TileStep &step) {
      Fragments sums;
      for (unsigned i = 0; i < products(); ++i)
        sums.push_back(tile::ZeroOp::create(code.builder, code.loc, fragment()));
      auto ring = tile::RingOp::create(
          code.builder, code.loc, operands, blocks(), sums,
          [&](OpBuilder &builder, Location loc, Value ticket, Value, ValueRange carried) {
            Value slot = tile::WaitOp::create(builder, loc, ticket);
            Value tokens = tile::SlotBufOp::create(builder, loc, slot, 0);
            Value weights = tile::SlotBufOp::create(builder, loc, slot, 1);
            SmallVector<Value> next;
            for (auto [i, sum] : llvm::enumerate(carried))
              next.push_back(multiplyBlock(code, sum, tokens, weights, i * tile.features));
            tile::ReleaseOp::create(builder, loc, slot, /*after=*/1);
            return next;
          });
      Value result = epilogue(code, step, llvm::to_vector(ValueRange(ring.getResults())));
      Value slot = tile::AcquireOp::create(code.builder, code.loc, results);
      Value buffer = tile::SlotBufOp::create(code.builder, code.loc, slot, 0);
      tile::PutOp::create(code.builder, code.loc, result, buffer, /*transpose=*/tile.swapped, 0, 0,
                          splitOf(tile));
      tile::CommitOp::create(code.builder, code.loc, slot);
    });
  });
}

void ProductStage::store(llvm::function_ref<void(ScalarCode &)> before,
                         llvm::function_ref<void(ScalarCode &, const tile::TileStep &, Value)> body,
                         llvm::function_ref<void(ScalarCode &)> after, unsigned last) {
  kernel.role("store", ProductWarps::store, last, [&] {
    ScalarCode code(kernel.builder, kernel.loc);
    before(code);
    forTiles(code, [&](ScalarCode &code, const tile::TileStep &step) {
      Value slot = tile::WaitOp::create(code.builder, code.loc, results);
      body(code, step, tile::SlotBufOp::create(code.builder, code.loc, slot, 0));
      tile::ReleaseOp::create(code.builder, code.loc, slot);
    });
    // The next stage, or a signal, needs the rows where they belong.
    tile::WaitStoresOp::create(code.builder, code.loc);
    after(code);
  });
}

//===----------------------------------------------------------------------===//
// For epilogues
//===----------------------------------------------------------------------===//

Value ProductStage::firstFeature(ScalarCode &code, const tile::TileStep &step) {
  return code.mul(step.column, code.i32(tile.features));
}

Value ProductStage::tokenValues(ScalarCode &code, Value base, Value first, Value count) {
  tile::FragType type = resultFragment();
  if (tile.swapped)
    return tile::ColValuesOp::create(code.builder, code.loc, type, base, first, count);
  return tile::RowValuesOp::create(code.builder, code.loc, type, base, first, count, splitOf(tile));
}

Value ProductStage::bias(ScalarCode &code, const tile::TileStep &step, Value base) {
  uint64_t pitch = paddedRowBytes(shape.features, 4, biasTileBytes) / 4;
  assert(biasTileBytes / 4 % tile.features == 0 && "the last tile would read the next expert's");
  Value row = code.mul(step.expert, code.i32(int64_t(pitch)));
  Value first = code.add(row, firstFeature(code, step));
  tile::FragType type = resultFragment();
  Value count = code.i32(tile.features);
  if (tile.swapped)
    return tile::RowValuesOp::create(code.builder, code.loc, type, base, first, count,
                                     tile::Split::M, /*whole=*/true);
  return tile::ColValuesOp::create(code.builder, code.loc, type, base, first, count, splitOf(tile),
                                   /*whole=*/true);
}

} // namespace moec::fusion
