//===- TileDialect.cpp - Registration of the tile dialect -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/tile/TileOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/FoldInterfaces.h"

using namespace mlir;
using namespace moec::tile;

#include "dialects/tile/TileDialect.cpp.inc"

namespace {
/// Constants stay inside the role that uses them: a role takes nothing but kernel
/// arguments and pipes from outside.
struct KeepConstantsInRoles : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region *region) const final {
    return isa<RoleOp>(region->getParentOp());
  }
};
} // namespace

void TileDialect::initialize() {
  registerTypes();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/tile/TileOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/tile/TileRoleOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/tile/TilePtxOps.cpp.inc"
      >();
  addInterfaces<KeepConstantsInRoles>();
}

LogicalResult TileDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  auto refuse = [&](StringRef wanted) -> LogicalResult {
    return op->emitOpError() << "attribute " << name << " must be " << wanted << ", but is "
                             << attribute.getValue();
  };
  if (name == kInfoAttrName)
    return isa<KernelInfoAttr>(attribute.getValue()) ? success() : refuse("a #tile.kernel_info");
  if (name == kArchAttrName || name == kFormAttrName)
    return isa<StringAttr>(attribute.getValue()) ? success() : refuse("a string");
  if (name == kFewSumsAttrName)
    return isa<UnitAttr>(attribute.getValue()) ? success() : refuse("a unit");
  return op->emitOpError() << "attribute " << name << " is unknown to the tile dialect";
}
