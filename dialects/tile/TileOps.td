//===- TileOps.td - Kernels, roles, pipes and loops ---------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ops inside roles are in TileRoleOps.td, those below the tile level in
// TilePtxOps.td. The custom assembly is in TileAssembly.cpp.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_TILE_TILEOPS_TD
#define MOEC_DIALECTS_TILE_TILEOPS_TD

include "dialects/tile/TileAttrs.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// What a module holds
//===----------------------------------------------------------------------===//

def Tile_WorkspaceOp : Tile_Op<"workspace", [Symbol]> {
  let summary = "Device memory of a rank that only kernels use";
  let description = [{
    Zero before the first step. A binding names it by its number among the module's
    workspaces.

    Life cycle: made by -comm-form-kernels, stays to the end.

    Example: test/dialects/tile/ops.mlir.

    Lowering: `moec::Workspace` of the KRNL section.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Tile_ExtentAttr:$bytes);
  let assemblyFormat = "$sym_name $bytes attr-dict";
}

def Tile_LaunchOp : Tile_Op<"launch", [Symbol,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "One launch of a step";
  let description = [{
    In the order of a step. `kernels` do the same; the session takes the first whose
    `max_rows` is at least the rows it expects of an expert (-1: no limit). `ops` are
    the plan's ops that the launch carries out.

    Constraints: (launch-c1) as many limits as kernels, at least one, growing, the last
    of them none; (launch-c2) kernels are those of the module.

    Life cycle: made by -comm-form-kernels, stays to the end.

    Example: test/dialects/tile/ops.mlir.

    Lowering: `moec::Launch` of the KRNL section.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefArrayAttr:$kernels,
                       DenseI64ArrayAttr:$maxRows, DenseI32ArrayAttr:$ops);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $sym_name `kernels` $kernels `max_rows` $maxRows `ops` $ops attr-dict
  }];
}

def Tile_KernelOp : Tile_Op<"kernel", [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Persistent kernel";
  let description = [{
    One launch of all SMs: `warps` warps a CTA, one CTA an SM, the CTAs of a rank
    numbered by ctaid.x. The arguments are views, `!llvm.ptr<1>` and i64; `bindings`
    says what the session puts into each. Between two stages all CTAs of the rank
    meet: the u32 counter of this barrier (0 at the beginning) is the argument
    `gridCounter`.

    Filled in by -tile-assign: `smem`, `argBytes`, offsets in bindings.

    Constraints: (kernel-c1) one binding an argument, of its type; (kernel-c2) 4 to 32
    warps, whole warpgroups; (kernel-c3) with more than one stage `gridCounter` is a
    pointer argument; (kernel-c4) buffers of the largest stage and all barriers fit into
    232448 bytes; (kernel-c5) one number of registers a warpgroup, in all stages;
    (kernel-c6) together at most what the threads have at launch, 65536 / threads
    rounded down to 8, or setmaxnreg.inc waits for ever; (kernel-c7) nothing but stages
    inside; (kernel-c8) at most 384 threads where a product has 256 columns.

    Life cycle: made by -comm-form-kernels, becomes an `llvm.func` in
    -tile-lower-roles.

    Example: test/dialects/tile/ops.mlir.

    Lowering: `llvm.func` with one parameter, prologue that initialises barriers.
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let arguments = (ins SymbolNameAttr:$sym_name, Tile_BindingArrayAttr:$bindings,
                       DefaultValuedAttr<I32Attr, "12">:$warps,
                       DefaultValuedAttr<StrAttr, "\"\"">:$shape,
                       OptionalAttr<I32Attr>:$gridCounter,
                       OptionalAttr<I32Attr>:$smem, OptionalAttr<I32Attr>:$argBytes);
  let regions = (region SizedRegion<1>:$body);
  let skipDefaultBuilders = 1;
  // The argument types follow from the bindings: `views` are the types of the views.
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
    "::llvm::ArrayRef<::moec::tile::BindingAttr>":$bindings,
    "::llvm::ArrayRef<::mlir::Type>":$views)>];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    unsigned getThreads() { return getWarps() * 32; }
    /// The argument of this name, or none.
    ::mlir::Value getArgument(::llvm::StringRef name);
    auto getStages() { return getBody().front().getOps<StageOp>(); }
  }];
}

def Tile_StageOp : Tile_Op<"stage", [HasParent<"KernelOp">, SingleBlock, NoTerminator]> {
  let summary = "Part of a kernel with its own roles and pipes";
  let description = [{
    All CTAs of the rank have finished a stage, and see what it wrote, before one
    begins the next. Shared memory of different stages overlaps.

    Constraints: (stage-c1) a warp has at most one role; (stage-c2) nothing but pipes
    and roles inside; (stage-c3) loops over tiles have the same rows, columns and order.

    Life cycle: made by -comm-form-kernels, gone in -tile-lower-roles.

    Example: test/dialects/tile/ops.mlir.

    Lowering: the bodies of its roles in the branches of their warps.
  }];
  let hasRegionVerifier = 1;
  let arguments = (ins StrAttr:$label);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$label attr-dict-with-keyword $body";
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label)>];
  let extraClassDeclaration = [{
    KernelOp getKernel();
    auto getRoles() { return getBody().front().getOps<RoleOp>(); }
    auto getPipes() { return getBody().front().getOps<PipeOp>(); }
  }];
}

def Tile_PipeOp : Tile_Op<"pipe", [
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "Ring of shared memory between roles";
  let description = [{
    Roles that acquire its slots fill them, roles that wait for them read them. Both
    use the slots in order, 0, 1, .., each starting at slot 0.

    Filled in by -tile-assign: `offset` of slot 0 in shared memory (slot i follows
    at i times the bytes of a slot, buffer j after buffer j-1, each buffer at a
    multiple of 1024), `barrier` (offset of the full barrier of slot 0; 8 bytes
    each, all full ones, then all empty ones), `fullCount`, `emptyCount` (arrivals
    of a phase), `txBytes` (that TMA loads bring into a slot).

    Constraints: (pipe-c2) stands in a stage, or in the function that its kernel has
    become.

    Life cycle: made by -comm-form-kernels, gone in -tile-to-nvvm.

    Example: test/dialects/tile/ops.mlir.

    Lowering: addresses; mbarrier.init in the prologue.
  }];
  let arguments = (ins StrAttr:$label, OptionalAttr<I32Attr>:$offset,
                       OptionalAttr<I32Attr>:$barrier, OptionalAttr<I32Attr>:$fullCount,
                       OptionalAttr<I32Attr>:$emptyCount, OptionalAttr<I32Attr>:$txBytes);
  let results = (outs Tile_PipeType:$pipe);
  let assemblyFormat = "$label attr-dict `:` qualified(type($pipe))";
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "uint32_t":$slots,
    "::llvm::ArrayRef<::moec::tile::BufType>":$bufs)>];
}

def Tile_RoleOp : Tile_Op<"role", [HasParent<"StageOp">, SingleBlock, NoTerminator]> {
  let summary = "Warps that do one thing";
  let description = [{
    Warps `first` to `last` of the CTA run the body once. Uses from outside are
    arguments of the kernel and pipes of the stage: anything else would stay in
    registers across all roles. `regs` is the budget of a thread, of its whole
    warpgroup; -tile-assign fills it in.

    Inside, scalar arith, math, scf, llvm and nvvm ops may stand beside the ops of
    this dialect; control flow around tile ops must be uniform over the role.

    Constraints: (role-c1) warps are those of the kernel; (role-c2) registers are a
    multiple of 8 of 24 to 256; (role-c3) values from outside are arguments of the
    kernel or pipes of the stage; (role-c4) products and fragments are in roles of whole
    warpgroups; (role-c5) stores are over before `tile.signal` or `tile.arrive` tells of
    them; (role-c6) of more than one warp, but not of all, it begins at warp 13 or
    before: it meets on the named barrier of the number 1 + its first warp, and the last
    of the machine's 16 is that of all warps.

    Life cycle: made by -comm-form-kernels, gone in -tile-lower-roles.

    Example: test/dialects/tile/ops.mlir.

    Lowering: scf.if on the warp, setmaxregister once a warpgroup.
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let arguments = (ins StrAttr:$label, I32Attr:$firstWarp, I32Attr:$lastWarp,
                       OptionalAttr<I32Attr>:$regs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $label `warps` ` ` `[` $firstWarp `,` $lastWarp `]` (`regs` $regs^)?
        attr-dict-with-keyword $body
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "unsigned":$firstWarp,
    "unsigned":$lastWarp)>];
  let extraClassDeclaration = [{
    StageOp getStage();
    unsigned getNumWarps() { return getLastWarp() - getFirstWarp() + 1; }
    /// 0 for a role of less than a warpgroup.
    unsigned getNumWarpgroups() { return getNumWarps() / 4; }
  }];
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator,
    ParentOneOf<["ForTilesOp", "RingOp", "MapOp", "ScatterOp"]>]> {
  let summary = "End of a region and its values";
  let description = [{
    Life cycle: as its parent.

    Example: test/dialects/tile/ops.mlir.

    Lowering: with its parent.
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` qualified(type($values)))?";
  let builders = [OpBuilder<(ins), [{ /* nothing to yield */ }]>];
}

class Tile_LoopOp<string mnemonic, list<Trait> traits = []> : Tile_Op<mnemonic, [
    SingleBlockImplicitTerminator<"YieldOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>] # traits> {
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Variadic<AnyType>:$results);
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 1;
}

def Tile_ForTilesOp : Tile_LoopOp<"for_tiles", [AttrSizedOperandSegments]> {
  let summary = "Static persistent schedule over the tiles of a grouped product";
  let description = [{
    The rows of expert e are offsets[e] to offsets[e + 1]; they make
    ceil(rows_e / rows) row tiles, each with `cols` column tiles. The tiles of all
    experts in a row are dealt to the CTAs of the rank: CTA c takes tiles c, c +
    CTAs, ... In `rows_first` order neighbours have the same columns (weights are
    read once), in `columns_first` order the same rows. With `total` instead of
    offsets there is one expert of that many rows.

    The region gets expert, first row (of the array, not of the expert), rows that
    exist in this tile, column tile, number of tiles of this expert, and the values
    carried, all i32. Each role walks the schedule itself: it is a function of
    (ctaid.x, nctaid.x, offsets).

    ```mlir
    tile.for_tiles offsets(%o) experts(%n) rows 128 cols 16 order rows_first
        (%e, %row, %valid, %col, %tiles) { .. }
    %r = tile.for_tiles total(%t) rows 64 cols 16 order rows_first
        (%e, %row, %valid, %col, %tiles) iter_args(%a = %x : i32) { .. }
    ```

    Constraints: (for_tiles-c1) offsets and their number, or a total; (for_tiles-c2) at
    least one row and column tile; (for_tiles-c3) yields, results and carried values
    have the same types.

    Life cycle: made by -comm-form-kernels, gone in -tile-lower-roles.

    Example: test/dialects/tile/ops.mlir.

    Lowering: two nested scf.while.
  }];
  let hasRegionVerifier = 1;
  let arguments = (ins Optional<Tile_GlobalPtr>:$offsets, Optional<I32>:$experts,
                       Optional<I32>:$total, Variadic<AnyType>:$inits, I32Attr:$rows,
                       I32Attr:$cols, Tile_TileOrderAttr:$order);
  let builders = [
    OpBuilder<(ins "::mlir::Value":$offsets, "::mlir::Value":$experts, "unsigned":$rows,
      "unsigned":$cols, "TileOrder":$order, "::mlir::ValueRange":$inits,
      "::moec::tile::TileBody":$body)>,
    OpBuilder<(ins "::mlir::Value":$total, "unsigned":$rows, "unsigned":$cols,
      "TileOrder":$order, "::mlir::ValueRange":$inits, "::moec::tile::TileBody":$body)>];
  let extraClassDeclaration = [{
    ::moec::tile::TileStep getStep();
    ::mlir::Block::BlockArgListType getIterArgs() {
      return getBody().front().getArguments().drop_front(5);
    }
    YieldOp getYield();
  }];
}

def Tile_RingOp : Tile_LoopOp<"ring"> {
  let summary = "Static number of turns through the slots of a pipe";
  let description = [{
    Runs the region for block 0 to `count` - 1 (i32); the ticket says which slot is
    next. The body uses the ticket exactly once, by `tile.acquire` or `tile.wait`.

    ```mlir
    %acc = tile.ring %ab count 112 (%t, %k) iter_args(%a = %z : !tile.frag<64x256xf32>)
        : !tile.pipe<4 x [<128x64xbf16, swizzle 128>]> { .. }
    ```

    Constraints: (ring-c1) at least one block; (ring-c2) yields, results and carried
    values have the same types.

    Life cycle: made by -comm-form-kernels, gone in -tile-fold-rings.

    Example: test/dialects/tile/ops.mlir.

    Lowering: peeled round, loop unrolled by the slots, remainder, phase bits.
  }];
  let hasRegionVerifier = 1;
  let arguments = (ins Tile_PipeType:$pipe, Variadic<AnyType>:$inits, I32Attr:$count);
  let builders = [OpBuilder<(ins "::mlir::Value":$pipe, "unsigned":$count,
    "::mlir::ValueRange":$inits, "::moec::tile::RingBody":$body)>];
  let extraClassDeclaration = [{
    ::mlir::Value getTicket() { return getBody().front().getArgument(0); }
    ::mlir::Value getBlock() { return getBody().front().getArgument(1); }
    ::mlir::Block::BlockArgListType getIterArgs() {
      return getBody().front().getArguments().drop_front(2);
    }
    YieldOp getYield();
  }];
}

//===----------------------------------------------------------------------===//
// Pipes inside a role
//===----------------------------------------------------------------------===//

class Tile_EnterOp<string mnemonic> : Tile_Op<mnemonic,
    [AttrSizedOperandSegments,
     TypesMatchWith<"slot has the buffers of the pipe", "source", "slot",
                    "::moec::tile::getSlotType($_self)">]> {
  let arguments = (ins Tile_PipeOrTicket:$source, Optional<I32>:$number, Optional<I32>:$phase,
                       OptionalAttr<I32Attr>:$index);
  let results = (outs Tile_SlotType:$slot);
  let assemblyFormat = [{
    $source (`[` $index^ `]`)? (`at` $number^)? (`phase` $phase^)? attr-dict
        `:` qualified(type($source))
  }];
  let skipDefaultBuilders = 1;
  let builders = [
    OpBuilder<(ins "::mlir::Value":$source)>,
    OpBuilder<(ins "::mlir::Value":$pipe, "unsigned":$index, "::mlir::Value":$phase)>,
    OpBuilder<(ins "::mlir::Value":$pipe, "::mlir::Value":$number, "::mlir::Value":$phase)>];
}

def Tile_AcquireOp : Tile_EnterOp<"acquire"> {
  let summary = "Wait until a slot is empty, to fill it";
  let description = [{
    Of a ticket inside a ring; of a pipe with one slot outside. After
    -tile-fold-rings always of a pipe, with a constant `index`, or a `number` where the
    ring has become a loop over blocks, and the parity of the phase to wait for.

    Constraints: (acquire-c1) a ticket without index; a pipe with an index of one of its
    slots or a number, unless it has one slot.

    Life cycle: made by -comm-form-kernels, folded by -tile-fold-rings, gone in
    -tile-to-nvvm.

    Effects: all threads of the role wait.

    Example: test/dialects/tile/ops.mlir.

    Lowering: mbarrier.try_wait.parity on the empty barrier.
  }];
  let hasVerifier = 1;
}

def Tile_WaitOp : Tile_EnterOp<"wait"> {
  let summary = "Wait until a slot is full, to read it";
  let description = [{
    As `tile.acquire`, for the reader.

    Constraints: (wait-c1) a ticket without index; a pipe with an index of one of its
    slots or a number, unless it has one slot.

    Life cycle: as `tile.acquire`.

    Effects: all threads of the role wait.

    Example: test/dialects/tile/ops.mlir.

    Lowering: mbarrier.try_wait.parity on the full barrier.
  }];
  let hasVerifier = 1;
}

class Tile_LeaveOp<string mnemonic> : Tile_Op<mnemonic, [AttrSizedOperandSegments]> {
  let arguments = (ins Tile_SlotOrPipe:$slot, OptionalAttr<I32Attr>:$index,
                       DefaultValuedAttr<I32Attr, "0">:$after, Optional<I32>:$number,
                       Optional<I1>:$condition);
  let assemblyFormat = [{
    $slot (`[` $index^ `]`)? (`at` $number^)? (`after` $after^)? (`when` $condition^)? attr-dict
        `:` qualified(type($slot))
  }];
  let skipDefaultBuilders = 1;
  let builders = [
    OpBuilder<(ins "::mlir::Value":$slot, CArg<"unsigned", "0">:$after)>,
    OpBuilder<(ins "::mlir::Value":$pipe, "::mlir::IntegerAttr":$index)>,
    OpBuilder<(ins "::mlir::Value":$pipe, "::mlir::Value":$number, "unsigned":$after,
      "::mlir::Value":$condition)>];
}

def Tile_CommitOp : Tile_LeaveOp<"commit"> {
  let summary = "Hand a filled slot to its readers";
  let description = [{
    With `after n` the writes of the last n blocks stay in flight: the slot handed
    on is that of n blocks ago, and the rest follows after the ring. After
    -tile-fold-rings the slot is named by pipe and `index` or `number`, and `when` says
    whether there was a block so long ago.

    Constraints: (commit-c1) the slot was acquired; (commit-c2) a slot without index, a
    pipe with an index or number as `tile.acquire`.

    Life cycle: as `tile.acquire`.

    Effects: release of the slot to the readers.

    Example: test/dialects/tile/ops.mlir.

    Lowering: nothing for TMA alone (its bytes complete the phase); else wait for
    own copies, fence.proxy.async, warp sync, arrive of one lane.
  }];
  let hasVerifier = 1;
}

def Tile_ReleaseOp : Tile_LeaveOp<"release"> {
  let summary = "Hand a read slot back to its writers";
  let description = [{
    As `tile.commit`. `after n` keeps the last n blocks' products in flight.

    Constraints: (release-c1) the slot was waited for; (release-c2) as commit-c2.

    Life cycle: as `tile.acquire`.

    Effects: release of the slot to the writers; a TMA store has read it by then.

    Example: test/dialects/tile/ops.mlir.

    Lowering: a predicated arrive of one lane.
  }];
  let hasVerifier = 1;
}

def Tile_SlotBufOp : Tile_Op<"slot_buf", [Pure,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "Buffer of a slot";
  let description = [{
    In text: `%a = tile.slot_buf %s[0] : !tile.slot<[..]>`.

    Constraints: (slot_buf-c1) the slot has a buffer of this number.

    Life cycle: made by -comm-form-kernels, gone in -tile-to-nvvm.

    Effects: none.

    Example: test/dialects/tile/ops.mlir.

    Lowering: an address.
  }];
  let arguments = (ins Tile_SlotType:$slot, I32Attr:$index);
  let results = (outs Tile_BufType:$buf);
  let hasVerifier = 1;
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$slot, "unsigned":$index)>];
}

#endif // MOEC_DIALECTS_TILE_TILEOPS_TD
