//===- TileAttrs.td - What the host must know of a kernel ---*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mirrors of the structs in runtime/module/Kernels.h.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_TILE_TILEATTRS_TD
#define MOEC_DIALECTS_TILE_TILEATTRS_TD

include "dialects/tile/TileTypes.td"

class Tile_Attr<string name, string attrMnemonic, string attrSummary>
    : AttrDef<Tile_Dialect, name> {
  let mnemonic = attrMnemonic;
  let summary = attrSummary;
}

def Tile_ExtentAttr : Tile_Attr<"Extent", "extent", "size that a session knows"> {
  let description = [{
    constant + per_token * T + per_received * T * ranks + per_row * R + per_expert * E,
    as in `moec::Extent`. Terms of 0 are not written: `#tile.extent<per_row = 4>`.
  }];
  let parameters = (ins "uint64_t":$constant, "uint64_t":$perToken, "uint64_t":$perReceived,
                        "uint64_t":$perRow, "uint64_t":$perExpert);
  let builders = [AttrBuilder<(ins "uint64_t":$constant), [{
    return $_get($_ctxt, constant, 0, 0, 0, 0);
  }]>];
  let hasCustomAssemblyFormat = 1;
}

def Tile_TensorMapAttr : Tile_Attr<"TensorMap", "tensor_map", "arguments of a tensor map"> {
  let description = [{
    As `moec::TensorMap`, innermost dimension first; `base` is added to the object's
    address. A ragged view of a matrix of C columns and R rows in tiles of TM rows
    has dimensions (C, TM, R + 1), strides (element, row, row), box (c, TM, 1) and
    base -TM rows: coordinates (column, TM - valid, row + valid) address `row`, and
    the second dimension ends after `valid` rows.

    Constraints: (tensor_map-c1) one to five dimensions, as many strides and box sizes;
    (tensor_map-c2) the inner stride is the element's size, the others are multiples of
    16; (tensor_map-c3) box sizes are 1 to 256.
  }];
  let parameters = (ins "::mlir::Type":$element,
                        ArrayRefParameter<"::moec::tile::ExtentAttr">:$dims,
                        ArrayRefParameter<"int64_t">:$strides,
                        ArrayRefParameter<"int64_t">:$box,
                        "uint32_t":$swizzle, "int64_t":$base);
  let assemblyFormat = [{
    `<` $element `,` `dims` `=` `[` $dims `]` `,` `strides` `=` `[` $strides `]` `,`
        `box` `=` `[` $box `]` `,` `swizzle` `=` $swizzle `,` `base` `=` $base `>`
  }];
  let genVerifyDecl = 1;
}

def Tile_BindingAttr : Tile_Attr<"Binding", "binding", "argument of a kernel"> {
  let description = [{
    As `moec::KernelArg`: what the session puts into the argument block. `index` is
    the number of a buffer or flag of the plan, a WeightRole, or a workspace in the
    order of the module's `tile.workspace` ops. `offset` in the block is filled in
    by -tile-assign: `#tile.binding<"x", view, buffer, 0, #tile.tensor_map<..>>`,
    `#tile.binding<"state", pointer, state, 0 at 128>`.

    Constraints: (binding-c1) a view has a map, nothing else has one.
  }];
  let parameters = (ins StringRefParameter<"name">:$name, EnumParameter<Tile_ArgKind>:$kind,
                        EnumParameter<Tile_Object>:$object, "uint32_t":$index,
                        OptionalParameter<"std::optional<uint32_t>">:$offset,
                        OptionalParameter<"::moec::tile::TensorMapAttr">:$map);
  let builders = [AttrBuilder<(ins "::llvm::StringRef":$name, "ArgKind":$kind, "Object":$object,
                                   "uint32_t":$index, CArg<"TensorMapAttr", "{}">:$map), [{
    return $_get($_ctxt, name, kind, object, index, std::nullopt, map);
  }]>];
  let extraClassDeclaration = [{
    /// The same, at `offset` in the block.
    BindingAttr at(uint32_t offset) {
      return get(getContext(), getName(), getKind(), getObject(), getIndex(), offset, getMap());
    }
  }];
  let assemblyFormat = [{
    `<` $name `,` $kind `,` $object `,` $index (`at` $offset^)? (`,` $map^)? `>`
  }];
  let genVerifyDecl = 1;
}

def Tile_KernelInfoAttr : Tile_Attr<"KernelInfo", "kernel_info", "kernel as the module lists it"> {
  let description = [{
    As `moec::Kernel` without its code; on the `llvm.func` that a `tile.kernel`
    becomes, as `tile.info`.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$stages,
                        StringRefParameter<"shape for people">:$shape,
                        "uint32_t":$pipeSlots, "uint32_t":$threads, "uint32_t":$sharedBytes,
                        "uint32_t":$argBytes,
                        OptionalArrayRefParameter<"::moec::tile::BindingAttr">:$args);
  let assemblyFormat = [{
    `<` `stages` `=` `[` $stages `]` `,` `shape` `=` $shape `,` `pipe_slots` `=` $pipeSlots `,`
        `threads` `=` $threads `,` `shared` `=` $sharedBytes `,` `arg_bytes` `=` $argBytes
        (`,` `args` `=` `[` $args^ `]`)? `>`
  }];
}

def Tile_BindingArrayAttr : TypedArrayAttrBase<Tile_BindingAttr, "list of bindings">;

#endif // MOEC_DIALECTS_TILE_TILEATTRS_TD
