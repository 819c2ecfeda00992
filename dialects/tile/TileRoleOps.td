//===- TileRoleOps.td - Copies, products and flags in a role -*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The life cycle of every op here: made by
// -comm-form-kernels, gone in -tile-to-nvvm. Without a word on effects an op is
// ordered against every other with effects.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_TILE_TILEROLEOPS_TD
#define MOEC_DIALECTS_TILE_TILEROLEOPS_TD

include "dialects/tile/TileAttrs.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

def Tile_LoadOp : Tile_Op<"load", [AttrSizedOperandSegments]> {
  let summary = "Boxes of a view into the buffer of an acquired slot";
  let description = [{
    Coordinates are elements, outermost first as in the view's box. A buffer of
    several panels takes as many boxes, one a panel, at growing inner coordinate.
    `rows` is for ragged views: rows from there on keep what they had. What lies
    outside the array is zero.

    Constraints: (load-c1) a coordinate a dimension; (load-c2) the box is a panel of the
    buffer, of the same type and swizzle; (load-c3) `rows` iff the view is ragged;
    (load-c4) the slot was acquired.

    Effects: writes the buffer in the async proxy; complete when the slot is full.

    Example: test/dialects/tile/ops.mlir.

    Lowering: cp.async.bulk.tensor of one elected thread.
  }];
  let hasVerifier = 1;
  let arguments = (ins Tile_ViewType:$view, Variadic<I32>:$coords, Optional<I32>:$valid,
                       Tile_BufType:$buf);
  let assemblyFormat = [{
    $view `[` $coords `]` (`rows` $valid^)? `,` $buf attr-dict
        `:` qualified(type($view)) `,` qualified(type($buf))
  }];
}

def Tile_GatherOp : Tile_Op<"gather"> {
  let summary = "Rows of an array, by index, into the buffer of an acquired slot";
  let description = [{
    Row i of the buffer gets columns of row indices[first + min(i, valid - 1)] of the
    array at `base` with rows of `pitch` bytes: those from `k` times the buffer's
    columns on (k is the block of the ring). Beyond the pitch it is zero.

    Constraints: (gather-c1) rows are a multiple of 16 bytes; (gather-c2) the buffer is
    one swizzled panel; (gather-c3) its slot was acquired.

    Effects: writes the buffer with cp.async, in the generic proxy.

    Example: test/dialects/tile/ops.mlir.

    Lowering: cp.async of 16 bytes by all lanes of the role.
  }];
  let hasVerifier = 1;
  let arguments = (ins Tile_GlobalPtr:$base, I64Attr:$pitch, Tile_GlobalPtr:$indices, I32:$first,
                       I32:$valid, I32:$k, Tile_BufType:$buf);
  let assemblyFormat = [{
    $base `pitch` $pitch `rows` `(` $indices `[` $first `]` `,` $valid `)` `k` `(` $k `)` `,`
        $buf attr-dict `:` qualified(type($buf))
  }];
}

def Tile_GatherRowsOp : Tile_Op<"gather_rows"> {
  let summary = "Which rows of a gather a thread copies";
  let description = [{
    The threads of the role share the 16-byte pieces of `buf` in the order of rows, so
    all that a thread copies have the same column: `start` is its place in row 0 of the
    array, and `numbers` are the rows.

    Life cycle: made by -tile-fold-rings, gone in -tile-to-nvvm.

    Effects: reads the indices.

    Example: test/passes/lowering/fold-rings.mlir.

    Lowering: loads and address arithmetic.
  }];
  let arguments = (ins Tile_GlobalPtr:$base, I64Attr:$pitch, Tile_GlobalPtr:$indices, I32:$first,
                       I32:$valid, TypeAttr:$buf);
  let results = (outs Tile_GlobalPtr:$start, Variadic<I32>:$numbers);
  let assemblyFormat = [{
    $base `pitch` $pitch `rows` `(` $indices `[` $first `]` `,` $valid `)` `of` $buf attr-dict
        `:` type($numbers)
  }];
}

def Tile_GatherCopyOp : Tile_Op<"gather_copy", [AttrSizedOperandSegments]> {
  let summary = "Pieces of gathered rows into the buffer of an acquired slot";
  let description = [{
    Copies from the rows `numbers`; `start` is this thread's place in row 0 and the block.
    With `k`, the number of the block, pieces beyond the pitch are zero.

    Life cycle: made by -tile-fold-rings, gone in -tile-to-nvvm.

    Effects: as `tile.gather`.

    Example: test/passes/lowering/fold-rings.mlir.

    Lowering: cp.async of 16 bytes, one a row.
  }];
  let arguments = (ins Tile_GlobalPtr:$start, Variadic<I32>:$numbers, Optional<I32>:$k,
                       Tile_BufType:$buf, I64Attr:$pitch);
  let assemblyFormat = [{
    $start `pitch` $pitch `rows` `(` $numbers `)` (`k` `(` $k^ `)` )? `,` $buf attr-dict
        `:` `(` type($numbers) `)` `,` qualified(type($buf))
  }];
}

def Tile_StoreOp : Tile_Op<"store", [AttrSizedOperandSegments]> {
  let summary = "Buffer of a slot into boxes of a view";
  let description = [{
    The reverse of `tile.load`; `rows` and the bounds of the array clip. The slot's
    release waits until the buffer was read; `tile.wait_stores` until the data is
    there.

    Constraints: (store-c1), (store-c2), (store-c3) as for loads; (store-c4) the
    slot was waited for.

    Effects: reads the buffer and writes the array in the async proxy.

    Example: test/dialects/tile/ops.mlir.

    Lowering: cp.async.bulk.tensor of one elected thread, commit_group.
  }];
  let hasVerifier = 1;
  let arguments = (ins Tile_BufType:$buf, Tile_ViewType:$view, Variadic<I32>:$coords,
                       Optional<I32>:$valid);
  let assemblyFormat = [{
    $buf `,` $view `[` $coords `]` (`rows` $valid^)? attr-dict
        `:` qualified(type($buf)) `,` qualified(type($view))
  }];
}

def Tile_ScatterOp : Tile_Op<"scatter", [SingleBlockImplicitTerminator<"YieldOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Each row of a buffer to an address of its own";
  let description = [{
    For the rows i < `rows`: copies the first `bytes` bytes (a multiple of 16) of
    row i to the global or peer address that the region computes from i (i32). The
    region is pure but for reads. `by_threads`: the lanes store pieces of 16 bytes, 32 lanes
    or fewer a row. That leaves the unit that loads operands alone: expert_down of OLMoE
    takes 12 to 20 clocks less a row on an H200 (test/bench/README.md, "On a GPU").

    Constraints: (scatter-c1) no swizzle; (scatter-c2) the region makes a global pointer
    of an i32; (scatter-c3) bytes that are constant are a multiple of 16 and within the
    row; (scatter-c4) the slot was waited for; (scatter-c5) by threads: rows with a pad, of
    2, 4, 8, 16 or a multiple of 32 pieces; of rows a multiple of 32, or fewer and a multiple
    of what a warp has under way at once.

    Effects: as `tile.store`; reads the buffer in the async proxy. By threads: in the generic
    one, and writes into the pads of the rows.

    Example: test/dialects/tile/ops.mlir.

    Lowering: cp.async.bulk shared to global, rows spread over the lanes of a warp,
    commit_group; by threads ld.shared.v4 and st.global.v4, a row or a few a warp, their
    addresses in the pads of the rows.
  }];
  let hasRegionVerifier = 1;
  let arguments = (ins Tile_BufType:$buf, I32:$valid, I32:$bytes, UnitAttr:$byThreads);
  let regions = (region SizedRegion<1>:$target);
  let assemblyFormat = [{
    $buf `rows` `(` $valid `)` `bytes` `(` $bytes `)` (`by_threads` $byThreads^)?
        attr-dict-with-keyword `:` qualified(type($buf)) $target
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$buf, "::mlir::Value":$valid,
    "::mlir::Value":$bytes, "::moec::tile::ScatterBody":$body)>];
  let extraClassDeclaration = [{
    /// Of a row, what a lane stores at once.
    static constexpr int64_t kPieceBytes = 16;
    /// By threads: of a warp, those that share a row; a power of two.
    int64_t getLanesOfRow();
    /// By threads: that a warp has under way at once, in two turns so that the loads of one
    /// hide behind those of the other.
    int64_t getRowsAtOnce();
  }];
}

def Tile_WaitStoresOp : Tile_Op<"wait_stores"> {
  let summary = "Wait until the role's stores and scatters have arrived";
  let description = [{
    Stands before what publishes them: `tile.signal`, `tile.arrive`.

    Effects: orders this role's stores before what follows.

    Example: test/dialects/tile/ops.mlir.

    Lowering: cp.async.bulk.wait_group 0, not `.read`.
  }];
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// Products and fragments
//===----------------------------------------------------------------------===//

def Tile_ZeroOp : Tile_Op<"zero", [Pure]> {
  let summary = "Fragment of zeros";
  let description = [{
    As the start of a product it costs nothing: the first wgmma does not read it.
    -tile-fold-rings writes `unread` where it has arranged for that: any values do.

    Effects: none.

    Example: test/dialects/tile/ops.mlir.

    Lowering: scale-d of the first product, else constants.
  }];
  let arguments = (ins UnitAttr:$unread);
  let results = (outs Tile_FragType:$frag);
  let assemblyFormat = "(`unread` $unread^)? attr-dict `:` qualified(type($frag))";
  let builders = [OpBuilder<(ins "::mlir::Type":$type), [{ $_state.addTypes(type); }]>];
}

def Tile_MmaOp : Tile_Op<"mma", [AllTypesMatch<["acc", "result"]>]> {
  let summary = "Accumulate A times B transposed";
  let description = [{
    acc[i, j] += sum over k of a[i, k] * b[j, k], both operands K-major in swizzled
    buffers of an awaited slot. Warpgroup w of the role takes 64 rows of A from
    `a_row` + 64 w on and rows `b_row` .. of B (split m), or rows `a_row` .. of A and
    rows of B from `b_row` + N w on (split n). Written `%a[64]`, `%b[128]` where the
    first row is not 0. Where `accumulate`, from -tile-fold-rings, is false, `acc` is
    taken as zero.

    Constraints: (mma-c1) swizzled bf16 operands of the same depth; (mma-c2) rows are
    within the buffers, from multiples of 8 on; (mma-c3) the slots were waited for.

    Effects: reads the buffers in the async proxy until a `tile.mma_wait` covers it.

    Example: test/dialects/tile/ops.mlir.

    Lowering: wgmma.fence, one wgmma for each 32 bytes of K, commit.
  }];
  let hasVerifier = 1;
  let arguments = (ins Tile_FragType:$acc, Tile_BufType:$a, Tile_BufType:$b,
                       DefaultValuedAttr<I32Attr, "0">:$aRow,
                       DefaultValuedAttr<I32Attr, "0">:$bRow,
                       DefaultValuedAttr<Tile_SplitAttr, "Split::M">:$split,
                       Optional<I1>:$accumulate);
  let results = (outs Tile_FragType:$result);
  let assemblyFormat = [{
    $acc `,` $a (`[` $aRow^ `]`)? `,` $b (`[` $bRow^ `]`)? (`split` $split^)?
        (`accumulate` $accumulate^)? attr-dict
        `:` qualified(type($acc)) `,` qualified(type($a)) `,` qualified(type($b))
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$acc, "::mlir::Value":$a, "::mlir::Value":$b,
    CArg<"unsigned", "0">:$aRow, CArg<"unsigned", "0">:$bRow,
    CArg<"Split", "Split::M">:$split)>];
}

def Tile_MmaWaitOp : Tile_Op<"mma_wait", [AllTypesMatch<["acc", "result"]>]> {
  let summary = "Wait until at most some products are in flight";
  let description = [{
    The result may be read where `pending` is 0.

    Life cycle: made by -tile-insert-fences, gone in -tile-to-nvvm.

    Effects: orders products before what follows.

    Example: test/dialects/tile/ops.mlir.

    Lowering: wgmma.wait_group, tied to the accumulators.
  }];
  let arguments = (ins Tile_FragType:$acc, I32Attr:$pending);
  let results = (outs Tile_FragType:$result);
  let assemblyFormat = "$acc `pending` $pending attr-dict `:` qualified(type($acc))";
}

def Tile_HalfOp : Tile_Op<"half", [Pure,
    TypesMatchWith<"result has half of the columns", "frag", "result",
                   "::moec::tile::getHalfType($_self)">]> {
  let summary = "Left (0) or right (1) half of a fragment's columns";
  let description = [{
    Effects: none.

    Constraints: (half-c1) half 0 or 1 of a multiple of 16 columns.

    Example: test/dialects/tile/ops.mlir.

    Lowering: picks registers.
  }];
  let hasVerifier = 1;
  let arguments = (ins Tile_FragType:$frag, I32Attr:$which);
  let results = (outs Tile_FragType:$result);
  let assemblyFormat = "$frag `,` $which attr-dict `:` qualified(type($frag))";
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$frag, "unsigned":$which)>];
}

class Tile_ValuesOp<string mnemonic> : Tile_Op<mnemonic> {
  let arguments = (ins Arg<Tile_GlobalPtr, "", [MemRead]>:$base, I32:$first, I32:$count,
                       DefaultValuedAttr<Tile_SplitAttr, "Split::M">:$split, UnitAttr:$whole);
  let results = (outs Tile_FragType:$frag);
  let assemblyFormat = [{
    $base `[` $first `]` `count` `(` $count `)` (`split` $split^)? (`whole` $whole^)? attr-dict
        `:` qualified(type($frag))
  }];
}

def Tile_RowValuesOp : Tile_ValuesOp<"row_values"> {
  let summary = "f32 vector, one value a row";
  let description = [{
    Element (i, j) of warpgroup w is base[first + r] where r = i + 64 w (split m) or
    i (split n), and 0 where r >= count. `whole`: count covers every row, and the vector is
    not written while the kernel runs.

    Effects: reads the vector.

    Example: test/dialects/tile/ops.mlir.

    Lowering: loads of the rows of this thread.
  }];
}

def Tile_ColValuesOp : Tile_ValuesOp<"col_values"> {
  let summary = "f32 vector, one value a column";
  let description = [{
    Element (i, j) of warpgroup w is base[first + c] where c = j (split m) or j + N w
    (split n), and 0 where c >= count. `whole`: count covers every column, base + first is
    8-byte aligned, and the vector is not written while the kernel runs.

    Effects: reads the vector.

    Example: test/dialects/tile/ops.mlir.

    Lowering: loads of the columns of this thread.
  }];
}

def Tile_MapOp : Tile_Op<"map", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Scalar function on elements that lie at the same place";
  let description = [{
    ```mlir
    %h = tile.map (%g = %gate, %u = %up) : !tile.frag<64x128xf32> {
      %r = arith.mulf %g, %u : f32
      tile.yield %r : f32
    }
    ```

    Constraints: (map-c1) one f32 argument a fragment, one f32 result; (map-c2) the
    region is arithmetic without effects.

    Effects: those of the region, which is pure scalar arithmetic.

    Example: test/dialects/tile/ops.mlir.

    Lowering: the arithmetic, once a register.
  }];
  let hasRegionVerifier = 1;
  let arguments = (ins Variadic<Tile_FragType>:$frags);
  let results = (outs Tile_FragType:$result);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::ValueRange":$frags, "::moec::tile::MapBody":$body)>];
  let extraClassDeclaration = [{
    YieldOp getYield();
  }];
}

def Tile_PutOp : Tile_Op<"put"> {
  let summary = "Fragment into the buffer of an acquired slot";
  let description = [{
    Warpgroup w writes element (i, j) to (`row` + i, `col` + j) of the buffer, plus
    64 w rows (split m) or N w columns (split n); with `transpose` the place is
    (`row` + j, `col` + i), plus 64 w columns (split m) or N w rows (split n).
    Rounds to the buffer's type, to nearest even. Written `%b[0, 64]` where the place
    is not [0, 0].

    Constraints: (put-c1) a buffer of bf16, or of f32 without swizzle; (put-c2) the
    place is in the buffer; (put-c3) the slot was acquired.

    Effects: writes the buffer in the generic proxy.

    Example: test/dialects/tile/ops.mlir.

    Lowering: cvt and stmatrix for bf16, st.shared for f32.
  }];
  let hasVerifier = 1;
  let arguments = (ins Tile_FragType:$frag, Tile_BufType:$buf,
                       DefaultValuedAttr<I32Attr, "0">:$row,
                       DefaultValuedAttr<I32Attr, "0">:$col,
                       DefaultValuedAttr<Tile_SplitAttr, "Split::M">:$split,
                       UnitAttr:$transpose);
  let assemblyFormat = [{
    $frag `,` $buf custom<Place>($row, $col) (`split` $split^)? (`transpose` $transpose^)?
        attr-dict `:` qualified(type($frag)) `,` qualified(type($buf))
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$frag, "::mlir::Value":$buf,
    CArg<"bool", "false">:$transpose, CArg<"unsigned", "0">:$row, CArg<"unsigned", "0">:$col,
    CArg<"Split", "Split::M">:$split)>];
}

//===----------------------------------------------------------------------===//
// Flags and counters
//===----------------------------------------------------------------------===//

def Tile_FlagWaitOp : Tile_Op<"flag_wait"> {
  let summary = "Wait for flags of peers, with a deadline";
  let description = [{
    Until the epoch of each of `count` consecutive flags (u64, epoch in the high
    word) is at least `epoch` modulo 2^32. After `deadline` nanoseconds the first
    that is missing is recorded at `status` (code 1, the plan's `flag`, peer, epoch
    seen) and the role goes on; where a code is there already it does not wait.

    Constraints: (flag_wait-c1) not under an elected thread.

    Effects: acquire at system scope; later loads in any proxy see what the signals
    published. All lanes of the role's warp take part.

    Example: test/dialects/tile/ops.mlir.

    Lowering: poll of one flag a lane by ld.acquire.sys, vote, warp sync,
    fence.proxy.async.
  }];
  let hasVerifier = 1;
  let arguments = (ins Tile_GlobalPtr:$flags, I32:$count, I32:$epoch, I64:$deadline,
                       Tile_GlobalPtr:$status, I32Attr:$flag);
  let assemblyFormat = [{
    $flags `count` `(` $count `)` `epoch` `(` $epoch `)` `deadline` `(` $deadline `)`
        `status` `(` $status `)` `flag` $flag attr-dict
  }];
}

def Tile_SignalOp : Tile_Op<"signal"> {
  let summary = "Publish a flag to a peer";
  let description = [{
    Writes {epoch, payload} as one u64 after everything that happened before it.

    Effects: release at system scope by one thread.

    Example: test/dialects/tile/ops.mlir.

    Lowering: fence.acq_rel.sys and st.release.sys.b64 of one thread.
  }];
  let arguments = (ins Tile_GlobalPtr:$cell, I32:$epoch, I32:$payload);
  let assemblyFormat = "$cell `,` $epoch `,` $payload attr-dict";
}

def Tile_ArriveOp : Tile_Op<"arrive"> {
  let summary = "Count a completion; was it the last?";
  let description = [{
    Adds one to a u32 that wraps to 0 at `total`; the result is true, in all threads
    of the role, for the arrival that wraps. It then sees what the others did before
    they arrived.

    Effects: release and acquire at the scope of the GPU.

    Example: test/dialects/tile/ops.mlir.

    Lowering: fence.acq_rel.gpu, atom.inc of one thread, fence, broadcast.
  }];
  let arguments = (ins Tile_GlobalPtr:$counter, I32:$total);
  let results = (outs I1:$last);
  let assemblyFormat = "$counter `total` `(` $total `)` attr-dict";
}

def Tile_GridSyncOp : Tile_Op<"grid_sync"> {
  let summary = "Meeting of all CTAs of the rank";
  let description = [{
    All warps of the role take part, and the role is the only one of its stage.
    `counter` is a u32, 0 at the beginning, that only such meetings use.

    Constraints: (grid_sync-c1) not under an elected thread; (grid_sync-c2) the role is
    the only one of its stage.

    Effects: what was written before is seen after, in every CTA and any proxy.

    Example: test/dialects/tile/ops.mlir.

    Lowering: barrier of the role, fence, atom, poll, fence, barrier.
  }];
  let hasVerifier = 1;
  let arguments = (ins Tile_GlobalPtr:$counter);
  let assemblyFormat = "$counter attr-dict";
}

#endif // MOEC_DIALECTS_TILE_TILEROLEOPS_TD
