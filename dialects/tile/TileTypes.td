//===- TileTypes.td - Buffers, pipes, views, fragments ------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_TILE_TILETYPES_TD
#define MOEC_DIALECTS_TILE_TILETYPES_TD

include "dialects/tile/TileBase.td"

class Tile_Type<string name, string typeMnemonic, string typeSummary>
    : TypeDef<Tile_Dialect, name> {
  let mnemonic = typeMnemonic;
  let summary = typeSummary;
  let genVerifyDecl = 1;
}

def Tile_BufType : Tile_Type<"Buf", "buf", "buffer in shared memory"> {
  let description = [{
    Rows and columns, written `128x64xbf16, swizzle 128`. With `swizzle 128` the
    columns lie in panels of 128 bytes, one panel after the other, each
    [rows][128 bytes] with 16-byte chunks exchanged by the row modulo 8: what TMA
    writes and wgmma reads. With `pad n`, n bytes follow each row. Without both,
    rows follow one another.

    Constraints: (buf-c1) two positive dimensions; (buf-c2) the element type is
    bf16, f32 or i32; (buf-c3) the swizzle is 0 or 128, the pad a multiple of 16
    and 0 where there is a swizzle; (buf-c4) with a swizzle a row is a whole number
    of panels and the rows a multiple of 8.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        "uint32_t":$swizzle, "uint32_t":$pad);
  let builders = [
    TypeBuilder<(ins "int64_t":$rows, "int64_t":$columns, "::mlir::Type":$element,
                     CArg<"uint32_t", "0">:$swizzle, CArg<"uint32_t", "0">:$pad), [{
      return $_get($_ctxt, ::llvm::ArrayRef<int64_t>{rows, columns}, element, swizzle, pad);
    }]>];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    int64_t getRows() const { return getShape()[0]; }
    int64_t getColumns() const { return getShape()[1]; }
    unsigned getElementBytes() const;
    /// Of one row, without pad.
    int64_t getRowBytes() const { return getColumns() * getElementBytes(); }
    /// Columns that lie together: a panel, or all of them.
    int64_t getPanelColumns() const;
    int64_t getPanels() const { return getColumns() / getPanelColumns(); }
    int64_t getPanelBytes() const { return getBytes() / getPanels(); }
    /// Of the whole buffer, pads included.
    int64_t getBytes() const { return getRows() * (getRowBytes() + getPad()); }
  }];
}

def Tile_PipeType : Tile_Type<"Pipe", "pipe", "ring of buffers in shared memory"> {
  let description = [{
    `slots` times the same buffers, with one full and one empty barrier a slot.

    Constraints: (pipe-c1) at least one slot and one buffer.
  }];
  let parameters = (ins "uint32_t":$slots,
                        ArrayRefParameter<"::moec::tile::BufType">:$bufs);
  let assemblyFormat = "`<` $slots `x` ` ` `[` $bufs `]` `>`";
}

def Tile_TicketType : Tile_Type<"Ticket", "ticket", "which slot of a pipe is next"> {
  let description = [{
    Made by `tile.ring`: a number that is a constant after -tile-fold-rings.
  }];
  let genVerifyDecl = 0;
  let parameters = (ins ArrayRefParameter<"::moec::tile::BufType">:$bufs);
  let assemblyFormat = "`<` `[` $bufs `]` `>`";
}

def Tile_SlotType : Tile_Type<"Slot", "slot", "slot of a pipe that a role holds"> {
  let description = [{
    Made by `tile.acquire` (to fill it) or `tile.wait` (to read it).
  }];
  let genVerifyDecl = 0;
  let parameters = (ins ArrayRefParameter<"::moec::tile::BufType">:$bufs);
  let assemblyFormat = "`<` `[` $bufs `]` `>`";
}

def Tile_ViewType : Tile_Type<"View", "view", "array in global memory, seen in boxes"> {
  let description = [{
    The argument that a tensor map becomes. The box is what one load or store
    moves, outermost dimension first: `box 1x2x128x64xbf16, swizzle 128`.

    A `ragged` view is a matrix whose tiles end in the middle: its box has two
    dimensions, its coordinates are row and column, and `rows` of the load or store
    says how many rows exist. The map behind it has three dimensions, described at
    `#tile.tensor_map`.

    Constraints: (view-c1) one to five positive dimensions, each at most 256;
    (view-c2) the element type is bf16, f32 or i32; (view-c3) the swizzle is 0 or
    128, and then the inner dimension has 128 bytes; without one it is a multiple
    of 16 bytes; (view-c4) a ragged view has two dimensions.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$box, "::mlir::Type":$elementType,
                        "uint32_t":$swizzle, "bool":$ragged);
  let builders = [
    TypeBuilder<(ins "::llvm::ArrayRef<int64_t>":$box, "::mlir::Type":$element,
                     CArg<"uint32_t", "128">:$swizzle, CArg<"bool", "false">:$ragged), [{
      return $_get($_ctxt, box, element, swizzle, ragged);
    }]>];
  let skipDefaultBuilders = 1;
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    int64_t getColumns() const { return getBox().back(); }
    /// All dimensions but the inner one.
    int64_t getRows() const;
  }];
}

def Tile_FragType : Tile_Type<"Frag", "frag", "accumulators of a warpgroup"> {
  let description = [{
    MxN f32 values over the 128 threads of a warpgroup, in the layout of wgmma's
    accumulator: N / 2 registers a thread. Every warpgroup of the role holds one.

    Constraints: (frag-c1) 64 rows, and columns a multiple of 8 up to 256;
    (frag-c2) the element type is f32.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType);
  let builders = [
    TypeBuilder<(ins "int64_t":$rows, "int64_t":$columns), [{
      return $_get($_ctxt, ::llvm::ArrayRef<int64_t>{rows, columns},
                   ::mlir::Float32Type::get($_ctxt));
    }]>];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    int64_t getRows() const { return getShape()[0]; }
    int64_t getColumns() const { return getShape()[1]; }
    /// Registers of one thread.
    int64_t getRegisters() const { return getRows() * getColumns() / 128; }
  }];
}

//===----------------------------------------------------------------------===//
// Operand constraints
//===----------------------------------------------------------------------===//

def Tile_GlobalPtr : Type<CPred<"::moec::tile::isPointer($_self, 1)">,
                          "pointer to global memory (!llvm.ptr<1>)">,
    BuildableType<"::moec::tile::getGlobalPointer($_builder.getContext())">;
def Tile_SharedPtr : Type<CPred<"::moec::tile::isPointer($_self, 3)">,
                          "pointer to shared memory (!llvm.ptr<3>)">,
    BuildableType<"::moec::tile::getSharedPointer($_builder.getContext())">;
def Tile_AnyPtr : AnyTypeOf<[Tile_GlobalPtr, Tile_SharedPtr],
                            "pointer to global or shared memory">;
def Tile_PipeOrTicket : AnyTypeOf<[Tile_PipeType, Tile_TicketType], "pipe or ticket">;
def Tile_SlotOrPipe : AnyTypeOf<[Tile_SlotType, Tile_PipeType], "slot or pipe">;
def Tile_Word : AnyTypeOf<[I32, I64], "i32 or i64">;

#endif // MOEC_DIALECTS_TILE_TILETYPES_TD
