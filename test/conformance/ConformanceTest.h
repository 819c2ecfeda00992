//===- ConformanceTest.h - The suite's fixture ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_CONFORMANCE_CONFORMANCETEST_H
#define MOEC_TEST_CONFORMANCE_CONFORMANCETEST_H

#include "test/conformance/Backends.h"
#include "test/conformance/ModuleRun.h"
#include "test/runtime/module/Sample.h"

#include <gtest/gtest.h>

namespace moec::test {

/// Runs each case on each backend, but for the exceptions that the backend lists.
class Conformance : public testing::TestWithParam<BackendUnderTest> {
protected:
  void SetUp() override;

  Session::Options options(uint64_t testSeed = 0) const {
    return {GetParam().name, /*threads=*/2, 0, testSeed};
  }
  /// Weights and tokens of `layer`, in bf16 where the backend knows nothing else.
  LayerData make(Layer layer, uint32_t tokens, uint64_t seed) const {
    if (GetParam().runsKernels)
      layer.tokensType = layer.weightsType = DType::BF16;
    return LayerData(layer, tokens, seed);
  }
  LayerOutput run(const LayerData &data, const Arrangement &arrangement,
                  uint64_t testSeed = 0) const {
    return ModuleRun(data, arrangement, options(testSeed)).step(data);
  }
  /// One run on one rank agrees with the reference; it is returned.
  LayerOutput expectReference(const LayerData &data) const;
  /// The reference on one rank, and the same bits on several, however placed; with
  /// test mode too where the backend has it and the tokens are few.
  void expectSameEverywhere(const Layer &layer, uint32_t tokens, uint64_t seed) const;
};

/// sampleLayer(), changed by `change`, with the weights that it needs then.
template <typename Change> Layer layerWith(const Change &change) {
  Layer layer = sampleLayer();
  change(layer);
  layer.weights = sampleWeights(layer);
  return layer;
}

} // namespace moec::test

#endif // MOEC_TEST_CONFORMANCE_CONFORMANCETEST_H
