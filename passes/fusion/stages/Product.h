//===- Product.h - The common part of the stages that multiply --*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A grouped product: the rows of each expert times that expert's weights. Roles:
// `load` (weights, and rows that lie together) and, for rows that do not, `gather`
// fill a ring; `multiply` turns its blocks into fragments and writes the result
// into a buffer; a third role, which the stages write, takes it from there.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_FUSION_STAGES_PRODUCT_H
#define MOEC_PASSES_FUSION_STAGES_PRODUCT_H

#include "passes/fusion/stages/ScalarCode.h"
#include "passes/fusion/stages/StageBuilder.h"

namespace moec::fusion {

/// Which warps do what, in every stage that multiplies. The first warpgroup helps,
/// the other two multiply.
struct ProductWarps {
  static constexpr unsigned load = 0, store = 1, firstGather = 2, lastGather = 3;
  static constexpr unsigned lastScatter = 3; ///< from `store` on, where nobody gathers
  static constexpr unsigned firstMultiply = 4, lastMultiply = 11;
};

struct ProductShape {
  llvm::StringRef name; ///< of the stage
  bool gated = false;   ///< gate and up side by side: twice the weights
  bool shared = false;  ///< one expert, all tokens of the rank; else the experts of the index
  uint32_t depth = 0;   ///< K: elements of a row that is multiplied
  uint32_t features = 0;
  tile::BufType result; ///< what `multiply` fills: rows x features of a tile
};

/// One fragment a product, two where gate and up are not halves of one.
using Fragments = llvm::SmallVector<mlir::Value>;
/// From sums to what is stored, fragment by fragment. The scalar code of a tile has
/// been begun with `code`.
using Epilogue =
    llvm::function_ref<mlir::Value(ScalarCode &code, const tile::TileStep &step, Fragments sums)>;
using TileCode = llvm::function_ref<void(ScalarCode &code, const tile::TileStep &step)>;

class ProductStage {
public:
  ProductStage(KernelBuilder &kernel, const GemmTile &tile, const ProductShape &shape);

  /// The role that loads weights, and rows if `tokens` is a view of them.
  void load(mlir::Value weights, mlir::Value tokens = {});
  /// The role that gathers rows of `pitch` bytes by number; `base` makes the address
  /// of row 0 inside the role.
  void gather(llvm::function_ref<mlir::Value(ScalarCode &)> base, uint64_t pitch,
              mlir::Value numbers);
  /// The role that multiplies. `epilogue` makes the result of a tile.
  void multiply(Epilogue epilogue);
  /// A role of warps `store` to `last` that walks the tiles; `before` writes scalar code ahead of
  /// them, `body` that of each tile, with the filled buffer, `after` what follows.
  void store(llvm::function_ref<void(ScalarCode &)> before,
             llvm::function_ref<void(ScalarCode &, const tile::TileStep &, mlir::Value)> body,
             llvm::function_ref<void(ScalarCode &)> after, unsigned last = ProductWarps::store);

  /// f32 values by row of tokens, spread as the sums are; those from `count` on are 0.
  mlir::Value tokenValues(ScalarCode &code, mlir::Value base, mlir::Value first, mlir::Value count);
  /// The bias of each feature: `base` is f32 [experts][features], rows padded to
  /// biasTileBytes, so that every tile may read those of all its features.
  mlir::Value bias(ScalarCode &code, const tile::TileStep &step, mlir::Value base);
  mlir::Value firstFeature(ScalarCode &code, const tile::TileStep &step); ///< of a tile

private:
  /// Products that share the tokens of a block: gate and up may be two.
  unsigned products() const;
  /// Part of the result that each product makes, of one warpgroup.
  tile::FragType resultFragment() const;
  /// Walks the tiles in the role where the builder stands.
  void forTiles(ScalarCode &code, TileCode body);
  uint32_t blocks() const;
  tile::FragType fragment() const;
  mlir::Value multiplyBlock(ScalarCode &code, mlir::Value sum, mlir::Value tokens,
                            mlir::Value weights, unsigned firstWeight);

  KernelBuilder &kernel;
  GemmTile tile;
  ProductShape shape;
  mlir::Value operands, results; ///< the pipes
};

/// Whether gate and up alternate in the operand, 64 features each: then each of two
/// warpgroups that halve the features has both as halves of one product.
bool alternates(const GemmTile &tile, const ProductShape &shape);

/// Tensor map of weights [experts, 2, features, depth] (gated) or [experts, features,
/// depth], in boxes of one tile's features times 64.
TensorMap weightsMap(const GemmTile &tile, const ProductShape &shape);

/// Rows of the workspace between the two products of the experts, or of the shared
/// expert: act(gate) * up in bf16.
Workspace hiddenSpace(const Step &step, bool shared);
/// Bytes of such a row.
uint64_t hiddenPitch(const Step &step, bool shared);

} // namespace moec::fusion

#endif // MOEC_PASSES_FUSION_STAGES_PRODUCT_H
