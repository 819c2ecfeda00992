//===- WeightRoles.h - Which weights a layer has, and where -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_WEIGHTROLES_H
#define MOEC_RUNTIME_MODULE_WEIGHTROLES_H

#include "runtime/module/Layer.h"

namespace moec {

/// One an expert.
bool isExpertRole(WeightRole role);
/// A vector, not a matrix.
bool isBias(WeightRole role);
/// Whether the formulas of the layer read it.
bool isNeeded(WeightRole role, const Layer &layer);
/// The roles that are needed, in the order of the enum.
std::vector<WeightRole> rolesOf(const Layer &layer);

/// Of the weight itself, for one expert: [out, in], or [out] for a bias.
std::vector<int64_t> shapeOf(WeightRole role, const Layer &layer);
/// Of the tensor that holds it.
std::vector<int64_t> storedShape(const WeightName &weight, const Layer &layer);

/// Elements of a weight within its tensor: [row][column] is at first + row * rowStep +
/// column * columnStep. A bias is one row.
struct WeightView {
  uint64_t rows = 0, columns = 0;
  uint64_t first = 0, rowStep = 0, columnStep = 1;
  bool isDense() const { return columnStep == 1 && rowStep == columns; }
  bool operator==(const WeightView &) const = default;
};
WeightView viewOf(const WeightName &weight, const Layer &layer, uint32_t expert);

/// "" if the layout suits the role: only experts are stacked, only matrices transposed, and the
/// part is one of 1 to 16 parts.
std::string checkLayout(const WeightName &weight);

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_WEIGHTROLES_H
