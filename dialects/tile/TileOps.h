//===- TileOps.h - The tile dialect -----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_TILE_TILEOPS_H
#define MOEC_DIALECTS_TILE_TILEOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <optional>

#include "dialects/tile/TileDialect.h.inc"
#include "dialects/tile/TileEnums.h.inc"

namespace moec::tile {

class MapOp;
class ScatterOp;

/// Of a CTA on sm_90a.
inline constexpr int64_t maxSharedBytes = 232448;
inline constexpr int64_t registersPerCta = 65536;
inline constexpr unsigned defaultWarps = 12;
inline constexpr int64_t lanesPerWarp = 32;
/// Name of the attribute that a kernel's llvm.func carries, a #tile.kernel_info.
inline constexpr llvm::StringLiteral kInfoAttrName = "tile.info";
/// Names of the module's attributes: "sm_90a", and which stages share a launch.
inline constexpr llvm::StringLiteral kArchAttrName = "tile.arch";
inline constexpr llvm::StringLiteral kFormAttrName = "tile.form";
/// Of a module before -comm-form-kernels: kernels of the usual form spilled, so products take
/// tiles of 64 tokens where they would have 128 (half the sums a thread).
inline constexpr llvm::StringLiteral kFewSumsAttrName = "tile.few_sums";

bool isPointer(mlir::Type type, unsigned addressSpace);
mlir::Type getGlobalPointer(mlir::MLIRContext *context);
mlir::Type getSharedPointer(mlir::MLIRContext *context);
/// Of the slots of a pipe or ticket.
mlir::Type getSlotType(mlir::Type pipeOrTicket);
/// Of one half of a fragment.
mlir::Type getHalfType(mlir::Type frag);

/// The pipe that a slot belongs to.
mlir::Value getPipeOf(mlir::Value slot);
/// Registers of one thread at launch, the budget that a kernel's roles share.
unsigned getRegistersPerThread(unsigned threads);

/// Whether a role waits for its stores before it tells others of them.
mlir::LogicalResult verifyStoreOrder(mlir::Block &role);

/// What tile.for_tiles gives to its region.
struct TileStep {
  mlir::Value expert;
  mlir::Value row;
  mlir::Value valid;
  mlir::Value column;
  mlir::Value tiles;
};

// Regions made by builders: they return what tile.yield hands on.
using TileBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    mlir::OpBuilder &, mlir::Location, const TileStep &, mlir::ValueRange iterArgs)>;
using RingBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    mlir::OpBuilder &, mlir::Location, mlir::Value ticket, mlir::Value block,
    mlir::ValueRange iterArgs)>;
using MapBody =
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange elements)>;
using ScatterBody =
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::Value row)>;

} // namespace moec::tile

#define GET_TYPEDEF_CLASSES
#include "dialects/tile/TileTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/tile/TileAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialects/tile/TileOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/tile/TileRoleOps.h.inc"
#define GET_OP_CLASSES
#include "dialects/tile/TilePtxOps.h.inc"

#endif // MOEC_DIALECTS_TILE_TILEOPS_H
