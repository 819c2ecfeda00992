//===- MoeTypes.td - Whole tensors of a layer --------------*- tablegen -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_MOETYPES_TD
#define MOEC_DIALECTS_MOE_MOETYPES_TD

include "dialects/moe/MoeBase.td"

// The number of tokens is in no type: it is known only when a step runs.

class Moe_Type<string name, string typeMnemonic, string typeSummary>
    : TypeDef<Moe_Dialect, name> {
  let mnemonic = typeMnemonic;
  let summary = typeSummary;
  let genVerifyDecl = 1;
}

def Moe_TokensType : Moe_Type<"Tokens", "tokens", "token rows"> {
  let description = [{
    One row of `hidden` elements a token.

    Constraints:
    - tokens-c1: `hidden` is between 1 and 2^20.
    - tokens-c2: the element type is f32 or bf16.
  }];
  let parameters = (ins "int64_t":$hidden, "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $hidden `x` $elementType `>`";
}

def Moe_ScoresType : Moe_Type<"Scores", "scores", "scores over all experts"> {
  let description = [{
    One element a token and expert: logits, scores, or what chooses.

    Constraints:
    - scores-c1: `experts` is between 1 and 65536.
    - scores-c2: the element type is f32 or bf16.
  }];
  let parameters = (ins "int64_t":$experts, "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $experts `x` $elementType `>`";
}

def Moe_ChoicesType : Moe_Type<"Choices", "choices", "chosen experts of each token"> {
  let description = [{
    `topK` expert indices a token, in falling order of what chose them. The
    position 0 .. topK-1 of a choice is its *k-slot*.

    Constraints:
    - choices-c1: `topK` is positive and at most `experts` and 65535; `experts` is at
      most 65536.
  }];
  let parameters = (ins "int64_t":$topK, "int64_t":$experts);
  let assemblyFormat = "`<` $topK `of` $experts `>`";
}

def Moe_SharesType : Moe_Type<"Shares", "shares", "weights of the chosen experts"> {
  let description = [{
    One element a token and k-slot: how much the chosen expert contributes. (Not
    called weights: those are the parameters of a layer.)

    Constraints:
    - shares-c1: `topK` is between 1 and 65535.
    - shares-c2: the element type is f32 or bf16.
  }];
  let parameters = (ins "int64_t":$topK, "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $topK `x` $elementType `>`";
}

def Moe_RowsType : Moe_Type<"Rows", "rows", "expert rows"> {
  let description = [{
    One row of `hidden` elements a token and k-slot: what the chosen expert made
    of the token.

    Constraints:
    - rows-c1: `topK` is between 1 and 65535, `hidden` between 1 and 2^20.
    - rows-c2: the element type is f32 or bf16.
  }];
  let parameters = (ins "int64_t":$topK, "int64_t":$hidden, "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $topK `x` $hidden `x` $elementType `>`";
}

// Operand constraints. MLIR writes "must be <summary>, but got".
def Moe_ScoresOrShares
    : AnyTypeOf<[Moe_ScoresType, Moe_SharesType],
                "scores over all experts or weights of the chosen experts">;
class Moe_Weight<int rank, string weightSummary>
    : Type<And<[CPred<"::llvm::isa<::mlir::RankedTensorType>($_self)">,
                CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).hasStaticShape()">,
                CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() == " # rank>]>,
           weightSummary, "::mlir::RankedTensorType">;
def Moe_Vector : Moe_Weight<1, "vector [out] of static size">;
def Moe_Matrix : Moe_Weight<2, "matrix [out, in] of static size">;
def Moe_Stack : Moe_Weight<3, "stack of matrices [experts, out, in] of static size">;
def Moe_AnyWeight : AnyTypeOf<[Moe_Vector, Moe_Matrix, Moe_Stack], "vector, matrix or stack of matrices",
                              "::mlir::RankedTensorType">;

#endif // MOEC_DIALECTS_MOE_MOETYPES_TD
