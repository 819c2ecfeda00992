//===- MoeOps.td - What a layer computes -------------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_MOEOPS_TD
#define MOEC_DIALECTS_MOE_MOEOPS_TD

include "dialects/moe/MoeAttrs.td"
include "dialects/moe/MoeTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Sentences that hold for every op of a body.
defvar lifeOfMath = [{
    Life cycle: made by `importProgram`, legal in the phases import to place,
    read and removed by `--moe-distribute`.
}];
defvar pure = [{
    Effects: none; it is ordered by its operands alone.
}];

class Moe_Op<string mnemonic, list<Trait> traits = []> : Op<Moe_Dialect, mnemonic, traits>;

/// An op of a layer's mathematics: a value of its operands and nothing else.
/// `valueName` is what the printer calls the value.
class Moe_MathOp<string mnemonic, string valueName, list<Trait> traits = []>
    : Moe_Op<mnemonic, !listconcat([Pure, HasParent<"LayerOp">,
                                    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>],
                                   traits)> {
  let extraClassDefinition = [{
    void $cppClass::getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) {
      setName(getOperation()->getResult(0), "}] # valueName # [{");
    }
  }];
}

//===----------------------------------------------------------------------===//
// The layer
//===----------------------------------------------------------------------===//

def Moe_LayerOp : Moe_Op<"layer", [
    IsolatedFromAbove, Symbol, SingleBlock,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "One layer; its body holds the mathematics";
  let description = [{
    Maps the token rows of a step, all ranks together, to the rows of the result.
    The body is one block: its argument is the token rows, `moe.yield` gives the
    result, and in between every step from logits to sum is an op.

    Life cycle: made by `importProgram` with a `request`; `--moe-place` turns the
    request into a `placement`; `--moe-distribute` turns the layer into a
    `comm.plan` of the same name. Legal in the phases import, check and place.

    Attributes: `experts`, the number of logical experts; `mesh`, the ranks that
    share them; `maxTokens`, the most tokens that a rank brings to a step (absent:
    the session says); `request` and `placement`, what was asked for and what was
    decided; `schedule`, what was asked for.

    Constraints:
    - layer-c1: the body has one argument, of token rows.
    - layer-c2: `experts` is between 1 and 65536 (16 bits of a dispatched record),
      and every value of the body that speaks of experts speaks of that many.
    - layer-c3: the placement has one list a rank.
    - layer-c4: every expert is on some rank, and no other expert is.
    - layer-c5: the result has the hidden size of the argument.
    - layer-c6: the request names experts and ranks that exist, and counts all experts.
    - layer-c7: no role of a weight is there twice.
    - layer-c8: `maxTokens` is between 1 and 2^24.

    Effects: none of its own; a symbol of its module.
    Example: test/dialects/moe/ops.mlir
    Lowering: `comm.plan`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$experts, Moe_MeshAttr:$mesh,
                       OptionalAttr<I64Attr>:$maxTokens,
                       OptionalAttr<Moe_PlacementRequestAttr>:$request,
                       OptionalAttr<Moe_PlacementAttr>:$placement,
                       OptionalAttr<Moe_ScheduleAttr>:$schedule);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `experts` $experts `on` qualified($mesh) (`tokens_at_most` $maxTokens^)? (`request` qualified($request)^)?
    (`placed` qualified($placement)^)? (`schedule` qualified($schedule)^)?
    attr-dict-with-keyword custom<Body>($body)
  }];
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The token rows. Valid once the op is verified.
    ::mlir::BlockArgument getTokens() { return getBody().front().getArgument(0); }
    ::moec::moe::YieldOp getYield();
    /// The weight of that role, or null.
    ::moec::moe::WeightOp getWeight(::moec::moe::WeightRole role);
  }];
}

def Moe_YieldOp : Moe_Op<"yield", [Pure, Terminator, HasParent<"LayerOp">]> {
  let summary = "The result rows of a layer";
  let description = [{
    Ends the body of a `moe.layer` and names the rows that the layer gives back.
  }] # lifeOfMath # [{
    Constraints: those of its layer (layer-c5).
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: the output buffer of the `comm.plan`.
  }];
  let arguments = (ins Moe_TokensType:$rows);
  let assemblyFormat = "$rows attr-dict `:` qualified(type($rows))";
}

def Moe_WeightOp : Moe_MathOp<"weight", "weight"> {
  let summary = "A parameter of the layer, by its name in the checkpoint";
  let description = [{
    The tensor that the checkpoint stores under `name`, converted to the element
    type of the result when it is loaded. `role` says what it is for, and with it
    the shape; the expert_* roles stand for one matrix or bias an expert, and
    `{expert}` in the name for the expert's number. `layout` says where it lies in
    the stored tensor, if it is not the whole.
  }] # lifeOfMath # [{
    Attributes: `role`; `name`, with the layer's number already in it; `layout`.
    Result: a vector [out], a matrix [out, in], biases [experts, out] or a stack
    [experts, out, in].

    Constraints:
    - weight-c1: the name is not empty, and `{expert}` is in it once for the
      expert_* roles that are not stacked and nowhere else; the layout suits the
      role.
    - weight-c2: biases of the router are vectors, those of experts matrices, the
      other expert_* stacks, all others matrices, and every extent is positive.
    - weight-c3: the elements are f32 or bf16; those of a bias f32.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: an entry of the manifest; each rank loads its own experts.
  }];
  let arguments = (ins Moe_WeightRoleAttr:$role, StrAttr:$name,
                       OptionalAttr<Moe_WeightLayoutAttr>:$layout);
  let results = (outs Moe_AnyWeight:$tensor);
  let assemblyFormat = "`` $role (`in` $layout^)? $name attr-dict `:` qualified(type($tensor))";
  let hasVerifier = 1;
  let extraClassDefinition = [{
    void $cppClass::getAsmResultNames(::mlir::OpAsmSetValueNameFn setName) {
      setName(getTensor(), stringifyWeightRole(getRole()));
    }
  }];
}

//===----------------------------------------------------------------------===//
// Router: from tokens to choices and their shares
//===----------------------------------------------------------------------===//

def Moe_RouterLogitsOp : Moe_MathOp<"router_logits", "logits"> {
  let summary = "Product of the token rows with the router's matrix";
  let description = [{
    `z = x W^T`, accumulated and kept in f32. A model that keeps its logits in
    bf16 has a `moe.round` behind it.
  }] # lifeOfMath # [{
    Operands: token rows; matrix [experts, hidden]. Result: logits.

    Constraints:
    - router_logits-c1: the matrix is [experts of the result, hidden of the tokens].
    - router_logits-c2: the result is f32.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: part of the `route` task of the plan.
  }];
  let arguments = (ins Moe_TokensType:$tokens, Moe_Matrix:$matrix);
  let results = (outs Moe_ScoresType:$logits);
  let assemblyFormat = "$tokens `,` $matrix attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Moe_AddBiasOp : Moe_MathOp<"add_bias", "biased", [AllTypesMatch<["scores", "result"]>]> {
  let summary = "Scores plus one constant an expert";
  let description = [{
    `z + b` in f32. On the logits it is the router's own bias. Between the score
    and `moe.top_k` it is a selection bias: it moves choices, and the shares are
    gathered from the value before it.
  }] # lifeOfMath # [{
    Operands: scores; vector [experts]. Result: scores of the same type.

    Constraints:
    - add_bias-c1: the vector has one element an expert.
    - add_bias-c2: scores and vector are f32.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: part of the `route` task of the plan.
  }];
  let arguments = (ins Moe_ScoresType:$scores, Moe_Vector:$bias);
  let results = (outs Moe_ScoresType:$result);
  let assemblyFormat = "$scores `,` $bias attr-dict `:` qualified(type($scores)) `,` qualified(type($bias))";
  let hasVerifier = 1;
}

def Moe_RoundOp : Moe_MathOp<"round", "rounded"> {
  let summary = "The same values in another precision";
  let description = [{
    Each value rounded to the element type of the result, to nearest, ties to
    even.
  }] # lifeOfMath # [{
    Operands: scores or shares. Result: the same, but for the element type.

    Constraints:
    - round-c1: operand and result differ in nothing but the element type.
    - round-c2: the result is not wider than the operand.

    Folds: to its operand where the types are equal.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir, test/dialects/moe/router-canonicalize.mlir
    Lowering: `logits` or `shares` of the `#moe.router`.
  }];
  let arguments = (ins Moe_ScoresOrShares:$values);
  let results = (outs Moe_ScoresOrShares:$result);
  let assemblyFormat = "$values attr-dict `:` qualified(type($values)) `->` qualified(type($result))";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Moe_ScoreOp : Moe_MathOp<"score", "scores"> {
  let summary = "Score function over each token's values";
  let description = [{
    `softmax` over the values of one token, `sigmoid` of each, or `identity`,
    computed and kept in f32. On scores over all experts the score comes before
    the choice, on shares after it.
  }] # lifeOfMath # [{
    Attributes: `function`. Operands: scores or shares. Result: the same in f32.

    Constraints:
    - score-c1: operand and result differ in nothing but the element type.
    - score-c2: the result is f32.

    Folds: `identity` of an f32 operand, to the operand.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir, test/dialects/moe/router-canonicalize.mlir
    Lowering: part of the `route` task of the plan.
  }];
  let arguments = (ins Moe_ScoreFunctionAttr:$function, Moe_ScoresOrShares:$values);
  let results = (outs Moe_ScoresOrShares:$result);
  let assemblyFormat = "`` $function $values attr-dict `:` qualified(type($values)) `->` qualified(type($result))";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Moe_GroupLimitOp : Moe_MathOp<"group_limit", "limited", [AllTypesMatch<["scores", "result"]>]> {
  let summary = "Scores with all but the best groups of experts put out of the running";
  let description = [{
    The experts form `count` equal groups in index order. A group's own score is
    its `max`, or the sum of its two largest members; the best `kept` groups
    (ties to the lower index) keep their values, and the members of the others
    become minus infinity or zero.
  }] # lifeOfMath # [{
    Attributes: `count`, `kept`, in groups; `by`; `rejected`. Operand and result:
    scores.

    Constraints:
    - group_limit-c1: `count` is positive and divides the experts.
    - group_limit-c2: `kept` is positive and at most `count`.
    - group_limit-c3: a sum of two asks for groups of two or more.

    Folds: to its operand where all groups are kept.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir, test/dialects/moe/router-canonicalize.mlir
    Lowering: part of the `route` task of the plan.
  }];
  let arguments = (ins Moe_ScoresType:$scores, I64Attr:$count, I64Attr:$kept,
                       Moe_GroupScoreAttr:$by, Moe_RejectedValueAttr:$rejected);
  let results = (outs Moe_ScoresType:$result);
  let assemblyFormat = [{
    $scores `groups` $count `keep` $kept `by` `` $by `rejected` `` $rejected attr-dict `:` qualified(type($scores))
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Moe_TopKOp : Moe_MathOp<"top_k", "choices"> {
  let summary = "The experts with the largest scores of each token";
  let description = [{
    The indices of the k largest scores, in falling order; of equal scores the
    lower index comes first. k is in the result's type.
  }] # lifeOfMath # [{
    Operand: scores. Result: choices, one a k-slot.

    Constraints:
    - topk-c1: operand and result speak of the same number of experts.
    - topk-c2: behind a group limit, the groups that are kept hold at least k
      experts.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: part of the `route` task of the plan.
  }];
  let arguments = (ins Moe_ScoresType:$scores);
  let results = (outs Moe_ChoicesType:$choices);
  let assemblyFormat = "$scores attr-dict `:` qualified(type($scores)) `->` qualified(type($choices))";
  let hasVerifier = 1;
}

def Moe_GatherScoresOp : Moe_MathOp<"gather_scores", "shares"> {
  let summary = "The scores of the chosen experts";
  let description = [{
    Value k of a token is its score at the expert of its k-slot.
  }] # lifeOfMath # [{
    Operands: scores; choices. Result: shares of the scores' element type.

    Constraints:
    - gather_scores-c1: scores and choices speak of the same number of experts.
    - gather_scores-c2: the result has one element a k-slot, of the scores' type.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: part of the `route` task of the plan.
  }];
  let arguments = (ins Moe_ScoresType:$scores, Moe_ChoicesType:$choices);
  let results = (outs Moe_SharesType:$shares);
  let assemblyFormat = "$scores `at` $choices attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Moe_NormalizeOp : Moe_MathOp<"normalize", "shares", [SameOperandsAndResultType]> {
  let summary = "Shares divided by their sum";
  let description = [{
    `w / (sum over k of w + epsilon)`, in f32.
  }] # lifeOfMath # [{
    Attributes: `epsilon`, added to the sum. Operand and result: shares.

    Constraints:
    - normalize-c1: the shares are f32.
    - normalize-c2: `epsilon` is finite and not negative.

    Does not fold with another `moe.normalize`: the bits of a second division
    differ.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: `normalize` of the `#moe.router`.
  }];
  let arguments = (ins Moe_SharesType:$shares, F64Attr:$epsilon);
  let results = (outs Moe_SharesType:$result);
  let assemblyFormat = "$shares `epsilon` $epsilon attr-dict `:` qualified(type($shares))";
  let hasVerifier = 1;
}

def Moe_ScaleOp : Moe_MathOp<"scale", "shares", [SameOperandsAndResultType]> {
  let summary = "Shares times a constant";
  let description = [{
    `w * factor`, in f32.
  }] # lifeOfMath # [{
    Attributes: `factor`. Operand and result: shares.

    Constraints:
    - scale-c1: the shares are f32.
    - scale-c2: `factor` is finite.

    Folds: a factor of 1, to its operand; two scales into one where a factor is a
    power of two, which changes no bit.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir, test/dialects/moe/router-canonicalize.mlir
    Lowering: `scale` of the `#moe.router`.
  }];
  let arguments = (ins Moe_SharesType:$shares, F64Attr:$factor);
  let results = (outs Moe_SharesType:$result);
  let assemblyFormat = "$shares `by` $factor attr-dict `:` qualified(type($shares))";
  let hasFolder = 1;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Experts and their sum
//===----------------------------------------------------------------------===//

def Moe_ExpertsOp : Moe_MathOp<"experts", "rows", [AttrSizedOperandSegments]> {
  let summary = "What each chosen expert makes of the token";
  let description = [{
    Row (t, k) is `act(x Wg^T, x Wu^T) Wd^T` of token t with the matrices of the
    expert in its k-slot, each product plus its bias where there is one. Products
    accumulate in f32; `act` is rounded to the tokens' type before the down
    product, the row, times its share, to the type of the result.
  }] # lifeOfMath # [{
    Attributes: `activation`. Operands: token rows; choices; the stacks; biases.
    Result: one row a token and k-slot.

    Constraints:
    - experts-c1: gate and up are [experts, intermediate, hidden], down is
      [experts, hidden, intermediate]; biases of gate and up are [experts,
      intermediate], those of down [experts, hidden].
    - experts-c2: the stacks have one element type.
    - experts-c3: the result has the hidden size of the tokens and the k-slots of
      the choices.
    - experts-c4: there is a gate exactly where the activation reads it, and its
      bias only then.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: `comm.dispatch`, the `experts` task, `comm.combine`.
  }];
  let arguments = (ins Moe_ActivationAttr:$activation, Moe_TokensType:$tokens,
                       Moe_ChoicesType:$choices, Optional<Moe_Stack>:$gate, Moe_Stack:$up,
                       Moe_Stack:$down, Optional<Moe_Matrix>:$gateBias, Optional<Moe_Matrix>:$upBias,
                       Optional<Moe_Matrix>:$downBias);
  let results = (outs Moe_RowsType:$rows);
  let assemblyFormat = [{
    `` $activation $tokens `at` $choices (`gate` $gate^)? `up` $up `down` $down
    (`gate_bias` $gateBias^)? (`up_bias` $upBias^)? (`down_bias` $downBias^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Moe_SharedExpertOp : Moe_MathOp<"shared_expert", "shared", [AttrSizedOperandSegments]> {
  let summary = "What the shared expert makes of every token";
  let description = [{
    The MLP of `moe.experts` with one set of matrices, for every token, kept in
    f32; multiplied by `sigmoid(ws . x)` where `scale` is given.
  }] # lifeOfMath # [{
    Attributes: `activation`. Operands: token rows; the matrices; optionally ws as
    a matrix [1, hidden]. Result: f32 rows.

    Constraints:
    - shared_expert-c1: gate and up are [intermediate, hidden], down is [hidden,
      intermediate], scale is [1, hidden].
    - shared_expert-c2: all matrices have one element type.
    - shared_expert-c3: the result is f32 and has the hidden size of the tokens.
    - shared_expert-c4: there is a gate exactly where the activation reads it.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: the `shared` task of the plan, which runs beside the exchange.
  }];
  let arguments = (ins Moe_ActivationAttr:$activation, Moe_TokensType:$tokens,
                       Optional<Moe_Matrix>:$gate, Moe_Matrix:$up, Moe_Matrix:$down,
                       Optional<Moe_Matrix>:$scale);
  let results = (outs Moe_TokensType:$rows);
  let assemblyFormat = [{
    `` $activation $tokens (`gate` $gate^)? `up` $up `down` $down (`scale` $scale^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Moe_CombineOp : Moe_MathOp<"combine", "result", [AttrSizedOperandSegments]> {
  let summary = "Weighted sum of each token's expert rows";
  let description = [{
    `sum over k of w_k * row_k`, then `+ shared`, then `+ residual` where given, in
    f32 and in just this order, so that the result has the same bits for any
    placement, rank count and schedule.
  }] # lifeOfMath # [{
    Operands: expert rows; shares; optionally the rows of the shared expert and
    token rows. Result: f32 rows.

    Constraints:
    - combine-c1: rows and shares have the same number of k-slots.
    - combine-c2: shared and result are f32 and have the hidden size of the rows;
      the residual has that size.
  }] # pure # [{
    Example: test/dialects/moe/ops.mlir
    Lowering: `comm.combine`, which ends in the `slot_sum` task of the plan.
  }];
  let arguments = (ins Moe_RowsType:$rows, Moe_SharesType:$shares, Optional<Moe_TokensType>:$shared,
                       Optional<Moe_TokensType>:$residual);
  let results = (outs Moe_TokensType:$result);
  let assemblyFormat = [{
    $rows `weighted` $shares (`plus` $shared^)? (`residual` $residual^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // MOEC_DIALECTS_MOE_MOEOPS_TD
