//===- MoeBase.td - The moe dialect and its enums ----------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_MOEBASE_TD
#define MOEC_DIALECTS_MOE_MOEBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Moe_Dialect : Dialect {
  let name = "moe";
  let cppNamespace = "::moec::moe";
  let summary = "What a Mixture-of-Experts layer computes";
  let description = [{
    The mathematics of a layer on whole tensors: no rank, no message and no
    buffer appears here. The one thing that speaks of ranks is the decision
    `#moe.placement`, an attribute of the layer.

    Life cycle: `importProgram` makes it from a `.moe` source; `--moe-place`
    adds the placement; `--moe-distribute` turns each `moe.layer` into a
    `comm.plan`, and no moe op is left. What the module must still say of the
    mathematics (the manifest) stays as the attributes `#moe.layer`,
    `#moe.placement` and `#moe.mesh` on that plan.

    Numbers: an element type in a type of this dialect is the precision to which
    the value is rounded where it is made. Sums are in f32 whatever the type.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = "void registerAttributes();";
}

//===----------------------------------------------------------------------===//
// Enums. Cases and values are those of runtime/module/Layer.h; LayerAttr.cpp
// asserts it.
//===----------------------------------------------------------------------===//

class Moe_Enum<string name, string summary, list<I32EnumCase> cases>
    : I32Enum<name, summary, cases> {
  let cppNamespace = "::moec::moe";
}

def Moe_ScoreFunction : Moe_Enum<"ScoreFunction", "score function", [
    I32EnumCase<"Identity", 0, "identity">,
    I32EnumCase<"Softmax", 1, "softmax">,
    I32EnumCase<"Sigmoid", 2, "sigmoid">]>;
def Moe_GroupScore : Moe_Enum<"GroupScore", "score of a group of experts", [
    I32EnumCase<"Max", 0, "max">,
    I32EnumCase<"SumOfTop2", 1, "sum_of_top2">]>;
def Moe_RejectedValue : Moe_Enum<"RejectedValue", "value of a rejected group's members", [
    I32EnumCase<"MinusInfinity", 0, "minus_infinity">,
    I32EnumCase<"Zero", 1, "zero">]>;
def Moe_WeightRole : Moe_Enum<"WeightRole", "role of a weight", [
    I32EnumCase<"Router", 0, "router">,
    I32EnumCase<"RouterBias", 1, "router_bias">,
    I32EnumCase<"SelectionBias", 2, "selection_bias">,
    I32EnumCase<"ExpertGate", 3, "expert_gate">,
    I32EnumCase<"ExpertUp", 4, "expert_up">,
    I32EnumCase<"ExpertDown", 5, "expert_down">,
    I32EnumCase<"SharedGate", 6, "shared_gate">,
    I32EnumCase<"SharedUp", 7, "shared_up">,
    I32EnumCase<"SharedDown", 8, "shared_down">,
    I32EnumCase<"SharedScale", 9, "shared_scale">,
    I32EnumCase<"ExpertGateBias", 10, "expert_gate_bias">,
    I32EnumCase<"ExpertUpBias", 11, "expert_up_bias">,
    I32EnumCase<"ExpertDownBias", 12, "expert_down_bias">]>;
/// How experts that no list and no pin names are dealt to ranks.
def Moe_PlacementRule : Moe_Enum<"PlacementRule", "placement rule", [
    I32EnumCase<"Linear", 0, "linear">,
    I32EnumCase<"RoundRobin", 1, "round_robin">,
    I32EnumCase<"None", 2, "none">,
    I32EnumCase<"ByLoad", 3, "by_load">]>;

/// Which copy of an expert serves a token. Values: passes/placement/ServeTurns.h.
def Moe_Serve : Moe_Enum<"Serve", "rule of copies", [
    I32EnumCase<"InTurn", 0, "in_turn">, I32EnumCase<"Nearest", 1, "nearest">,
    I32EnumCase<"Balanced", 2, "balanced">]>;

/// How rows travel, and what comes back. Values: passes/scheduling/ScheduleProblem.h.
def Moe_Algorithm : Moe_Enum<"Algorithm", "schedule of an exchange", [
    I32EnumCase<"StaggeredPut", 0, "staggered">, I32EnumCase<"TwoTier", 1, "two_tier">,
    I32EnumCase<"Multicast", 2, "multicast">, I32EnumCase<"Staged", 3, "staged">,
    I32EnumCase<"Birkhoff", 4, "birkhoff">]>;
def Moe_Rates : Moe_Enum<"Rates", "how puts in flight share a link", [
    I32EnumCase<"Equal", 0, "equal">, I32EnumCase<"Sizes", 1, "sizes">]>;
def Moe_Engine : Moe_Enum<"Engine", "who moves the bytes of a put", [
    I32EnumCase<"Sm", 0, "sm">, I32EnumCase<"Copy", 1, "copy">]>;
def Moe_Crossing : Moe_Enum<"Crossing", "way between the groups of a machine", [
    I32EnumCase<"Peer", 0, "peer">, I32EnumCase<"Host", 1, "host">]>;
def Moe_Combine : Moe_Enum<"Combine", "what comes back to a token's rank", [
    I32EnumCase<"Rows", 0, "rows">, I32EnumCase<"Partial", 1, "partial">,
    I32EnumCase<"Switch", 2, "switch">]>;

/// Which stages of a step share a launch. Values: passes/fusion/KernelForm.h.
def Moe_Fusion : Moe_Enum<"Fusion", "stages that share a launch", [
    I32EnumCase<"Nothing", 0, "nothing">,
    I32EnumCase<"DispatchUp", 1, "dispatch_up">,
    I32EnumCase<"DownCombine", 2, "down_combine">,
    I32EnumCase<"DispatchUpDownCombine", 3, "dispatch_up_down_combine">,
    I32EnumCase<"Everything", 4, "everything">,
    I32EnumCase<"Auto", 5, "auto">]>;

def Moe_ScoreFunctionAttr : EnumAttr<Moe_Dialect, Moe_ScoreFunction, "score_function">;
def Moe_GroupScoreAttr : EnumAttr<Moe_Dialect, Moe_GroupScore, "group_score">;
def Moe_RejectedValueAttr : EnumAttr<Moe_Dialect, Moe_RejectedValue, "rejected_value">;
def Moe_WeightRoleAttr : EnumAttr<Moe_Dialect, Moe_WeightRole, "weight_role">;

#endif // MOEC_DIALECTS_MOE_MOEBASE_TD
