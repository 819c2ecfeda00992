//===- WeightTensor.h - A caller's weight, checked and converted -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_WEIGHTTENSOR_H
#define MOEC_RUNTIME_BACKENDS_WEIGHTTENSOR_H

#include "moec/runtime.h"
#include "runtime/backends/Backend.h"
#include "runtime/backends/WeightTable.h"
#include "runtime/base/Status.h"

#include <cstddef>
#include <functional>

namespace moec::rt {

/// "bf16"
const char *typeName(moec_dtype type);

/// `tensor` has a type that weights may have, the shape of `entry` (a vector may be
/// stored as one row) and data.
Status checkTensor(const WeightEntry &entry, const moec_tensor &tensor);

/// Rows `first` .. + `count` of the weight as `type`, `pitch` bytes apart; the tensor's
/// data need no alignment.
void convertRows(const moec_tensor &tensor, const WeightView &view, uint64_t first, uint64_t count,
                 DType type, std::byte *target, uint64_t pitch);

/// All elements of the weight, rounded to `roundTo`, as f32.
std::vector<float> floatsOf(const moec_tensor &tensor, const WeightView &view, DType roundTo);

/// Looks up each tensor of the table once, checks it, and hands it to `load` with each
/// weight that it holds.
Status loadWeights(const Manifest &manifest, const WeightLookup &lookup,
                   const std::function<Status(const WeightEntry &, const moec_tensor &)> &load);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_WEIGHTTENSOR_H
