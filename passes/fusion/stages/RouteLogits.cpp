//===- RouteLogits.cpp - The router's product -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// x Wr^T on the tensor cores. The sums go to memory and the choice is a stage of its
// own: so any number of experts fits, the columns and the depth of a few tokens are
// spread over many CTAs, and so is the choice afterwards, a token a warp.
//===----------------------------------------------------------------------===//

#include "passes/fusion/stages/RouteStages.h"
#include "passes/fusion/stages/RoutingSpaces.h"
#include "passes/fusion/stages/ScalarCode.h"

namespace moec::fusion {
using namespace mlir;
namespace {

constexpr uint32_t tileTokens = 128, depth = 64, ringSlots = 4;
constexpr uint32_t swizzleBytes = 128;
/// So that the eight rows that a warp writes at once lie in different banks.
constexpr uint32_t rowPad = 16;

class LogitsStage {
public:
  explicit LogitsStage(KernelBuilder &kernel)
      : kernel(kernel), builder(kernel.builder), loc(kernel.loc), cut(kernel.step.layer) {}

  void build();

private:
  using Tile = llvm::function_ref<void(ScalarCode &, const tile::TileStep &)>;

  void load();
  void multiply();
  void store();
  /// Walks the tiles of this CTA; a column tile is a part and a block of experts.
  void forTiles(Tile body);
  Value partOf(ScalarCode &code, Value column) { return code.div(column, code.i32(cut.blocks)); }
  Value blockOf(ScalarCode &code, Value column) { return code.rem(column, code.i32(cut.blocks)); }

  KernelBuilder &kernel;
  OpBuilder &builder;
  Location loc;
  RouterCut cut;
  Value operands, sums; ///< pipes
};

void LogitsStage::build() {
  Type bf16 = builder.getBF16Type(), f32 = builder.getF32Type();
  MLIRContext *context = builder.getContext();
  kernel.startStage("route");
  operands = kernel.pipe("operands", ringSlots,
                         {tile::BufType::get(context, tileTokens, depth, bf16, swizzleBytes),
                          tile::BufType::get(context, cut.width, depth, bf16, swizzleBytes)});
  sums =
      kernel.pipe("sums", 1, {tile::BufType::get(context, tileTokens, cut.width, f32, 0, rowPad)});
  kernel.role("load", 0, 0, [&] { load(); });
  kernel.role("store", 1, 1, [&] { store(); });
  kernel.role("math", 4, 11, [&] { multiply(); });
}

void LogitsStage::forTiles(Tile body) {
  ScalarCode code(builder, loc);
  Value tokens = code.loadI32(kernel.state(), offsetof(RankState, tokens));
  tile::ForTilesOp::create(builder, loc, tokens, tileTokens, cut.blocks * cut.parts,
                           tile::TileOrder::RowsFirst, ValueRange(),
                           [&](OpBuilder &inner, Location, const tile::TileStep &step, ValueRange) {
                             ScalarCode tileCode(inner, loc);
                             body(tileCode, step);
                             return SmallVector<Value>();
                           });
}

void LogitsStage::load() {
  const Step &step = kernel.step;
  Value x = kernel.raggedView(KernelObject::Buffer, step.buffers.tokens, step.layer.hidden,
                              step.tokenPitch(), Extent{.perToken = 1}, tileTokens);
  TensorMap map;
  map.rank = 2;
  map.dims[0].constant = step.layer.hidden;
  map.dims[1].constant = step.layer.experts;
  map.strides = {2, step.tokenPitch()};
  map.box = {depth, cut.width};
  Value weights = kernel.view(KernelObject::Weight, uint32_t(WeightRole::Router), map);
  forTiles([&](ScalarCode &code, const tile::TileStep &tile) {
    Value firstK = code.mul(partOf(code, tile.column), code.i32(int64_t(cut.blocksOfK) * depth));
    Value firstExpert = code.mul(blockOf(code, tile.column), code.i32(cut.width));
    tile::RingOp::create(
        code.builder, loc, operands, cut.blocksOfK, ValueRange(),
        [&](OpBuilder &inner, Location, Value ticket, Value block, ValueRange) {
          ScalarCode ringCode(inner, loc);
          Value k = ringCode.add(firstK, ringCode.mul(block, ringCode.i32(depth)));
          Value slot = tile::AcquireOp::create(inner, loc, ticket);
          Value tokens = tile::SlotBufOp::create(inner, loc, slot, 0);
          Value experts = tile::SlotBufOp::create(inner, loc, slot, 1);
          tile::LoadOp::create(inner, loc, x, ValueRange{tile.row, k}, tile.valid, tokens);
          tile::LoadOp::create(inner, loc, weights, ValueRange{firstExpert, k}, Value(), experts);
          tile::CommitOp::create(inner, loc, slot);
          return SmallVector<Value>();
        });
  });
}

void LogitsStage::multiply() {
  auto type = tile::FragType::get(builder.getContext(), 64, cut.width);
  forTiles([&](ScalarCode &code, const tile::TileStep &) {
    Value zero = tile::ZeroOp::create(code.builder, loc, type);
    auto ring = tile::RingOp::create(
        code.builder, loc, operands, cut.blocksOfK, ValueRange(zero),
        [&](OpBuilder &inner, Location, Value ticket, Value, ValueRange carried) {
          Value slot = tile::WaitOp::create(inner, loc, ticket);
          Value tokens = tile::SlotBufOp::create(inner, loc, slot, 0);
          Value experts = tile::SlotBufOp::create(inner, loc, slot, 1);
          Value next = tile::MmaOp::create(inner, loc, carried[0], tokens, experts);
          tile::ReleaseOp::create(inner, loc, slot, 1);
          return SmallVector<Value>{next};
        });
    Value slot = tile::AcquireOp::create(code.builder, loc, sums);
    Value buffer = tile::SlotBufOp::create(code.builder, loc, slot, 0);
    tile::PutOp::create(code.builder, loc, ring->getResult(0), buffer);
    tile::CommitOp::create(code.builder, loc, slot);
  });
}

void LogitsStage::store() {
  Value logits = kernel.workspace(logitsSpace(kernel.step.layer));
  uint64_t rowBytes = uint64_t(4) * cut.rowWords() * cut.parts;
  forTiles([&](ScalarCode &code, const tile::TileStep &tile) {
    Value target = code.element(logits, tile.row, rowBytes);
    target = code.element(target, tile.column, 4 * cut.width);
    Value slot = tile::WaitOp::create(code.builder, loc, sums);
    Value buffer = tile::SlotBufOp::create(code.builder, loc, slot, 0);
    tile::ScatterOp::create(code.builder, loc, buffer, tile.valid, code.i32(4 * cut.width),
                            [&](OpBuilder &inner, Location, Value row) {
                              return ScalarCode(inner, loc).element(target, row, rowBytes);
                            });
    tile::ReleaseOp::create(code.builder, loc, slot);
  });
}

} // namespace

void buildLogits(KernelBuilder &kernel) { LogitsStage(kernel).build(); }

} // namespace moec::fusion
