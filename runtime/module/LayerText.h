//===- LayerText.h - A layer's mathematics in words ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_LAYERTEXT_H
#define MOEC_RUNTIME_MODULE_LAYERTEXT_H

#include "runtime/module/Layer.h"
#include "runtime/plan/Plan.h"

#include <string>

namespace moec::rt {

/// Some lines, indented by two, each with a final newline: the formulas of Layer.h
/// with this layer's numbers in them, and what a plan with these sums makes of the last.
/// Wants a checked layer.
std::string layerText(const Layer &layer, plan::SumTree sums);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_LAYERTEXT_H
