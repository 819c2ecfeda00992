//===- MoeDialect.h - The moe dialect: types and attributes -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Without the ops: enough for whoever only reads attributes.
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_MOEDIALECT_H
#define MOEC_DIALECTS_MOE_MOEDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "runtime/module/ActivationExpr.h"
#include <utility>

#include "dialects/moe/MoeDialect.h.inc"

#include "dialects/moe/MoeEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/moe/MoeAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/moe/MoeTypes.h.inc"

namespace moec::moe {

/// Names of the attributes that outlive the moe ops, on a `comm.plan`. The
/// dialect checks the kind of each wherever it hangs.
inline constexpr llvm::StringLiteral kLayerAttrName = "moe.layer";
inline constexpr llvm::StringLiteral kMeshAttrName = "moe.mesh";
inline constexpr llvm::StringLiteral kPlacementAttrName = "moe.placement";
inline constexpr llvm::StringLiteral kMaxTokensAttrName = "moe.max_tokens";
/// On the module: the path of the .moe file as the user gave it, a string.
inline constexpr llvm::StringLiteral kSourceAttrName = "moe.source";
/// On the module: what it is compiled for beside the cpu backend, "sm_90a". Absent:
/// the plan alone.
inline constexpr llvm::StringLiteral kTargetAttrName = "moe.target";

/// What a name has in place of the expert's number.
inline constexpr llvm::StringLiteral kExpertInName = "{expert}";

/// The role stands for one tensor an expert.
bool isExpertRole(WeightRole role);
/// f32 or bf16.
bool isSupportedElement(mlir::Type type);
/// "" if name and layout, which may be null, fit the role; else what is wrong with them.
std::string checkWeightName(WeightRole role, llvm::StringRef name, WeightLayoutAttr layout);
/// "" if exactly the roles that the layer reads are named, once each; `shared` may be null.
std::string checkRoles(RouterAttr router, MlpAttr expert, MlpAttr shared,
                       llvm::ArrayRef<WeightNameAttr> names);

} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_MOEDIALECT_H
