//===- Sample.h - A small good module for tests ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_MODULE_SAMPLE_H
#define MOEC_TEST_RUNTIME_MODULE_SAMPLE_H

#include "runtime/module/Contents.h"

namespace moec::test {

/// Four experts of width 8 on hidden 16, top 2, softmax, normalised; f32
/// throughout, weights named "mlp...".
Layer sampleLayer();

/// The weights that `layer` needs, named "mlp...": call after changing the layer.
std::vector<WeightName> sampleWeights(const Layer &layer);

/// Expert e on rank e * ranks / experts; every expert once.
Placement linearPlacement(uint32_t experts, uint32_t ranks);

/// The plan that -comm-schedule makes for `layer`: direct_rows, serial steps.
plan::Plan directRowsPlan(const Layer &layer, uint32_t ranks, uint32_t depth = 1,
                          uint32_t window = 4);

/// All sections, for `layer` on `ranks`.
ModuleContents sampleContents(const Layer &layer, uint32_t ranks);

/// Something in every field: groups, biases, a shared expert, a replica, a rail,
/// two sources.
ModuleContents fullContents();

/// Three kernels, one launch of two variants, for a module on any number of ranks.
KernelSet sampleKernels(const ModuleContents &contents);

/// fullContents() with sampleKernels(), for target sm_90a.
ModuleContents kernelContents();

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_MODULE_SAMPLE_H
