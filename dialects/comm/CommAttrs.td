//===- CommAttrs.td - Attributes of the comm dialect -------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions are affine maps with one result an expression. Dimension 0 is `r`
// (the rank), dimension 1 is `n` (the step, from 1), then the domain variables
// in scope: those of the op, then those of the region's `each`. The custom form
// of the ops prints their names; the generic form prints d0, d1, ..
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_COMM_COMMATTRS_TD
#define MOEC_DIALECTS_COMM_COMMATTRS_TD

include "dialects/comm/CommDialect.td"

class Comm_Enum<string name, string summary, list<I32EnumCase> cases>
    : I32Enum<name, summary, cases> {
  let cppNamespace = "::moec::comm";
}
class Comm_EnumAttr<EnumInfo info, string attrMnemonic>
    : EnumAttr<Comm_Dialect, info, attrMnemonic>;

//===----------------------------------------------------------------------===//
// Enumerations
//===----------------------------------------------------------------------===//

def Comm_BufferSpace : Comm_Enum<"BufferSpace", "where a buffer lives", [
    I32EnumCase<"Local", 0, "local">, I32EnumCase<"Sym", 1, "sym">,
    I32EnumCase<"Input", 2, "input">, I32EnumCase<"Output", 3, "output">]>;
def Comm_BufferSpaceAttr : Comm_EnumAttr<Comm_BufferSpace, "space">;

def Comm_BufferLayout : Comm_Enum<"BufferLayout", "how items lie in a region", [
    I32EnumCase<"Seq", 0, "seq">, I32EnumCase<"Slot", 1, "slot">,
    I32EnumCase<"Packed", 2, "packed">]>;
def Comm_BufferLayoutAttr : Comm_EnumAttr<Comm_BufferLayout, "layout">;

def Comm_DomainKind : Comm_Enum<"DomainKind", "values a domain variable runs through", [
    I32EnumCase<"All", 0, "all">, I32EnumCase<"Stagger", 1, "stagger">,
    I32EnumCase<"Nodes", 2, "nodes">, I32EnumCase<"StaggerNodes", 3, "stagger_nodes">,
    I32EnumCase<"Lanes", 4, "lanes">, I32EnumCase<"StaggerLanes", 5, "stagger_lanes">,
    I32EnumCase<"OtherNodes", 6, "other_nodes">, I32EnumCase<"Stages", 7, "stages">]>;

def Comm_ItemSetKind : Comm_Enum<"ItemSetKind", "family of item sets", [
    I32EnumCase<"A", 0>, I32EnumCase<"D", 1>, I32EnumCase<"Y", 2>, I32EnumCase<"M", 3>,
    I32EnumCase<"S", 4>, I32EnumCase<"P", 5>, I32EnumCase<"Q", 6>]>;

def Comm_TaskKind : Comm_Enum<"TaskKind", "what a local task computes", [
    I32EnumCase<"Route", 0, "route">, I32EnumCase<"Pack", 1, "pack">,
    I32EnumCase<"Experts", 2, "experts">, I32EnumCase<"Shared", 3, "shared">,
    I32EnumCase<"SlotSum", 4, "slot_sum">, I32EnumCase<"PackNodes", 5, "pack_nodes">,
    I32EnumCase<"Split", 6, "split">, I32EnumCase<"RankSum", 7, "rank_sum">,
    I32EnumCase<"NodeSum", 8, "node_sum">, I32EnumCase<"PartSum", 9, "part_sum">,
    I32EnumCase<"Select", 10, "select">, I32EnumCase<"FullSum", 11, "full_sum">,
    I32EnumCase<"SwitchSum", 12, "switch_sum">, I32EnumCase<"Stages", 13, "stages">,
    I32EnumCase<"Lanes", 14, "lanes">]>;
def Comm_TaskKindAttr : Comm_EnumAttr<Comm_TaskKind, "kind">;

def Comm_Path : Comm_Enum<"Path", "link class that data takes", [
    I32EnumCase<"NVLink", 0, "nvlink">, I32EnumCase<"Rail", 1, "rail">,
    I32EnumCase<"Multicast", 2, "multicast">, I32EnumCase<"Host", 3, "host">]>;
def Comm_PathAttr : Comm_EnumAttr<Comm_Path, "path">;

def Comm_Rates : Comm_Enum<"Rates", "how puts in flight share a sender and a link", [
    I32EnumCase<"Equal", 0, "equal">, I32EnumCase<"Sizes", 1, "sizes">]>;
def Comm_RatesAttr : Comm_EnumAttr<Comm_Rates, "rates">;

def Comm_Engine : Comm_Enum<"Engine", "who moves the bytes of a put", [
    I32EnumCase<"Sm", 0, "sm">, I32EnumCase<"Copy", 1, "copy">]>;
def Comm_EngineAttr : Comm_EnumAttr<Comm_Engine, "engine">;

def Comm_Crossing : Comm_Enum<"Crossing", "way between the groups of a staged schedule", [
    I32EnumCase<"Peer", 0, "peer">, I32EnumCase<"Host", 1, "host">]>;

def Comm_StepOrder : Comm_Enum<"StepOrder", "order between the steps of one rank", [
    I32EnumCase<"Serial", 0, "serial">, I32EnumCase<"Free", 1, "free">]>;
def Comm_StepOrderAttr : Comm_EnumAttr<Comm_StepOrder, "steps">;

def Comm_SumTree : Comm_Enum<"SumTree", "which sums reach the result", [
    I32EnumCase<"Rows", 0, "rows">, I32EnumCase<"RankPartial", 1, "rank_partial">,
    I32EnumCase<"NodePartial", 2, "node_partial">, I32EnumCase<"Switch", 3, "switch">]>;
def Comm_SumTreeAttr : Comm_EnumAttr<Comm_SumTree, "result">;

/// Values: passes/fusion/KernelForm.h.
def Comm_Fusion : Comm_Enum<"Fusion", "stages that share a launch", [
    I32EnumCase<"Nothing", 0, "nothing">, I32EnumCase<"DispatchUp", 1, "dispatch_up">,
    I32EnumCase<"DownCombine", 2, "down_combine">,
    I32EnumCase<"DispatchUpDownCombine", 3, "dispatch_up_down_combine">,
    I32EnumCase<"Everything", 4, "everything">, I32EnumCase<"Auto", 5, "auto">]>;

def Comm_Algorithm : Comm_Enum<"Algorithm", "schedule of an exchange", [
    I32EnumCase<"StaggeredPut", 0, "staggered_put">, I32EnumCase<"TwoTier", 1, "two_tier">,
    I32EnumCase<"Multicast", 2, "multicast">, I32EnumCase<"Staged", 3, "staged">,
    I32EnumCase<"Birkhoff", 4, "birkhoff">]>;

def Comm_Combine : Comm_Enum<"Combine", "what comes back to a token's rank", [
    I32EnumCase<"Rows", 0, "rows">, I32EnumCase<"Partial", 1, "partial">,
    I32EnumCase<"Switch", 2, "switch">]>;

def Comm_TileUse : Comm_Enum<"TileUse", "products that a tile is for", [
    I32EnumCase<"Experts", 0, "experts">, I32EnumCase<"Shared", 1, "shared">]>;

def Comm_TileOperand : Comm_Enum<"TileOperand", "what tokens are in a product", [
    I32EnumCase<"Rows", 0, "rows">, I32EnumCase<"Swapped", 1, "swapped">]>;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

class Comm_Attr<string name, string attrMnemonic> : AttrDef<Comm_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Comm_DomainAttr : Comm_Attr<"Domain", "domain"> {
  let summary = "Domain variable and the ranks, nodes or lanes it runs through";
  let description = [{
    `all` is 0, 1, .. ranks-1, ascending; `stagger` is r, r+1, .. modulo the
    number of ranks, so that no two ranks begin with the same peer. `nodes` and
    `lanes` are the same for the nodes of the plan and the ranks of a node,
    `stagger_nodes` and `stagger_lanes` begin at those of r. `other_nodes` is the node
    after that of r, the next one, .. : all nodes but its own, of which there is more
    than one. `stages` is 0, 1, .. below the plan's number of stages. Written `p in
    stagger` in the custom form of the ops.
  }];
  let parameters = (ins StringRefParameter<"name of the variable">:$variable,
                        EnumParameter<Comm_DomainKind>:$kind);
  let assemblyFormat = "`<` $variable `in` $kind `>`";
  let genVerifyDecl = 1;
}

def Comm_ItemSetAttr : Comm_Attr<"ItemSet", "set"> {
  let summary = "Item set of which only the name is known before the step runs";
  let description = [{
    `A(r)`: the tokens of rank r. `D(s,p)`: tokens of s with at least one slot
    on p, in token order. `Y(s,p)`: the (token, slot) rows of s that run on p, in
    (token, slot) order. `M(s,b)`: tokens of s with at least one slot on node b, in
    token order. D and M are parts of A(s), D(s,p) is a part of M(s,b) if p is on
    node b; the Y(s,p) of one s are disjoint and their union is every (token, slot)
    of s. `S(s,b,k,m)`: the tokens of M(s,b) that travel in stage k by the rail of lane
    m, a run of them; over k and m they are disjoint and their union is M(s,b). Which
    they are follows from the sizes of all M (runtime/birkhoff/StageTable.h). `P(s,b,k)`:
    piece k of M(s,b), one of as many even runs as the plan has stages; over k they are
    disjoint and their union is M(s,b); where a task `lanes` makes S known, P(s,b,k) is the
    union of S(s,b,k,m) over m. `Q(s,p,k)`: the tokens of D(s,p) in P(s,b,k), b the
    node of p; a run of D(s,p).

    Constraints: (set-c1) one argument for A, four for S, three for P and Q, two for the
    others.
  }];
  let parameters = (ins EnumParameter<Comm_ItemSetKind>:$kind, "::mlir::AffineMap":$args);
  let assemblyFormat = "`<` $kind `,` $args `>`";
  let genVerifyDecl = 1;
}

def Comm_RegionAttr : Comm_Attr<"Region", "region"> {
  let summary = "Region of a buffer and the items of it that a task touches";
  let description = [{
    `index` selects one region of the buffer; `each` repeats the whole for every
    value of further variables, the last varying fastest. Written
    `[0, s]{D(s,r)} each s in all` after the buffer in the custom form. `frame` says
    what the region holds where `items` is but a part of that: `{D(s,p) in M(s,b)}`,
    `{S(s,b,k,m) in M(s,b)}`, `{P(s,b,k) in M(s,b)}`, `{Q(s,p,k) in D(s,p)}` or
    `{Q(s,p,k) in M(s,b)}`, each item at its place in the whole.
  }];
  let parameters = (ins "::mlir::AffineMap":$index, "::moec::comm::ItemSetAttr":$items,
                        OptionalArrayRefParameter<"::moec::comm::DomainAttr">:$each,
                        OptionalParameter<"::moec::comm::ItemSetAttr">:$frame);
  let assemblyFormat = "`<` $index `,` $items (`in` $frame^)? (`,` `each` $each^)? `>`";
}

def Comm_LinkAttr : Comm_Attr<"Link", "link"> {
  let summary = "Class of links of a machine, in one direction of one GPU";
  let description = [{
    Rates are in MB/s (10^6 bytes) and latencies in ns, whole numbers, so that
    they print exactly. `multicasts`: a switch copies and adds on the way.

    Constraints: (link-c1) the rate is positive, the latency is not negative.
  }];
  let parameters = (ins StringRefParameter<"name in the machine block">:$name,
                        EnumParameter<Comm_Path>:$path,
                        "int64_t":$megabytesPerSecond, "int64_t":$latencyNanoseconds,
                        DefaultValuedParameter<"bool", "false">:$multicasts);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Comm_TopologyAttr : Comm_Attr<"Topology", "topology"> {
  let summary = "Machine facts that a schedule depends on";
  let description = [{
    Comes from the machine and mesh blocks of the source.

    Constraints: (topology-c1) nodes and gpusPerNode are positive; (topology-c2)
    link names are unique.
  }];
  let parameters = (ins StringRefParameter<"name of the machine block">:$machine,
                        "int64_t":$nodes, "int64_t":$gpusPerNode,
                        OptionalArrayRefParameter<"::moec::comm::LinkAttr">:$links);
  let assemblyFormat = [{
    `<` $machine `,` `nodes` `=` $nodes `,` `gpusPerNode` `=` $gpusPerNode
        (`,` `links` `=` `[` $links^ `]`)? `>`
  }];
  let genVerifyDecl = 1;
}

def Comm_ScheduleAttr : Comm_Attr<"Schedule", "schedule"> {
  let summary = "Schedule of the exchange: asked for, or decided";
  let description = [{
    Before -comm-schedule this is the request of the source's schedule block, in
    which what is missing means `auto`. After it, every number is there, but for a window
    of each peer by itself (of pieces); `fuse`, the stages that share a launch, is decided
    by -comm-form-kernels.

    Constraints: (schedule-c1) window is not negative (0: all peers at once), depth, groups
    and chunks are positive.
  }];
  let parameters = (ins EnumParameter<Comm_Algorithm>:$algorithm,
                        OptionalParameter<"std::optional<int64_t>",
                                          "puts in flight at once on a rank">:$window,
                        OptionalParameter<"std::optional<int64_t>",
                                          "copies of each symmetric region">:$depth,
                        DefaultValuedParameter<"::moec::comm::Fusion",
                                               "::moec::comm::Fusion::Auto">:$fuse,
                        DefaultValuedParameter<"::moec::comm::Combine",
                                               "::moec::comm::Combine::Rows">:$combine,
                        DefaultValuedParameter<"::moec::comm::Rates",
                                               "::moec::comm::Rates::Equal">:$rates,
                        OptionalParameter<"std::optional<int64_t>",
                                          "equal groups of a node that staged joins">:$groups,
                        DefaultValuedParameter<"::moec::comm::Engine",
                                               "::moec::comm::Engine::Sm">:$engine,
                        DefaultValuedParameter<"::moec::comm::Crossing",
                                               "::moec::comm::Crossing::Peer">:$cross,
                        DefaultValuedParameter<"bool", "false",
                                               "experts run source by source">:$pipeline,
                        OptionalParameter<"std::optional<int64_t>",
                                          "pieces in which rows cross nodes or groups">:$chunks,
                        DefaultValuedParameter<"bool", "false",
                                               "what a lane has more than others goes by these">:$spray);
  let assemblyFormat = [{
    `<` $algorithm (`,` struct($window, $depth, $fuse, $combine, $rates, $groups, $engine,
                                   $cross, $pipeline, $chunks, $spray)^)? `>`
  }];
  let genVerifyDecl = 1;
}

def Comm_TileAttr : Comm_Attr<"Tile", "tile"> {
  let summary = "Tile of a matrix product that the source asks for";
  let description = [{
    `tokens` at once, as the rows of the first operand or (`swapped`) of the second,
    for up to `most` rows of an expert, of a rank's tokens where it is `shared`; absent:
    any number. A list of them, ascending, hangs on a plan as `comm.tiles`; see
    passes/fusion/KernelForm.h.

    Constraints: (tile-c1) `tokens` and `most` are positive and below 2^32 - 1.

    Life cycle: made by `importProgram` on the layer, handed to the plan by
    -moe-distribute, read by -comm-form-kernels.
    Example: `#comm.tile<experts swapped 16 up to 48>`
  }];
  let parameters = (ins EnumParameter<Comm_TileUse>:$use, EnumParameter<Comm_TileOperand>:$operand,
                        "int64_t":$tokens, OptionalParameter<"std::optional<int64_t>">:$most);
  let assemblyFormat = "`<` $use $operand $tokens (`up` `to` $most^)? `>`";
  let genVerifyDecl = 1;
}

def Comm_DomainArrayAttr : TypedArrayAttrBase<Comm_DomainAttr, "list of domains">;
def Comm_RegionArrayAttr : TypedArrayAttrBase<Comm_RegionAttr, "list of regions">;
def Comm_InstanceArrayAttr : TypedArrayAttrBase<AnyAttrOf<[UnitAttr, AffineMapAttr]>,
    "list of instances: unit for all, or the values of the domain variables">;

#endif // MOEC_DIALECTS_COMM_COMMATTRS_TD
