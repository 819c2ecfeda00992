//===- TileBase.td - The tile dialect, its enums ------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_TILE_TILEBASE_TD
#define MOEC_DIALECTS_TILE_TILEBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::moec::tile";
  let summary = "What the warps of a kernel do";
  let description = [{
    Persistent kernels as roles of warps, joined by pipes (rings in shared memory)
    inside a CTA and by flags between CTAs and ranks. Arrival counts, bytes,
    phases, fences and addresses appear nowhere: passes derive them. The reasons
    are in dialects/tile/README.md.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
  let extraClassDeclaration = [{
    void registerTypes();
    void registerAttributes();
  }];
}

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

class Tile_Enum<string name, string summary, list<I32EnumCase> cases>
    : I32Enum<name, summary, cases> {
  let cppNamespace = "::moec::tile";
}
class Tile_EnumAttr<EnumInfo info, string attrMnemonic>
    : EnumAttr<Tile_Dialect, info, attrMnemonic>;

//===----------------------------------------------------------------------===//
// Enums of kernels. The first two are those of runtime/module/Kernels.h;
// TileAttrs.cpp asserts it.
//===----------------------------------------------------------------------===//

def Tile_ArgKind : Tile_Enum<"ArgKind", "how an argument is passed", [
    I32EnumCase<"View", 0, "view">, I32EnumCase<"Pointer", 1, "pointer">,
    I32EnumCase<"Scalar", 2, "scalar">]>;
def Tile_Object : Tile_Enum<"Object", "what an argument refers to", [
    I32EnumCase<"Buffer", 0, "buffer">, I32EnumCase<"Flag", 1, "flag">,
    I32EnumCase<"Peers", 2, "peers">, I32EnumCase<"BufferOffset", 3, "buffer_offset">,
    I32EnumCase<"FlagOffset", 4, "flag_offset">, I32EnumCase<"Weight", 5, "weight">,
    I32EnumCase<"Workspace", 6, "workspace">, I32EnumCase<"State", 7, "state">,
    I32EnumCase<"Placement", 8, "placement">,
    I32EnumCase<"ChosenExperts", 9, "chosen_experts">,
    I32EnumCase<"ChosenWeights", 10, "chosen_weights">]>;

/// Which tile a CTA takes next: that of the next rows, or of the next columns.
def Tile_TileOrder : Tile_Enum<"TileOrder", "order of the tiles of an expert", [
    I32EnumCase<"RowsFirst", 0, "rows_first">, I32EnumCase<"ColumnsFirst", 1, "columns_first">]>;
def Tile_TileOrderAttr : Tile_EnumAttr<Tile_TileOrder, "order">;

/// Which dimension of a role's result its warpgroups divide among them.
def Tile_Split : Tile_Enum<"Split", "what the warpgroups of a role divide", [
    I32EnumCase<"M", 0, "m">, I32EnumCase<"N", 1, "n">]>;
def Tile_SplitAttr : Tile_EnumAttr<Tile_Split, "split">;

//===----------------------------------------------------------------------===//
// Enums of the tile.ptx ops
//===----------------------------------------------------------------------===//

def Tile_AtomicKind : Tile_Enum<"AtomicKind", "read-modify-write", [
    I32EnumCase<"Add", 0, "add">, I32EnumCase<"Inc", 1, "inc">, I32EnumCase<"Exch", 2, "exch">,
    I32EnumCase<"Or", 3, "or">, I32EnumCase<"And", 4, "and">, I32EnumCase<"Min", 5, "min">,
    I32EnumCase<"Max", 6, "max">]>;
def Tile_AtomicKindAttr : Tile_EnumAttr<Tile_AtomicKind, "atomic">;
def Tile_Sem : Tile_Enum<"Sem", "memory order", [
    I32EnumCase<"Relaxed", 0, "relaxed">, I32EnumCase<"Acquire", 1, "acquire">,
    I32EnumCase<"Release", 2, "release">, I32EnumCase<"AcqRel", 3, "acq_rel">]>;
def Tile_SemAttr : Tile_EnumAttr<Tile_Sem, "sem">;
def Tile_Scope : Tile_Enum<"Scope", "who has to agree on the order", [
    I32EnumCase<"CTA", 0, "cta">, I32EnumCase<"GPU", 1, "gpu">, I32EnumCase<"Sys", 2, "sys">]>;
def Tile_ScopeAttr : Tile_EnumAttr<Tile_Scope, "scope">;

#endif // MOEC_DIALECTS_TILE_TILEBASE_TD
