//===- CommOps.td - Ops of the comm dialect ----------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The custom assembly is in CommSyntax.cpp, each constraint id below is a
// comment in CommVerifiers.cpp or CommCalls.cpp and in a failing test under test/dialects/comm.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_COMM_COMMOPS_TD
#define MOEC_DIALECTS_COMM_COMMOPS_TD

include "dialects/comm/CommAttrs.td"
include "dialects/comm/CommInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Comm_Op<string mnemonic, list<Trait> traits = []>
    : Op<Comm_Dialect, mnemonic, traits> {
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// The plan and what it names
//===----------------------------------------------------------------------===//

def Comm_PlanOp : Comm_Op<"plan", [IsolatedFromAbove, NoTerminator, SingleBlock, Symbol,
                                   SymbolTable]> {
  let summary = "Task graph of one step, the same on every rank";
  let description = [{
    Every rank runs every op of the body once a step, for each value of the op's
    domain variables, in any order that tokens, flags and the order of steps
    allow. `n` counts the steps from 1.

    Life cycle: made by -moe-distribute with `comm.dispatch` and `comm.combine`
    in it; -comm-schedule replaces those two; the emit phase serialises it.

    Attributes: `ranks` (GPUs, real or virtual); `nodes` (1 unless said; rank = node *
    lanes + lane); `stages` (of the sets S; 1 unless said); `topk` (slots of a token);
    `depth` (copies of each symmetric region, used round robin by step); `steps`
    (`serial`: all tasks of a step before those of the next on one rank; `free`:
    only what flags order); `result` (`rows`: the source adds every expert's row
    in slot order, the same bits for any rank count; `rank_partial`: a rank adds
    its rows of a token in slot order, the source the ranks' sums in order;
    `node_partial`: the ranks of a node in between; `switch`: a rank adds its rows, the
    switch the ranks' sums in an order of its own); `topology` (machine facts); `schedule` (asked for before
    -comm-schedule, decided after it).

    Constraints: (plan-c1) 1 to 65535 ranks, 1 to 65535 slots: both travel in 16
    bits; (plan-c2) depth is positive; (plan-c3) labels are identifiers and unique
    in the plan; (plan-c4) the body holds only ops of this dialect; (plan-c5) the
    number of nodes divides the ranks; (plan-c6) 1 to 4096 stages.

    Effects: none of its own.

    Example: test/dialects/comm/ops.mlir.

    Lowering: PLAN section of the module.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$ranks, I64Attr:$topk,
                       DefaultValuedAttr<I64Attr, "1">:$depth,
                       DefaultValuedAttr<Comm_StepOrderAttr, "StepOrder::Serial">:$steps,
                       DefaultValuedAttr<Comm_SumTreeAttr, "SumTree::Rows">:$result,
                       OptionalAttr<Comm_TopologyAttr>:$topology,
                       OptionalAttr<Comm_ScheduleAttr>:$schedule,
                       DefaultValuedAttr<I64Attr, "1">:$nodes,
                       DefaultValuedAttr<I64Attr, "1">:$stages);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `ranks` $ranks (`nodes` $nodes^)? (`stages` $stages^)? `topk` $topk `depth` $depth `steps` `` $steps `result` `` $result
    (`topology` $topology^)? (`schedule` $schedule^)? attr-dict-with-keyword $body
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "int64_t":$ranks, "int64_t":$topk)>];
  let hasRegionVerifier = 1;
}

def Comm_TaskOp : Comm_Op<"task", [HasParent<"PlanOp">, Symbol]> {
  let summary = "Local task that compute and reduce ops of the plan call";
  let description = [{
    Names what a rank computes on its own: `kind` says which buffers it touches,
    `config` says what it computes (an attribute of the moe dialect; this dialect
    does not look into it).

    Life cycle: made by -moe-distribute, `pack` by -comm-schedule; in every phase
    after distribute.

    Constraints: the fit of kind and buffers is checked at each call (compute-c3).

    Effects: none.

    Example: test/dialects/comm/ops.mlir.

    Lowering: the task kind of an op in the PLAN section; `config` goes to the
    manifest.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Comm_TaskKindAttr:$kind,
                       OptionalAttr<AnyAttr>:$config);
  let assemblyFormat = "$sym_name `kind` `` $kind (`with` $config^)? attr-dict";
  let hasVerifier = 0;
}

class Comm_HandleOp<string mnemonic> : Comm_Op<mnemonic, [HasParent<"PlanOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let hasCustomAssemblyFormat = 1;
}

def Comm_BufferOp : Comm_HandleOp<"buffer"> {
  let summary = "Buffer family: one buffer on every rank";
  let description = [{
    A buffer of `extents[0] x extents[1] x ..` regions on every rank. A region has
    room for the most tokens that a rank may bring, times `recordsPerToken`
    records of `bytesPerRecord` bytes. In text:
    `%back = comm.buffer sym slot [1, 8] of 8 x 4096 bytes`; no brackets for a
    single region, no `8 x` for one record a token.

    Life cycle: made by -moe-distribute and -comm-schedule, stays to the end.

    Attributes: `space`: `local` (private to the rank), `sym` (same offset in the
    heap of every rank, peers put into it), `input` and `output` (the caller's
    token and result rows). `layout`: `seq` (item i of the set at record i),
    `slot` (token t at record t; row (t, j) at record t * topk + j), `packed` (the
    prefix over the sources, then the position).

    Constraints: (buffer-c1) extents are positive; (buffer-c2) record size is
    positive; (buffer-c3) records a token are 1 or the plan's topk; (buffer-c4)
    input and output have one region of layout slot.

    Effects: allocates.

    Example: test/dialects/comm/ops.mlir.

    Lowering: a heap range of the rank; sym ones at equal offsets.
  }];
  let arguments = (ins StrAttr:$label, Comm_BufferSpaceAttr:$space,
                       Comm_BufferLayoutAttr:$layout, DenseI64ArrayAttr:$extents,
                       DefaultValuedAttr<I64Attr, "1">:$recordsPerToken, I64Attr:$bytesPerRecord);
  let results = (outs Res<Comm_BufferType, "", [MemAlloc]>:$buffer);
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "::moec::comm::BufferSpace":$space,
    "::moec::comm::BufferLayout":$layout, "::llvm::ArrayRef<int64_t>":$extents,
    "int64_t":$recordsPerToken, "int64_t":$bytesPerRecord)>];
}

def Comm_FlagOp : Comm_HandleOp<"flag"> {
  let summary = "Family of flag words, one writer each";
  let description = [{
    A 64-bit word {epoch:32, payload:32} for every index, in the memory of the
    rank that waits for it. `writer` says which rank writes the cell; `i0`, `i1`,
    .. are its indices and `r` is the rank that waits. With `carry` the payload
    is a count. In text: `%fd = comm.flag [1, 8] carry by i1`.

    Life cycle: made by -comm-schedule, stays to the end.

    Constraints: (flag-c1) extents are positive; (flag-c2) the writer is an
    expression in r and the indices, and a rank.

    Effects: allocates; words are zero before step 1 and never reset.

    Example: test/dialects/comm/ops.mlir.

    Lowering: words of the symmetric heap.
  }];
  let arguments = (ins StrAttr:$label, DenseI64ArrayAttr:$extents, UnitAttr:$carry,
                       AffineMapAttr:$writer);
  let results = (outs Res<Comm_FlagType, "", [MemAlloc]>:$flag);
  // Written by the rank that the last index names, or by `writer`, an expression in the
  // waiting rank and the indices (dimension firstDomainDim + i).
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "::llvm::ArrayRef<int64_t>":$extents,
    "bool":$carry, CArg<"::mlir::AffineExpr", "{}">:$writer)>];
}

//===----------------------------------------------------------------------===//
// Families of tasks
//===----------------------------------------------------------------------===//

defvar commFamilyRules = [{

    Constraints of every family: (region-c0) buffers and flags come from comm.buffer
    and comm.flag; (domain-c1) variables have distinct names, none
    of them r or n; (after-c1) a dependence names all instances of an earlier op,
    or a value or `*` for each of its domain variables, within its domain: the own
    variable over other_nodes where that is the domain; (region-c1) as many
    index expressions as the buffer has extents, each within its extent;
    (region-c2) expressions use variables in scope, sums, and products, remainders
    and quotients by a constant, the divisor positive; (region-c3) a region of
    rows Y(s,p) has topk records a token, one of tokens has one; (region-c4) the
    arguments of item sets are ranks, the second of M a node; (region-c5) nothing
    writes an input and nothing reads an output; (region-c6) only the source of a put
    has a frame M around D or Q of the same rank's tokens, a put or reduce one around
    its pieces, M around S or P and D around Q of the same arguments; all in layout seq.
}];

class Comm_FamilyOp<string mnemonic, list<Trait> traits = []>
    : Comm_Op<mnemonic, [HasParent<"PlanOp">,
        DeclareOpInterfaceMethods<Comm_FamilyOpInterface, ["getReadUses", "getWriteUses"]>,
        DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>] # traits> {
  dag family = (ins StrAttr:$label, DefaultValuedAttr<Comm_DomainArrayAttr, "{}">:$domains,
                    Variadic<Comm_TokenType>:$after,
                    DefaultValuedAttr<Comm_InstanceArrayAttr, "{}">:$afterInstances);
  let results = (outs Comm_TokenType:$token);
  let hasCustomAssemblyFormat = 1;
}

class Comm_CallOp<string mnemonic> : Comm_FamilyOp<mnemonic, [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let arguments = !con((ins FlatSymbolRefAttr:$callee,
                            Variadic<Comm_BufferType>:$reads, Comm_RegionArrayAttr:$readRegions,
                            Variadic<Comm_BufferType>:$writes, Comm_RegionArrayAttr:$writeRegions),
                       family);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "::llvm::StringRef":$callee,
    "const ::moec::comm::Scope &":$scope, "::llvm::ArrayRef<::moec::comm::RegionUse>":$reads,
    "::llvm::ArrayRef<::moec::comm::RegionUse>":$writes,
    "::llvm::ArrayRef<::moec::comm::AfterUse>":$after)>];
}

def Comm_ComputeOp : Comm_CallOp<"compute"> {
  let summary = "Local task with declared effects";
  let description = [{
    Runs the task `callee` on this rank; it reads and writes exactly the regions
    named, in the order that its kind asks for. Without a domain, regions
    repeated by `each` make one grouped task over all of them.

    Life cycle: made by -moe-distribute (`pack` by -comm-schedule), stays to the
    end.

    Constraints: (compute-c1) the callee is a comm.task of the plan; (compute-c2)
    slot_sum, rank_sum, node_sum, part_sum, full_sum and switch_sum are called by
    comm.reduce, every other kind by comm.compute;
    (compute-c3) number, item sets and order of the regions are those of the kind:
    route reads x{A(r)}, writes route{A(r)}; pack reads route{A(r)}, writes
    record{D(r,p)}; experts reads rows{D(s,r)} and records{D(s,r)}, writes
    y{Y(s,r)}; shared reads x{A(r)}, writes shared{A(r)}; slot_sum reads
    route{A(r)}, rows{Y(r,p)} and optionally shared{A(r)} and x{A(r)}, writes out{A(r)};
    with a the node of r, s any rank and p any of node a: pack_nodes reads route{A(r)},
    writes record{M(r,b)}; split reads record{M(s,a)}, writes record{D(s,p)}; rank_sum
    reads records{D(s,r)} and y{Y(s,r)}, writes q{D(s,r)}; node_sum reads record{M(s,a)}
    and parts{D(s,p)}, writes z{M(s,a)}; part_sum is slot_sum over parts{D(r,p)} or, in
    a plan with result node_partial, parts{M(r,b)}; select reads route{A(s)}, writes
    record{D(s,r)}; full_sum reads records{D(s,r)} and y{Y(s,r)}, writes sums{A(s)};
    switch_sum reads total{A(r)} and optionally shared{A(r)} and x{A(r)}, writes out{A(r)};
    (compute-c4) route entries have 12 * topk bytes, records 4 * (2 + 2 * topk), those
    for a node 4 * (2 + 3 * topk); (compute-c5) slot_sum is for result rows, switch_sum
    for result switch, part_sum for the others; (compute-c6) a rank_sum or node_sum may
    take P in place of M and Q in place of D, of one piece of all; no other task may.
  }] # commFamilyRules # [{

    Effects: reads and writes what it names; sees what its `after` tasks wrote.

    Example: test/dialects/comm/ops.mlir.

    Lowering: a task of the PLAN section, run by the backend's kernel of its kind.
  }];
}

def Comm_ReduceOp : Comm_CallOp<"reduce"> {
  let summary = "Sum in a stated order";
  let description = [{
    As `comm.compute`, for a task that adds: the order of the regions is the order
    of the sum, so it is part of the result.

    Life cycle: made by -moe-distribute, stays to the end.

    Constraints: (compute-c1) to (compute-c4), and (reduce-c1) every `each` is over
    an ascending domain.
  }] # commFamilyRules # [{

    Effects: as comm.compute.

    Example: test/dialects/comm/ops.mlir.

    Lowering: a task of the PLAN section.
  }];
}

def Comm_PutOp : Comm_FamilyOp<"put"> {
  let summary = "Copy of one item set into a peer's memory";
  let description = [{
    Copies the items of the source region into the target region on rank `to`,
    which may be this rank. The stores arrive at an unknown time, in any order;
    only a later `comm.signal` to the same rank publishes them. `window` bounds
    how many instances of the family one rank has in flight (0: all), `window 1 each` how
    many to each peer, so that one that is slow holds up no other; with `rates
    sizes` those share what they meet in proportion to their sizes. In text:
    `comm.put for p in stagger to p : %recv[0, r]{D(r,p)} from %x{D(r,p)} window 4
    after(%rt)`, `via rail` before the window for the other path, `rates sizes` behind it.
    `to all .. via multicast` writes the same region on every rank: the switch makes the
    copies. `engine copy`, last, has a copy engine move one block, which is as large as the
    items could be at most.

    Life cycle: made by -comm-schedule, stays to the end.

    Constraints: (put-c1) the target is a sym buffer; (put-c2) both item sets are
    the same; (put-c3) neither region repeats; (put-c4) records have the same
    size and number; (put-c5) the window is not negative, and 0 without a domain; one for
    each peer is not 0, and of puts to one rank; (put-c6) `to` is one rank, or all of the
    one node by multicast; (put-c7) rates by size are of a family with a domain, whose
    window, if it is of all peers, is not 1; (put-c8) a copy engine moves all items of
    regions in layout seq, by nvlink.
  }] # commFamilyRules # [{

    Effects: reads the source on this rank, writes the target on rank `to`, by
    multicast on every rank; no order against other cells.

    Example: test/passes/scheduling/schedule.mlir.

    Lowering: plain or bulk stores through the peer's heap base.
  }];
  let arguments = !con((ins Comm_BufferType:$target, Comm_RegionAttr:$targetRegion,
                            Comm_BufferType:$source, Comm_RegionAttr:$sourceRegion,
                            AffineMapAttr:$to,
                            DefaultValuedAttr<Comm_PathAttr, "Path::NVLink">:$via,
                            DefaultValuedAttr<I64Attr, "0">:$window, UnitAttr:$eachPeer,
                            DefaultValuedAttr<Comm_RatesAttr, "Rates::Equal">:$rates,
                            DefaultValuedAttr<Comm_EngineAttr, "Engine::Sm">:$engine), family);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "const ::moec::comm::Scope &":$scope,
    "::mlir::AffineExpr":$to, "::moec::comm::RegionUse":$target,
    "::moec::comm::RegionUse":$source, "::moec::comm::Window":$window,
    "::llvm::ArrayRef<::moec::comm::AfterUse>":$after,
    CArg<"::moec::comm::Path", "::moec::comm::Path::NVLink">:$via)>];
  let hasCanonicalizeMethod = 1;
}

def Comm_SignalOp : Comm_FamilyOp<"signal"> {
  let summary = "Release of a flag word on a peer";
  let description = [{
    Writes {value, payload} into a flag cell of rank `to` after every store of
    its `after` tasks (and, on NVLink, everything they had acquired) is visible.
    With `carry` the payload is the size of the item set. In text:
    `comm.signal for p in stagger to p : %fd[0, r] = n carry D(r,p) after(%pd(p))`;
    `to all .. via multicast` writes the cell on every rank.

    Life cycle: made by -comm-schedule, stays to the end.

    Constraints: (signal-c1) carries a set iff the flag does; (signal-c2) the
    value is an expression in n alone, without quotients and remainders, positive at step 1
    and growing, by 2^16 a step at most; (signal-c3)
    as many index expressions as extents, each within its extent; (signal-c4) the
    cell's writer is this rank; (signal-c5) `to` is one rank, or all of the one node by
    multicast.
  }] # commFamilyRules # [{

    Effects: release at system scope.

    Example: test/passes/scheduling/schedule.mlir.

    Lowering: all stores, barrier, one 64-bit release store.
  }];
  let arguments = !con((ins Comm_FlagType:$flag, AffineMapAttr:$index, AffineMapAttr:$to,
                            AffineMapAttr:$value, OptionalAttr<Comm_ItemSetAttr>:$payload,
                            DefaultValuedAttr<Comm_PathAttr, "Path::NVLink">:$via), family);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "const ::moec::comm::Scope &":$scope,
    "::mlir::AffineExpr":$to, "::mlir::Value":$flag, "::llvm::ArrayRef<::mlir::AffineExpr>":$index,
    "::moec::comm::ItemSetAttr":$payload, "::llvm::ArrayRef<::moec::comm::AfterUse>":$after,
    CArg<"::moec::comm::Path", "::moec::comm::Path::NVLink">:$via)>];
}

def Comm_WaitOp : Comm_FamilyOp<"wait"> {
  let summary = "Wait for an own flag word";
  let description = [{
    Blocks until the epoch of the cell is at least `value` (modulo 2^32); with
    `get` the payload is then the size of the named set. Tasks after it see all
    that happened before the signal. In text:
    `comm.wait for s in all : %fd[0, s] at n get D(s,r)`.

    Life cycle: made by -comm-schedule, stays to the end.

    Constraints: (wait-c1) takes a set only from a flag that carries; (wait-c2)
    the value is as a signal's; (wait-c3) as many index expressions as extents, each within its extent;
    (wait-c4) the domains ascend, and each variable is the index of one extent, in
    their order: a family of waits names its writers plainly.
  }] # commFamilyRules # [{

    Effects: acquire at system scope.

    Example: test/passes/scheduling/schedule.mlir.

    Lowering: a bounded poll with acquire; on expiry a report of rank, writer,
    flag and this op's location.
  }];
  let arguments = !con((ins Comm_FlagType:$flag, AffineMapAttr:$index, AffineMapAttr:$value,
                            OptionalAttr<Comm_ItemSetAttr>:$payload), family);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "const ::moec::comm::Scope &":$scope,
    "::mlir::Value":$flag, "::llvm::ArrayRef<::mlir::AffineExpr>":$index,
    "::moec::comm::ItemSetAttr":$payload, "::llvm::ArrayRef<::moec::comm::AfterUse>":$after)>];
}

def Comm_PullOp : Comm_FamilyOp<"pull"> {
  let summary = "Sum of a region over all ranks, made by the switch";
  let description = [{
    Reads the source region on every rank and writes the sum of what they hold, row
    by row, into the target on this rank. The switch adds in f32, in an order that it
    chooses, and rounds once to the type of the rows. In text:
    `comm.pull : %total{A(r)} from all %sums[0, r]{A(r)} after(%wc)`.

    Life cycle: made by -comm-schedule for `combine switch`, stays to the end.

    Constraints: (pull-c1) the source is a sym buffer; (pull-c2) both item sets are
    A(r); (pull-c3) neither region repeats; (pull-c4) records have the same size;
    (pull-c5) the plan has one node.
  }] # commFamilyRules # [{

    Effects: reads the source on every rank, writes the target on this one. What a
    rank has stored there is seen only after a flag of that rank.

    Example: test/passes/scheduling/schedule-multicast.mlir.

    Lowering: multimem.ld_reduce with f32 accumulation.
  }];
  let arguments = !con((ins Comm_BufferType:$target, Comm_RegionAttr:$targetRegion,
                            Comm_BufferType:$source, Comm_RegionAttr:$sourceRegion), family);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "const ::moec::comm::Scope &":$scope,
    "::moec::comm::RegionUse":$target, "::moec::comm::RegionUse":$source,
    "::llvm::ArrayRef<::moec::comm::AfterUse>":$after)>];
}

def Comm_CopyOp : Comm_FamilyOp<"copy"> {
  let summary = "Copy of one item set inside a rank";
  let description = [{
    As `comm.put` to this rank, without a flag: tokens order it. In text:
    `comm.copy for s in all : %a[s]{D(s,r)} from %b[s]{D(s,r)}`.

    Life cycle: made by -comm-schedule for copy engines, stays to the end.

    Constraints: (copy-c1) both item sets are the same; (copy-c2) neither region
    repeats; (copy-c3) records have the same size and number; (copy-c4) the two
    buffers differ.
  }] # commFamilyRules # [{

    Effects: reads the source, writes the target.

    Example: test/dialects/comm/ops.mlir.

  }];
  let arguments = !con((ins Comm_BufferType:$target, Comm_RegionAttr:$targetRegion,
                            Comm_BufferType:$source, Comm_RegionAttr:$sourceRegion), family);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "const ::moec::comm::Scope &":$scope,
    "::moec::comm::RegionUse":$target, "::moec::comm::RegionUse":$source,
    "::llvm::ArrayRef<::moec::comm::AfterUse>":$after)>];
}

//===----------------------------------------------------------------------===//
// Before scheduling: all-to-all-v, counts known only on the device
//===----------------------------------------------------------------------===//

def Comm_DispatchOp : Comm_FamilyOp<"dispatch"> {
  let summary = "Each token's row to every rank that owns one of its slots";
  let description = [{
    For every pair of ranks (s, p): the rows %rows{D(s,p)} of s arrive in
    %received[s]{D(s,p)} of p, once for each destination rank, and one record a
    row, which says which of the token's slots p has to compute, arrives in
    %records[s]{D(s,p)} of p. Route entries of the source say which slots go
    where. In text: `comm.dispatch %x by %route to %recv, %meta after(%rt)`.

    Life cycle: made by -moe-distribute; -comm-schedule replaces it.

    Operands: `rows` (A(r), layout slot), `route` (A(r), layout slot, 12 * topk
    bytes a token), `received` (one region a source, layout seq), `records` (one
    region a source, layout seq, 4 * (2 + 2 * topk) bytes a token); all on this rank.

    Constraints: (dispatch-c1) rows and route have one region of layout slot;
    (dispatch-c2) received and records have one region a rank, layout seq;
    (dispatch-c3) received rows are as large as the rows sent; (dispatch-c4) route
    entries have 12 * topk bytes and records 4 * (2 + 2 * topk); (after-c1).

    Effects: reads rows and route here, writes received and records on all ranks;
    complete when everything for this rank is there.

    Example: test/passes/scheduling/schedule.mlir.

    Lowering: put, signal and wait families.
  }];
  let arguments = (ins StrAttr:$label, Comm_BufferType:$rows, Comm_BufferType:$route,
                       Comm_BufferType:$received, Comm_BufferType:$records,
                       Variadic<Comm_TokenType>:$after,
                       DefaultValuedAttr<Comm_InstanceArrayAttr, "{}">:$afterInstances);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "::mlir::Value":$rows,
    "::mlir::Value":$route, "::mlir::Value":$received, "::mlir::Value":$records,
    "::llvm::ArrayRef<::moec::comm::AfterUse>":$after)>];
}

def Comm_CombineOp : Comm_FamilyOp<"combine"> {
  let summary = "Each expert's row back to its token's slot at the source";
  let description = [{
    For every pair of ranks (s, p): the rows %rows[s]{Y(s,p)} that p computed for
    s arrive in %returned{Y(s,p)} of s. In text:
    `comm.combine %y to %back after(%ex)`.

    Life cycle: made by -moe-distribute; -comm-schedule replaces it.

    Operands: `rows` (one region a source, layout slot, topk records a token),
    `returned` (one region, layout slot, topk records a token); both on this rank.

    Constraints: (combine-c1) rows has one region a rank, returned has one;
    (combine-c2) both have layout slot and topk records a token; (combine-c3)
    records have the same size; (after-c1).

    Effects: reads rows here, writes returned on all ranks; complete when
    everything for this rank is there.

    Example: test/passes/scheduling/schedule.mlir.

    Lowering: put, signal and wait families.
  }];
  let arguments = (ins StrAttr:$label, Comm_BufferType:$rows, Comm_BufferType:$returned,
                       Variadic<Comm_TokenType>:$after,
                       DefaultValuedAttr<Comm_InstanceArrayAttr, "{}">:$afterInstances);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$label, "::mlir::Value":$rows,
    "::mlir::Value":$returned, "::llvm::ArrayRef<::moec::comm::AfterUse>":$after)>];
}

#endif // MOEC_DIALECTS_COMM_COMMOPS_TD
