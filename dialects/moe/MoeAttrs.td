//===- MoeAttrs.td - Decisions and what a module says of a layer -*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two kinds. Facts, requests and decisions, which hang on a moe.layer: #moe.mesh,
// #moe.placement_request, #moe.placement, #moe.schedule. And the closed form of
// the mathematics, #moe.layer, which stays on the comm.plan after the moe ops
// are gone, so that the manifest can be written from any later phase.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_MOEATTRS_TD
#define MOEC_DIALECTS_MOE_MOEATTRS_TD

include "dialects/moe/MoeBase.td"

class Moe_Attr<string name, string attrMnemonic, string attrSummary>
    : AttrDef<Moe_Dialect, name> {
  let mnemonic = attrMnemonic;
  let summary = attrSummary;
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Facts, requests and decisions
//===----------------------------------------------------------------------===//

def Moe_MeshAttr : Moe_Attr<"Mesh", "mesh", "ranks over a machine"> {
  let description = [{
    The ranks that share a layer, and what the passes need to know of the machine
    under them. `memoryBytes` is what one rank has for weights and buffers, in
    bytes, `memoryRate` how fast it is read, in MB/s (10^6 bytes), and
    `multiprocessors` those of one GPU; 0 means that the machine does not say.
    `nodes` counts the nodes that links between nodes join: rank = node * (ranks /
    nodes) + lane.

    Constraints:
    - mesh-c1: `ranks` is between 1 and 65536 (16 bits of a choice).
    - mesh-c2: `memoryBytes`, `memoryRate` and `multiprocessors` are not negative.
    - mesh-c3: `nodes` divides `ranks`.

    Example: `#moe.mesh<"ep8" on "hgx-h100" ranks 8 memory 85899345920 rate 3350000 sms 132>`
  }];
  let parameters = (ins StringRefParameter<>:$name, StringRefParameter<>:$machine,
                        "int64_t":$ranks, DefaultValuedParameter<"int64_t", "0">:$memoryBytes,
                        DefaultValuedParameter<"int64_t", "0">:$memoryRate,
                        DefaultValuedParameter<"int64_t", "0">:$multiprocessors,
                        DefaultValuedParameter<"int64_t", "1">:$nodes);
  let assemblyFormat = [{
    `<` $name `on` $machine `ranks` $ranks (`nodes` $nodes^)? (`memory` $memoryBytes^)? (`rate` $memoryRate^)?
        (`sms` $multiprocessors^)? `>`
  }];
}

def Moe_LoadAttr : Moe_Attr<"Load", "load", "how often experts are chosen, and room for copies"> {
  let description = [{
    What a placement by load goes by. `counts` has a histogram of all experts for
    each period of time, of any unit: only ratios matter. `slots` is how many
    experts a rank has room for, `redundant` how many copies there are beyond one
    of each expert, `most` how many one expert may have; what is absent is chosen:
    all slots are filled, or there are as many as the copies need. With
    `groups_on_nodes` all copies of a router's group of experts lie on one node.

    Constraints:
    - load-c1: there is a period, and all have the same number of counts, between 1
      and 65536.
    - load-c2: counts are finite and not negative, and no period is without any.
    - load-c3: `slots` and `most` are between 1 and 65536, `redundant` between 0 and
      2^20.

    Example: `#moe.load<counts = [[5.0, 1.0]], redundant = 1>`
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::DenseF64ArrayAttr">:$counts,
                        OptionalParameter<"std::optional<int64_t>">:$slots,
                        OptionalParameter<"std::optional<int64_t>">:$redundant,
                        OptionalParameter<"std::optional<int64_t>">:$most,
                        DefaultValuedParameter<"bool", "false">:$groups_on_nodes);
  let assemblyFormat = [{
    `<` `counts` `=` `[` $counts `]` (`,` struct($slots, $redundant, $most, $groups_on_nodes)^)? `>`
  }];
}

def Moe_PlacementRequestAttr
    : Moe_Attr<"PlacementRequest", "placement_request", "placement that the source asks for"> {
  let description = [{
    A rank's slots are, in order: the experts of its list in `holds` (`rank:
    [experts]`), the experts pinned to it in the order of `pins` (`expert:
    [ranks]`), and those that `rule` deals to it. An expert of several ranks is
    replicated; an expert that `holds` or `pins` names is not dealt.

    `rule`: `linear` deals contiguous runs in index order whose sizes differ by at
    most one, `round_robin` the i-th expert to rank i modulo ranks, `by_load` what
    makes a step fast under `load`, copies included, `none` says that nothing is
    left to deal. Each entry of `holds` and `pins` is an array of
    the number before the colon and those in the list.

    `serve` says which copy of an expert a source's tokens go to (`in_turn` all of
    them, `nearest`, `balanced`), an entry of `turns` the same by hand: an expert, a
    source, and ranks that serve it in turn.

    Constraints:
    - placement_request-c1: every entry has a number and a list that is not empty,
      and every number is between 0 and 65535.
    - placement_request-c2: no rank has two lists, no expert two pins, and no list
      has a number twice.
    - placement_request-c3: there is a load exactly with the rule `by_load`.
    - placement_request-c4: an entry of `turns` has three numbers or more, each between
      0 and 65535, and no expert and source have two.

    Life cycle: made by `importProgram`, answered and removed by `--moe-place`.
    Example: `#moe.placement_request<round_robin holds [0: [3, 1]] pins [17: [0, 5]]>`
  }];
  let parameters = (ins EnumParameter<Moe_PlacementRule>:$rule,
                        OptionalParameter<"::moec::moe::LoadAttr">:$load,
                        OptionalArrayRefParameter<"::mlir::DenseI64ArrayAttr">:$holds,
                        OptionalArrayRefParameter<"::mlir::DenseI64ArrayAttr">:$pins,
                        DefaultValuedParameter<"::moec::moe::Serve",
                                               "::moec::moe::Serve::InTurn">:$serve,
                        OptionalArrayRefParameter<"::mlir::DenseI64ArrayAttr">:$turns);
  let assemblyFormat = [{
    `<` $rule (`load` $load^)? (`holds` custom<Entries>($holds)^)? (`pins` custom<Entries>($pins)^)?
        (`serve` $serve^)? (`turns` custom<Slots>($turns)^)? `>`
  }];
}

def Moe_PlacementAttr : Moe_Attr<"Placement", "placement", "experts of each rank"> {
  let description = [{
    `slots[r]` lists the logical experts that rank r holds, in the order of its
    local expert indices. The list may be empty (more ranks than experts), and an
    expert may be on several ranks (a replica). `turns` says which copies serve a
    source in turn: entries of an expert, the source, and ranks. An expert without
    them is served by all copies in turn.

    Constraints:
    - placement-c1: there is at least one rank.
    - placement-c2: no expert is negative or above 65535.
    - placement-c3: no expert is twice on one rank.
    - placement-c4: there are at most 2^20 slots.
    - placement-c5: an entry of `turns` is an expert, a source and one to 1024 ranks that hold
      the expert; entries ascend, and an expert that has one has one for every rank.
    That every expert is somewhere is layer-c4: here their number is unknown.

    Life cycle: made by `--moe-place` or written by hand; stays until the module
    is written. Example: `#moe.placement<[[0, 1, 2], [3, 4]]>`
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::DenseI64ArrayAttr">:$slots,
                        OptionalArrayRefParameter<"::mlir::DenseI64ArrayAttr">:$turns);
  let assemblyFormat = "`<` custom<Slots>($slots) (`turns` custom<Slots>($turns)^)? `>`";
}

def Moe_ScheduleAttr : Moe_Attr<"Schedule", "schedule", "schedule that the source asks for"> {
  let description = [{
    How, never what. `window` is the number of puts of a kind that a rank has in
    flight (0: all; absent, of pieces: one to each peer), `depth` the copies of each
    symmetric region, `fuse` says which stages share a launch, `algorithm` how rows travel
    and `combine` whether sums come back in their place, `rates` how puts in flight share a link, `groups` into how many
    equal runs host bridges or sockets part the GPUs of a machine, `cross` which way rows
    take between these, `engine` who moves a put's bytes, `pipeline` that experts run source
    by source, `chunks` in how many pieces rows cross nodes or groups, `spray`
    that what a lane has more than others goes by these; what is absent is the choice of `--comm-schedule` and `--comm-form-kernels`.

    Constraints:
    - schedule-c1: `window` is between 0 and 65536, `depth` between 1 and 64,
      `groups` positive, `chunks` between 1 and 64.

    Life cycle: made by `importProgram`; `--moe-distribute` hands it to the plan
    as `#comm.schedule`. Example: `#moe.schedule<window = 4>`
  }];
  let parameters = (ins OptionalParameter<"std::optional<int64_t>">:$window,
                        OptionalParameter<"std::optional<int64_t>">:$depth,
                        DefaultValuedParameter<"::moec::moe::Fusion", "::moec::moe::Fusion::Auto">:$fuse,
                        DefaultValuedParameter<"::moec::moe::Algorithm",
                                               "::moec::moe::Algorithm::StaggeredPut">:$algorithm,
                        DefaultValuedParameter<"::moec::moe::Combine",
                                               "::moec::moe::Combine::Rows">:$combine,
                        DefaultValuedParameter<"::moec::moe::Rates",
                                               "::moec::moe::Rates::Equal">:$rates,
                        OptionalParameter<"std::optional<int64_t>">:$groups,
                        DefaultValuedParameter<"::moec::moe::Engine",
                                               "::moec::moe::Engine::Sm">:$engine,
                        DefaultValuedParameter<"::moec::moe::Crossing",
                                               "::moec::moe::Crossing::Peer">:$cross,
                        DefaultValuedParameter<"bool", "false">:$pipeline,
                        OptionalParameter<"std::optional<int64_t>">:$chunks,
                        DefaultValuedParameter<"bool", "false">:$spray);
  let assemblyFormat = "`<` struct(params) `>`";
}

//===----------------------------------------------------------------------===//
// The closed form of a layer
//===----------------------------------------------------------------------===//

def Moe_GroupsAttr : Moe_Attr<"Groups", "groups", "group limit of a router"> {
  let description = [{
    Keep the best `kept` of `count` equal groups of experts, in index order.

    Constraints:
    - groups-c1: `kept` is positive and at most `count`, which is at most 65536.
  }];
  let parameters = (ins "int64_t":$count, "int64_t":$kept, EnumParameter<Moe_GroupScore>:$score,
                        EnumParameter<Moe_RejectedValue>:$rejected);
  let assemblyFormat = "`<` $count `keep` $kept `by` $score `rejected` $rejected `>`";
}

def Moe_RouterAttr : Moe_Attr<"Router", "router", "router in closed form"> {
  let description = [{
    The router of runtime/module/Layer.h, field by field. `normalize` is the
    epsilon added to the sum, and there exactly when the shares are normalised;
    `scale` is absent for 1.

    Constraints:
    - router-c1: `top_k` is between 1 and 65535.
    - router-c2: `logits` and `shares` are f32 or bf16.
    - router-c3: `normalize` is finite and not negative; `scale` is finite.
  }];
  let parameters = (ins
    "int64_t":$top_k,
    "::mlir::Type":$logits,
    EnumParameter<Moe_ScoreFunction>:$score,
    "::mlir::Type":$shares,
    DefaultValuedParameter<"bool", "false">:$logits_bias,
    DefaultValuedParameter<"bool", "false">:$score_after_top_k,
    DefaultValuedParameter<"bool", "false">:$selection_bias,
    OptionalParameter<"::moec::moe::GroupsAttr">:$groups,
    OptionalParameter<"::mlir::FloatAttr">:$normalize,
    OptionalParameter<"::mlir::FloatAttr">:$scale);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Moe_ActivationAttr : Moe_Attr<"Activation", "activation", "activation of an expert"> {
  let description = [{
    An elementwise function of gate and up, as the steps of a postfix expression
    (runtime/module/ActivationExpr.h). `silu` and `gelu_tanh` stand for
    `"gate silu up mul"` and `"gate gelu_tanh up mul"`.

    Constraints:
    - activation-c1: the steps are words of that header, leave one value and read
      up.

    Example: `silu`, `"up relu square"`
  }];
  let parameters = (ins StringRefParameter<>:$postfix);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static ActivationAttr get(::mlir::MLIRContext *context, const ::moec::ActivationExpr &expression) {
      return get(context, ::moec::toPostfix(expression));
    }
    ::moec::ActivationExpr getExpression() const { return *::moec::fromPostfix(getPostfix()); }
    /// Without the space that stands before it elsewhere.
    void printBare(::mlir::AsmPrinter &printer) const;
  }];
}
def Moe_ActivationParameter : AttrParameter<"::moec::moe::ActivationAttr", "activation"> {
  let printer = "$_self.printBare($_printer)";
}

def Moe_MlpAttr : Moe_Attr<"Mlp", "mlp", "MLP of an expert in closed form"> {
  let description = [{
    `act(x Wg^T, x Wu^T)`, then `Wd^T`, each product with a bias where that is
    set; `scaled` when the result is multiplied by sigmoid(ws . x), which only a
    shared expert can be.

    Constraints:
    - mlp-c1: `intermediate` is between 1 and 2^20.
    - mlp-c2: a gate has a bias only where the activation reads it.
  }];
  let parameters = (ins "int64_t":$intermediate, Moe_ActivationParameter:$activation,
                        DefaultValuedParameter<"bool", "false">:$gate_bias,
                        DefaultValuedParameter<"bool", "false">:$up_bias,
                        DefaultValuedParameter<"bool", "false">:$down_bias,
                        DefaultValuedParameter<"bool", "false">:$scaled);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Moe_WeightLayoutAttr
    : Moe_Attr<"WeightLayout", "weight_layout", "where a weight lies in the stored tensor"> {
  let description = [{
    `stacked`: one tensor [experts, ..] holds it for all experts. `transposed`: it
    is stored [in, out]. The extent `out` holds `parts` weights, of which this is
    number `part`: its row i is the tensor's row i * parts + part when
    `interleaved`, else part * out + i.

    Constraints:
    - weight_layout-c1: `parts` is between 1 and 16, `part` below it, and one part
      is not interleaved.
    - weight_layout-c2: it says something.

    Example: `#moe.weight_layout<stacked = true, transposed = true>`
  }];
  let parameters = (ins DefaultValuedParameter<"bool", "false">:$stacked,
                        DefaultValuedParameter<"bool", "false">:$transposed,
                        DefaultValuedParameter<"int64_t", "0">:$part,
                        DefaultValuedParameter<"int64_t", "1">:$parts,
                        DefaultValuedParameter<"bool", "false">:$interleaved);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Moe_WeightNameAttr : Moe_Attr<"WeightName", "weight_name", "weight as the checkpoint names it"> {
  let description = [{
    Constraints:
    - weight_name-c1: the name is not empty.
    - weight_name-c2: `{expert}` is in the name once for the expert_* roles that
      are not stacked, and nowhere else.
    - weight_name-c3: only expert_* roles are stacked, only matrices transposed.
  }];
  let parameters = (ins EnumParameter<Moe_WeightRole>:$role, StringRefParameter<>:$name,
                        OptionalParameter<"::moec::moe::WeightLayoutAttr">:$layout);
  let assemblyFormat = "`<` $role $name (`in` $layout^)? `>`";
}

def Moe_LayerAttr : Moe_Attr<"Layer", "layer", "layer in closed form"> {
  let description = [{
    Everything that a `moe.layer` computes, in the fields of
    runtime/module/Layer.h. `LayerAttr.h` converts both ways without loss.

    Constraints:
    - layer_attr-c1: `hidden` is between 1 and 2^20, `experts` between 1 and
      65536.
    - layer_attr-c2: `tokens`, `weights` and `combine` are f32 or bf16.
    - layer_attr-c3: the router chooses at most `experts`.
    - layer_attr-c4: groups divide the experts evenly, and what is kept holds
      `top_k` experts.
    - layer_attr-c5: exactly the roles that the layer reads are named, once each.
    - layer_attr-c6: the routed experts are not `scaled`, and the shared expert
      has no bias.

    Life cycle: made by `--moe-distribute` from the body of a `moe.layer`; read
    by `--comm-schedule` (sizes of buffers) and when the module is written.
  }];
  let parameters = (ins
    "int64_t":$hidden,
    "int64_t":$experts,
    "::mlir::Type":$tokens,
    "::mlir::Type":$weights,
    "::mlir::Type":$combine,
    "::moec::moe::RouterAttr":$router,
    "::moec::moe::MlpAttr":$expert,
    OptionalParameter<"::moec::moe::MlpAttr">:$shared,
    DefaultValuedParameter<"bool", "false">:$residual,
    ArrayRefParameter<"::moec::moe::WeightNameAttr">:$names);
  let assemblyFormat = [{
    `<` `hidden` `=` $hidden `,` `experts` `=` $experts `,` `tokens` `=` $tokens `,`
    `weights` `=` $weights `,` `combine` `=` $combine `,` `router` `=` $router `,`
    `expert` `=` $expert `,` (`shared` `=` $shared^ `,`)? (`residual` `=` $residual^ `,`)? `names` `=` custom<Names>($names) `>`
  }];
}

#endif // MOEC_DIALECTS_MOE_MOEATTRS_TD
