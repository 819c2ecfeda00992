//===- MoeDialect.cpp - Registration and types of the moe dialect ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/moe/Checks.h"
#include "dialects/moe/MoeOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "runtime/module/Limits.h"
#include "runtime/plan/Limits.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec;
using namespace moec::moe;

#include "dialects/moe/MoeDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/moe/MoeTypes.cpp.inc"

void MoeDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/moe/MoeTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/moe/MoeOps.cpp.inc"
      >();
  registerAttributes();
}

LogicalResult MoeDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  auto refuse = [&](StringRef wanted) -> LogicalResult {
    return op->emitOpError() << "attribute " << name << " must be " << wanted << ", but is "
                             << value;
  };
  if (name == kLayerAttrName)
    return isa<LayerAttr>(value) ? success() : refuse("a #moe.layer");
  if (name == kMeshAttrName)
    return isa<MeshAttr>(value) ? success() : refuse("a #moe.mesh");
  if (name == kPlacementAttrName)
    return isa<PlacementAttr>(value) ? success() : refuse("a #moe.placement");
  if (name == kSourceAttrName)
    return isa<StringAttr>(value) ? success() : refuse("a string");
  if (name == kTargetAttrName) {
    auto target = dyn_cast<StringAttr>(value);
    return target && target == "sm_90a" ? success() : refuse("\"sm_90a\"");
  }
  if (name == kMaxTokensAttrName) {
    auto most = dyn_cast<IntegerAttr>(value);
    bool fits = most && most.getType().isSignlessInteger(64) && most.getInt() >= 1 &&
                most.getInt() <= maxTokensPerRank;
    return fits ? success() : refuse("an i64 between 1 and 2^24");
  }
  return op->emitOpError() << "attribute " << name << " is unknown to the moe dialect";
}

bool moec::moe::isSupportedElement(Type type) { return type.isF32() || type.isBF16(); }

LogicalResult moec::moe::verifySize(EmitError emitError, StringRef what, int64_t value,
                                    int64_t most) {
  if (value > 0 && value <= most)
    return success();
  return emitError() << what << " must be between 1 and " << most << ", but is " << value;
}

LogicalResult moec::moe::verifyElement(EmitError emitError, StringRef what, Type type) {
  if (isSupportedElement(type))
    return success();
  return emitError() << what << " must be f32 or bf16, but is " << type;
}

LogicalResult TokensType::verify(EmitError emitError, int64_t hidden, Type elementType) {
  if (failed(verifySize(emitError, "hidden size", hidden, maxHidden))) // tokens-c1
    return failure();
  return verifyElement(emitError, "element type", elementType); // tokens-c2
}

LogicalResult ScoresType::verify(EmitError emitError, int64_t experts, Type elementType) {
  if (failed(verifySize(emitError, "number of experts", experts, maxExperts))) // scores-c1
    return failure();
  return verifyElement(emitError, "element type", elementType); // scores-c2
}

LogicalResult ChoicesType::verify(EmitError emitError, int64_t topK, int64_t experts) {
  if (failed(verifySize(emitError, "number of experts", experts, maxExperts))) // choices-c1
    return failure();
  return verifySize(emitError, "number of choices", topK,
                    std::min<int64_t>(experts, plan::maxTopK));
}

LogicalResult SharesType::verify(EmitError emitError, int64_t topK, Type elementType) {
  if (failed(verifySize(emitError, "number of choices", topK, plan::maxTopK))) // shares-c1
    return failure();
  return verifyElement(emitError, "element type", elementType); // shares-c2
}

LogicalResult RowsType::verify(EmitError emitError, int64_t topK, int64_t hidden,
                               Type elementType) {
  if (failed(verifySize(emitError, "number of choices", topK, plan::maxTopK)) || // rows-c1
      failed(verifySize(emitError, "hidden size", hidden, maxHidden)))
    return failure();
  return verifyElement(emitError, "element type", elementType); // rows-c2
}
