//===- LayerReference.h - A layer in the reference's terms ------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The independent reference has enums of its own (test/reference); who compares a run
// with it says here what they are called there.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_LAYERREFERENCE_H
#define MOEC_RUNTIME_TOOLS_LAYERREFERENCE_H

#include "runtime/module/Layer.h"
#include "test/reference/Reference.h"

namespace moec {

/// The layer in the reference's own terms.
reference::Layer toReference(const Layer &layer);

/// The weight that the reference asks for.
WeightRole fromReference(reference::Weight weight);

/// Relative error that rounding explains: 1e-5 for a layer of f32 alone, 2e-2
/// where anything is rounded to bf16 on the way.
double toleranceOf(const Layer &layer);

} // namespace moec

#endif // MOEC_RUNTIME_TOOLS_LAYERREFERENCE_H
