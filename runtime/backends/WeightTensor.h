//===- WeightTensor.h - A caller's weight, checked and converted -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_WEIGHTTENSOR_H
#define MOEC_RUNTIME_BACKENDS_WEIGHTTENSOR_H

#include "moec/runtime.h"
#include "runtime/backends/WeightTable.h"
#include "runtime/base/Status.h"

#include <cstddef>

namespace moec::rt {

/// "bf16"
const char *typeName(moec_dtype type);

/// `tensor` has a type that weights may have, the shape of `entry` (a vector may be
/// stored as one row) and data.
Status checkTensor(const WeightEntry &entry, const moec_tensor &tensor);

/// Elements `first` .. + `count` as `type`; the tensor's data need no alignment.
void convertElements(const moec_tensor &tensor, size_t first, size_t count, DType type,
                     std::byte *target);

/// The first `count` elements, rounded to `roundTo`, as f32.
std::vector<float> floatsOf(const moec_tensor &tensor, size_t count, DType roundTo);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_WEIGHTTENSOR_H
