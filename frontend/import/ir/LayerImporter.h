//===- LayerImporter.h - Builds the body of a moe.layer ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_IMPORT_IR_LAYERIMPORTER_H
#define MOEC_FRONTEND_IMPORT_IR_LAYERIMPORTER_H

#include "dialects/moe/LayerAttr.h"
#include "dialects/moe/MoeOps.h"
#include "frontend/parser/Program.h"
#include "mlir/IR/Builders.h"

namespace moec {

/// Places of a program as places of the IR. A fact that nobody wrote is at
/// `otherwise`.
class Places {
public:
  Places(const frontend::Sources &sources, mlir::MLIRContext *context)
      : sources(sources), context(context) {}
  mlir::Location get(const frontend::Location &place, mlir::Location otherwise) const;
  mlir::Location get(const frontend::Location &place) const {
    return get(place, mlir::UnknownLoc::get(context));
  }

private:
  const frontend::Sources &sources;
  mlir::MLIRContext *context;
};

/// Turns a Layer, which is in closed form, into the ops that say the same.
class LayerImporter {
public:
  LayerImporter(const Layer &layer, const frontend::LayerLocations &locations, const Places &places,
                mlir::OpBuilder &builder);
  /// Fills the empty body of the op.
  void importBody(moe::LayerOp op);

private:
  /// Where that part was written, else where the layer was.
  mlir::Location at(const frontend::Location &place) const { return places.get(place, layerPlace); }
  mlir::Type scores(DType type) const;
  mlir::Type shares(DType type) const;
  void importWeights();
  mlir::RankedTensorType weightType(WeightRole role) const;
  mlir::Value weight(WeightRole role) const { return weights[static_cast<size_t>(role)]; }
  mlir::Value importLogits();
  /// The experts to choose by, from the values that the shares are taken from.
  mlir::Value importChoices(mlir::Value base);
  mlir::Value importShares(mlir::Value base, mlir::Value choices);
  mlir::Value importShared();

  const Layer &layer;
  const frontend::LayerLocations &locations;
  const Places &places;
  mlir::OpBuilder &builder;
  mlir::Location layerPlace;
  mlir::Value tokens;
  mlir::Value weights[weightRoles]; ///< null where the layer has none
};

} // namespace moec

#endif // MOEC_FRONTEND_IMPORT_IR_LAYERIMPORTER_H
