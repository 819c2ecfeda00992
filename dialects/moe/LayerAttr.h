//===- LayerAttr.h - The closed form of a layer, as attribute and struct -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_LAYERATTR_H
#define MOEC_DIALECTS_MOE_LAYERATTR_H

#include "dialects/moe/MoeDialect.h"
#include "runtime/module/Layer.h"

namespace moec::moe {

/// f32 or bf16; the dialect has no other element type.
DType toDType(mlir::Type type);
mlir::Type toType(DType type, mlir::MLIRContext *context);

/// Without loss in either direction, but for `Layer::name`: that is the symbol's
/// name, and `name` is put there. The attribute must be verified, the struct
/// valid.
Layer toLayer(LayerAttr attribute, llvm::StringRef name);
LayerAttr toAttr(const Layer &layer, mlir::MLIRContext *context);

WeightLayout toLayout(WeightLayoutAttr attribute);
/// Null for a weight that is the whole tensor.
WeightLayoutAttr toAttr(const WeightLayout &layout, mlir::MLIRContext *context);

Placement toPlacement(PlacementAttr attribute);
PlacementAttr toAttr(const Placement &placement, mlir::MLIRContext *context);

} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_LAYERATTR_H
