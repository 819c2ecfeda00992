//===- RolePlace.h - Which warps run the code of a role ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between -tile-lower-roles and -tile-to-nvvm the code of a role stands in an
// scf.execute_region with this as attribute.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_LOWERING_ROLEPLACE_H
#define MOEC_PASSES_LOWERING_ROLEPLACE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace moec::lowering {

inline constexpr llvm::StringLiteral kPlaceAttrName = "warps";

/// On which all warps meet, each in the branch of its role: the last of the machine's 16.
inline constexpr unsigned kAllWarpsBarrier = 15;

struct RolePlace {
  unsigned first = 0; ///< warp of the CTA
  unsigned last = 0;
  unsigned warpsOfCta = 12;
  unsigned answer = 0; ///< bytes into shared memory: where one thread tells all warps

  unsigned warps() const { return last - first + 1; }
  unsigned threads() const { return warps() * 32; }
  bool isWholeCta() const { return warps() == warpsOfCta; }
  /// Of the named barrier on which the warps of the role meet. Roles of one stage have
  /// different first warps. Barrier 0 is that of the whole CTA, see GridBarrier.cpp.
  unsigned barrier() const { return isWholeCta() ? kAllWarpsBarrier : 1 + first; }

  mlir::Attribute toAttribute(mlir::MLIRContext *context) const {
    return mlir::DenseI32ArrayAttr::get(
        context, {int32_t(first), int32_t(last), int32_t(warpsOfCta), int32_t(answer)});
  }
  static RolePlace of(mlir::Operation *region) {
    auto attr = region->getAttrOfType<mlir::DenseI32ArrayAttr>(kPlaceAttrName);
    return {unsigned(attr[0]), unsigned(attr[1]), unsigned(attr[2]), unsigned(attr[3])};
  }
};

} // namespace moec::lowering

#endif // MOEC_PASSES_LOWERING_ROLEPLACE_H
