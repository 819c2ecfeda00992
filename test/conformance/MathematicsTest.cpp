//===- MathematicsTest.cpp - Every term of a layer -------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/conformance/ConformanceTest.h"

namespace moec::test {
namespace {

Layer bf16(Layer layer) {
  layer.tokensType = layer.weightsType = DType::BF16;
  return layer;
}

TEST_P(Conformance, SoftmaxNormalized) { expectSameEverywhere(sampleLayer(), 13, 1); }

TEST_P(Conformance, SoftmaxNotNormalized) {
  expectSameEverywhere(layerWith([](Layer &layer) { layer.router.normalize = false; }), 13, 2);
}

TEST_P(Conformance, SoftmaxAfterTopK) {
  expectSameEverywhere(layerWith([](Layer &layer) {
                         layer.router.scoreAfterTopK = true;
                         layer.router.normalize = false;
                       }),
                       13, 3);
}

TEST_P(Conformance, SigmoidAfterTopKScaled) {
  expectSameEverywhere(layerWith([](Layer &layer) {
                         layer.router.score = ScoreFunction::Sigmoid;
                         layer.router.scoreAfterTopK = true;
                         layer.router.scale = 2.5;
                       }),
                       13, 4);
}

TEST_P(Conformance, IdentityScores) {
  expectSameEverywhere(layerWith([](Layer &layer) {
                         layer.router.score = ScoreFunction::Identity;
                         layer.router.normalize = false;
                       }),
                       13, 5);
}

TEST_P(Conformance, LogitsBias) {
  expectSameEverywhere(layerWith([](Layer &layer) { layer.router.logitsBias = true; }), 13, 6);
}

TEST_P(Conformance, SigmoidWithSelectionBias) {
  expectSameEverywhere(layerWith([](Layer &layer) {
                         layer.router.score = ScoreFunction::Sigmoid;
                         layer.router.selectionBias = true;
                         layer.router.normalizeEpsilon = 1e-20;
                       }),
                       13, 7);
}

Layer grouped(GroupScore score, RejectedValue rejected) {
  return layerWith([&](Layer &layer) {
    layer.experts = 12;
    layer.router.topK = 3;
    layer.router.score = ScoreFunction::Sigmoid;
    layer.router.selectionBias = true;
    layer.router.groups = GroupLimit{4, 2, score, rejected};
    layer.router.scale = 2.5;
  });
}

TEST_P(Conformance, GroupsBySumOfTwoBest) {
  expectSameEverywhere(grouped(GroupScore::SumOfTop2, RejectedValue::MinusInfinity), 17, 8);
}

TEST_P(Conformance, GroupsByBest) {
  expectSameEverywhere(grouped(GroupScore::Max, RejectedValue::Zero), 17, 9);
}

TEST_P(Conformance, GeluTanh) {
  expectSameEverywhere(
      layerWith([](Layer &layer) { layer.expert.activation = Activation::GeluTanh; }), 13, 10);
}

TEST_P(Conformance, SharedExpert) {
  expectSameEverywhere(
      layerWith([](Layer &layer) { layer.shared = SharedExpert{{24, Activation::Silu}, false}; }),
      13, 11);
}

TEST_P(Conformance, SharedExpertWithGate) {
  expectSameEverywhere(layerWith([](Layer &layer) {
                         layer.shared = SharedExpert{{20, Activation::GeluTanh}, true};
                       }),
                       13, 12);
}

/// gpt-oss: everything that its family has and others have not, with a limit that values pass.
Layer likeGptOss() {
  return layerWith([](Layer &layer) {
    layer.experts = 5;
    layer.expert = {20, ActivationExpr::clampedSwiglu(.75, 1.702), true, true, true};
    layer.router.logitsBias = layer.router.scoreAfterTopK = true;
    layer.router.normalize = false;
  });
}

TEST_P(Conformance, ClampedActivationAndBiases) { expectSameEverywhere(likeGptOss(), 13, 31); }

TEST_P(Conformance, BF16WithClampedActivationAndBiases) {
  Layer layer = bf16(likeGptOss());
  layer.router.logitsType = layer.router.weightsType = DType::BF16;
  expectSameEverywhere(layer, 13, 32);
}

TEST_P(Conformance, AnyActivation) {
  for (const char *postfix : {"gate softplus up tanh mul", "gate silu 1 min up -1 1 clamp mul",
                              "gate gelu up square 1 add div"})
    expectSameEverywhere(layerWith([&](Layer &layer) {
                           layer.expert.activation = *fromPostfix(postfix);
                           layer.shared = SharedExpert{{24, *fromPostfix(postfix)}, false};
                         }),
                         13, 33);
}

TEST_P(Conformance, ExpertsWithoutAGate) {
  for (DType type : {DType::F32, DType::BF16})
    expectSameEverywhere(layerWith([&](Layer &layer) {
                           layer.expert.activation = *fromPostfix("up relu square");
                           layer.expert.downBias = true;
                           layer.shared = SharedExpert{{24, *fromPostfix("up relu")}, false};
                           layer.tokensType = layer.weightsType = type;
                         }),
                         13, 34);
}

TEST_P(Conformance, Residual) {
  expectSameEverywhere(layerWith([](Layer &layer) { layer.residual = true; }), 13, 35);
  expectSameEverywhere(bf16(layerWith([](Layer &layer) {
                         layer.residual = true;
                         layer.shared = SharedExpert{{24, Activation::Silu}, true};
                       })),
                       13, 36);
}

TEST_P(Conformance, BF16) { expectSameEverywhere(bf16(sampleLayer()), 13, 13); }

TEST_P(Conformance, BF16WithRoundedLogitsAndWeights) {
  Layer layer = bf16(sampleLayer());
  layer.router.logitsType = layer.router.weightsType = DType::BF16;
  expectSameEverywhere(layer, 13, 14);
}

TEST_P(Conformance, BF16WithRowsReturnedAsBF16) {
  Layer layer = bf16(sampleLayer());
  layer.combineType = DType::BF16;
  expectSameEverywhere(layer, 13, 15);
}

TEST_P(Conformance, BF16WithSharedExpert) {
  expectSameEverywhere(bf16(layerWith([](Layer &layer) {
                         layer.shared = SharedExpert{{24, Activation::Silu}, true};
                       })),
                       13, 16);
}

TEST_P(Conformance, BF16TokensOnF32Weights) {
  Layer layer = sampleLayer();
  layer.tokensType = DType::BF16;
  expectSameEverywhere(layer, 13, 17);
}

TEST_P(Conformance, F32TokensOnBF16Weights) {
  Layer layer = sampleLayer();
  layer.weightsType = DType::BF16;
  expectSameEverywhere(layer, 13, 18);
}

/// Nothing is a multiple of a vector, a tile or two.
TEST_P(Conformance, OddSizes) {
  for (DType type : {DType::F32, DType::BF16})
    expectSameEverywhere(layerWith([&](Layer &layer) {
                           layer.hidden = 67;
                           layer.expert.intermediate = 35;
                           layer.experts = 7;
                           layer.router.topK = 3;
                           layer.shared = SharedExpert{{41, Activation::Silu}, true};
                           layer.tokensType = layer.weightsType = type;
                         }),
                         29, 19);
}

TEST_P(Conformance, SmallestSizes) {
  expectSameEverywhere(layerWith([&](Layer &layer) {
                         layer.hidden = 1;
                         layer.expert.intermediate = 1;
                         layer.experts = 2;
                         layer.router.topK = 1;
                       }),
                       3, 20);
}

/// Many rows an expert: whole tiles, several batches.
TEST_P(Conformance, ManyTokens) {
  for (DType type : {DType::F32, DType::BF16})
    expectSameEverywhere(layerWith([&](Layer &layer) {
                           layer.hidden = 48;
                           layer.expert.intermediate = 40;
                           layer.tokensType = layer.weightsType = type;
                         }),
                         1500, 21);
}

} // namespace
} // namespace moec::test
