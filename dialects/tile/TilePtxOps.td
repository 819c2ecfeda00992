//===- TilePtxOps.td - What nvvm lacks ----------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Beside llvm and nvvm ops after -tile-to-nvvm, until the ways to GPU and emulator
// part. Life cycle of every op here: made by -tile-to-nvvm or, in stages of scalar
// code, by -comm-form-kernels; becomes inline PTX in codegen/nvptx and a call in
// codegen/emulator.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_TILE_TILEPTXOPS_TD
#define MOEC_DIALECTS_TILE_TILEPTXOPS_TD

include "dialects/tile/TileAttrs.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_PtxOp<string mnemonic, list<Trait> traits = []>
    : Tile_Op<"ptx." # mnemonic, traits>;

def Tile_PtxWgmmaOp : Tile_PtxOp<"wgmma", [AttrSizedOperandSegments]> {
  let summary = "wgmma m64nNk16 with descriptors as low word and constant";
  let description = [{
    D = A B^T + (scale_d ? D : 0), both K-major. A descriptor is its low 32 bits (14
    bits of address / 16, and 1 << 16) plus a constant in the same units, below the
    high word of swizzle 128 and stride 1024 (0x40000040). With the constant inside
    the op LLVM cannot keep a descriptor for each step alive. A comes from shared
    memory (`a`) or from four registers (`regs`). N is twice the accumulators.

    Constraints: (wgmma-c1) 4 to 128 accumulators, a multiple of 4, and as many results;
    (wgmma-c2) A is one descriptor or four registers.

    Effects: reads shared memory and writes its results asynchronously, until
    `tile.ptx.wgmma_wait`.

    Example: test/dialects/tile/ptx.mlir.

    Lowering: wgmma.mma_async.sync.aligned with tied accumulators.
  }];
  let hasVerifier = 1;
  let arguments = (ins Variadic<F32>:$acc, Optional<I32>:$a, Variadic<I32>:$regs, I32:$b,
                       I1:$scaleD, DefaultValuedAttr<I32Attr, "0">:$aOffset,
                       DefaultValuedAttr<I32Attr, "0">:$bOffset, TypeAttr:$element);
  let results = (outs Variadic<F32>:$results);
  let assemblyFormat = [{
    (`a` $a^ `+` $aOffset)? (`regs` ` ` `(` $regs^ `)`)? `b` $b `+` $bOffset `scale_d` $scaleD
        `acc` ` ` `(` $acc `)` attr-dict `:` $element `->`
        custom<Accumulators>(type($acc), type($results))
  }];
  let builders = [
    OpBuilder<(ins "::mlir::ValueRange":$acc, "::mlir::Value":$a, "int32_t":$aOffset,
      "::mlir::Value":$b, "int32_t":$bOffset, "::mlir::Value":$scaleD,
      "::mlir::Type":$element)>,
    OpBuilder<(ins "::mlir::ValueRange":$acc, "::mlir::ValueRange":$regs, "::mlir::Value":$b,
      "int32_t":$bOffset, "::mlir::Value":$scaleD, "::mlir::Type":$element)>];
  let extraClassDeclaration = [{
    unsigned getN() { return 2 * getAcc().size(); }
  }];
}

class Tile_PtxTiedOp<string mnemonic> : Tile_PtxOp<mnemonic> {
  let results = (outs Variadic<F32>:$results);
}

def Tile_PtxWgmmaFenceOp : Tile_PtxTiedOp<"wgmma_fence"> {
  let summary = "wgmma.fence, tied to the accumulators";
  let description = [{
    Orders earlier accesses of registers before the wgmma that follows.

    Example: test/dialects/tile/ptx.mlir.

    Lowering: wgmma.fence.sync.aligned.
  }];
  let arguments = (ins Variadic<F32>:$acc);
  let assemblyFormat = [{
    ` ` `(` $acc `)` attr-dict `:` custom<Accumulators>(type($acc), type($results))
  }];
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$acc)>];
}

def Tile_PtxWgmmaWaitOp : Tile_PtxTiedOp<"wgmma_wait"> {
  let summary = "wgmma.wait_group, tied to the accumulators";
  let description = [{
    Waits until at most `pending` committed groups are in flight. Being tied, no use
    of a result can move above it.

    Example: test/dialects/tile/ptx.mlir.

    Lowering: wgmma.wait_group.sync.aligned.
  }];
  let arguments = (ins Variadic<F32>:$acc, I32Attr:$pending);
  let assemblyFormat = [{
    $pending ` ` `(` $acc `)` attr-dict `:` custom<Accumulators>(type($acc), type($results))
  }];
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$acc, "unsigned":$pending)>];
}

def Tile_PtxArriveIfOp : Tile_PtxOp<"arrive_if"> {
  let summary = "Predicated arrive on an mbarrier";
  let description = [{
    A predicated instruction, where a branch would make a divergent region in the
    inner loop.

    Example: test/dialects/tile/ptx.mlir.

    Lowering: @p mbarrier.arrive.shared.b64.
  }];
  let arguments = (ins I1:$predicate, Tile_SharedPtr:$barrier);
  let assemblyFormat = "$predicate `,` $barrier attr-dict";
}

def Tile_PtxBarrierSyncOp : Tile_PtxOp<"barrier_sync"> {
  let summary = "A named barrier that roles reach from code of their own";
  let description = [{
    `threads` threads meet, a multiple of 32, whole warps. The warps may come from different
    instructions, which the aligned form (`nvvm.barrier`) forbids (PTX ISA, barrier; synccheck calls
    that "Divergent thread(s) in block").

    Example: test/dialects/tile/ptx.mlir.

    Lowering: barrier.sync.
  }];
  let arguments = (ins I32Attr:$id, I32Attr:$threads);
  let assemblyFormat = "$id `threads` $threads attr-dict";
}

def Tile_PtxAdvanceOp : Tile_PtxOp<"advance", [Pure, AllTypesMatch<["pointer", "result"]>]> {
  let summary = "Add to a pointer, opaque to LLVM";
  let description = [{
    Strength reduction would keep a base and a sum for each pointer of a loop.

    Example: test/dialects/tile/ptx.mlir.

    Lowering: add.s64, add.s32 in shared memory.
  }];
  let arguments = (ins AnyTypeOf<[Tile_GlobalPtr, Tile_SharedPtr]>:$pointer, I64Attr:$bytes);
  let results = (outs AnyTypeOf<[Tile_GlobalPtr, Tile_SharedPtr]>:$result);
  let assemblyFormat = "$pointer `,` $bytes attr-dict `:` type($pointer)";
}

def Tile_PtxAtomOp : Tile_PtxOp<"atom", [AllTypesMatch<["value", "old"]>]> {
  let summary = "Atomic read-modify-write";
  let description = [{
    Numbers are unsigned. `inc` wraps to 0 above `value`.

    Example: test/dialects/tile/ptx.mlir.

    Lowering: atom with order, scope and space.
  }];
  let arguments = (ins Tile_AtomicKindAttr:$kind, Tile_SemAttr:$sem, Tile_ScopeAttr:$scope,
                       Tile_AnyPtr:$pointer, Tile_Word:$value);
  let results = (outs Tile_Word:$old);
  let assemblyFormat = [{
    $kind $sem $scope $pointer `,` $value attr-dict `:` type($pointer) `,` type($value)
  }];
}

def Tile_PtxRedOp : Tile_PtxOp<"red"> {
  let summary = "Atomic change whose old value nobody reads";
  let description = [{
    As `tile.ptx.atom`.

    Example: test/dialects/tile/ptx.mlir.

    Lowering: red with order, scope and space.
  }];
  let arguments = (ins Tile_AtomicKindAttr:$kind, Tile_SemAttr:$sem, Tile_ScopeAttr:$scope,
                       Tile_AnyPtr:$pointer, Tile_Word:$value);
  let assemblyFormat = [{
    $kind $sem $scope $pointer `,` $value attr-dict `:` type($pointer) `,` type($value)
  }];
}

def Tile_PtxStReleaseOp : Tile_PtxOp<"st_release"> {
  let summary = "Store with release order";
  let description = [{
    Example: test/dialects/tile/ptx.mlir.

    Lowering: st.release.
  }];
  let arguments = (ins Tile_ScopeAttr:$scope, Tile_AnyPtr:$pointer, Tile_Word:$value);
  let assemblyFormat = "$scope $pointer `,` $value attr-dict `:` type($pointer) `,` type($value)";
}

def Tile_PtxLdAcquireOp : Tile_PtxOp<"ld_acquire"> {
  let summary = "Load with acquire order";
  let description = [{
    Example: test/dialects/tile/ptx.mlir.

    Lowering: ld.acquire.
  }];
  let arguments = (ins Tile_ScopeAttr:$scope, Tile_AnyPtr:$pointer);
  let results = (outs Tile_Word:$value);
  let assemblyFormat = "$scope $pointer attr-dict `:` type($pointer) `->` type($value)";
}

#endif // MOEC_DIALECTS_TILE_TILEPTXOPS_TD
