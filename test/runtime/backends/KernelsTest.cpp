//===- KernelsTest.cpp - Products, and their bits --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/gemm/Kernels.h"
#include "runtime/backends/Float.h"
#include "runtime/backends/cpu/gemm/SelfTest.h"
#include "test/reference/Activation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace moec::test {
namespace {

using namespace rt::cpu;

constexpr DType types[] = {DType::F32, DType::BF16};

template <typename Body> void forEverySet(const Body &body) {
  for (DType tokens : types)
    for (DType weights : types)
      for (const std::unique_ptr<KernelSet> &set : allKernelSets(tokens, weights)) {
        SCOPED_TRACE(set->name());
        body(*set, tokens);
      }
}

TEST(Kernels, PassTheirSelfTest) {
  forEverySet([](const KernelSet &set, DType tokens) { EXPECT_EQ(selfTest(set, tokens), ""); });
}

std::vector<std::byte> randomElements(size_t count, DType type, uint32_t seed) {
  std::vector<std::byte> bytes(count * sizeOf(type));
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (size_t i = 0; i < count; ++i) {
    float value = normal(random);
    uint16_t half = rt::toBF16(value);
    if (type == DType::F32)
      std::memcpy(bytes.data() + i * 4, &value, 4);
    else
      std::memcpy(bytes.data() + i * 2, &half, 2);
  }
  return bytes;
}

/// The bits of a row for every number of rows around it, in one call and cut anywhere.
TEST(Kernels, RowsDoNotSeeEachOther) {
  constexpr uint32_t depth = 130, columns = 64, most = 300;
  forEverySet([](const KernelSet &set, DType tokens) {
    std::vector<std::byte> source = randomElements(most * depth, tokens, 1);
    std::vector<std::byte> weights = randomElements(columns * depth, set.weightsType(), 2);
    size_t stride = set.rowElements(depth) * sizeOf(set.rowType());
    std::vector<std::byte> rows(most * stride);
    for (uint32_t row = 0; row < most; ++row)
      set.fillRow(source.data() + row * depth * sizeOf(tokens), tokens, depth,
                  rows.data() + row * stride);
    std::vector<std::byte> panels(set.panelsOf(columns) * set.panelBytes(depth) + 32768);
    for (uint32_t panel = 0; panel < set.panelsOf(columns); ++panel)
      set.packPanel(weights.data(), depth, panel * set.panelColumns(), set.panelColumns(), 0,
                    panels.data() + panel * set.panelBytes(depth));
    auto multiply = [&](uint32_t first, uint32_t count) {
      std::vector<float> out(count * columns);
      std::vector<std::byte *> targets;
      for (uint32_t row = 0; row < count; ++row)
        targets.push_back(reinterpret_cast<std::byte *>(&out[row * columns]));
      set.multiply({rows.data() + first * stride, stride, count},
                   {panels.data(), 0, set.panelsOf(columns), depth},
                   {targets.data(), DType::F32, columns});
      return out;
    };
    std::vector<float> all = multiply(0, most);
    for (uint32_t count = 1; count < most; count += count < 40 ? 1 : 13) {
      uint32_t first = count * 7 % (most - count + 1);
      EXPECT_EQ(std::memcmp(multiply(first, count).data(), &all[first * columns],
                            count * columns * sizeof(float)),
                0)
          << count << " rows from " << first;
    }
  });
}

/// bf16 results are the nearest bf16, ties to even; a NaN stays one.
TEST(Kernels, ResultsAreRoundedToNearestEven) {
  forEverySet([](const KernelSet &set, DType tokens) {
    if (set.rowType() == DType::BF16)
      return; // cannot take these rows
    const float values[] = {1.00390625f,
                            1.01171875f,
                            1.0f,
                            std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity(),
                            -3.4e38f,
                            1e-40f};
    std::vector<std::byte> one(sizeOf(set.weightsType()));
    float unit = 1;
    uint16_t half = rt::toBF16(unit);
    std::memcpy(one.data(), set.weightsType() == DType::F32 ? static_cast<void *>(&unit) : &half,
                one.size());
    std::vector<std::byte> panel(set.panelBytes(1) + 32768);
    set.packPanel(one.data(), 1, 0, 1, 0, panel.data());
    for (float value : values) {
      std::vector<std::byte> row(set.rowElements(1) * 4);
      set.fillRow(reinterpret_cast<const std::byte *>(&value), DType::F32, 1, row.data());
      uint16_t found = 0;
      std::byte *target = reinterpret_cast<std::byte *>(&found);
      set.multiply({row.data(), row.size(), 1}, {panel.data(), 0, 1, 1}, {&target, DType::BF16, 1});
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(rt::fromBF16(found)));
      else
        EXPECT_EQ(found, rt::toBF16(value)) << value;
    }
  });
}

/// Gate and up values that are exact in bf16.
struct Inputs {
  std::vector<float> gates, ups;
};

std::vector<std::byte> stored(const std::vector<float> &values, DType type) {
  std::vector<std::byte> bytes(values.size() * sizeOf(type));
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t half = rt::toBF16(values[i]);
    std::memcpy(bytes.data() + i * sizeOf(type),
                type == DType::F32 ? static_cast<const void *>(&values[i]) : &half, sizeOf(type));
  }
  return bytes;
}

/// act(gate, up) of each pair, which is a column of a product of depth 1, and what follows up to
/// whole vectors.
std::vector<float> activated(const KernelSet &set, DType tokens, const ActivationExpr &expression,
                             const Inputs &inputs, const float *bias = nullptr) {
  uint32_t columns = static_cast<uint32_t>(inputs.gates.size()), width = set.gatedColumns();
  uint32_t panels = set.gatedPanelsOf(columns);
  std::vector<std::byte> packed(panels * set.panelBytes(1) + 32768);
  std::vector<std::byte> gates = stored(inputs.gates, set.weightsType());
  std::vector<std::byte> ups = stored(inputs.ups, set.weightsType());
  for (uint32_t panel = 0; panel < panels; ++panel) {
    uint32_t count = std::min(width, columns - panel * width);
    std::byte *target = packed.data() + panel * set.panelBytes(1);
    set.packPanel(gates.data(), 1, panel * width, count, 0, target);
    set.packPanel(ups.data(), 1, panel * width, count, width, target);
  }
  std::vector<std::byte> row(set.rowElements(1) * 4);
  set.fillRow(stored({1}, tokens).data(), tokens, 1, row.data());
  std::vector<std::byte> out(set.rowElements(columns) * sizeOf(set.rowType()), std::byte(0xff));
  ActivationCode code(expression);
  set.multiplyGated({row.data(), row.size(), 1}, {packed.data(), 0, panels, 1},
                    {out.data(), out.size(), columns, DType::F32, &code, bias});
  std::vector<float> values((columns + 15) / 16 * 16);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = set.rowType() == DType::F32
                    ? reinterpret_cast<const float *>(out.data())[i]
                    : rt::fromBF16(reinterpret_cast<const uint16_t *>(out.data())[i]);
  return values;
}

TEST(Kernels, ActivationsAreThoseOfTheReference) {
  Inputs inputs;
  for (float gate : {-12.f, -2.5f, -.75f, -.0625f, 0.f, .125f, 1.f, 3.f, 9.f})
    for (float up : {-8.f, -.5f, .25f, 2.f, 11.f}) {
      inputs.gates.push_back(gate);
      inputs.ups.push_back(up);
    }
  forEverySet([&](const KernelSet &set, DType tokens) {
    for (const char *postfix :
         {"gate silu up mul", "gate gelu_tanh up mul", "gate gelu up mul", "up relu square",
          "gate 7 min 1.702 gate 7 min mul sigmoid mul up -7 7 clamp 1 add mul",
          "gate 2 min 1.5 gate 2 min mul sigmoid mul up -2 2 clamp 1 add mul",
          "4 gate 4 div tanh mul gate sigmoid mul 25 mul up 25 div tanh mul",
          "gate exp up tanh sub", "gate softplus up max gate up min add",
          "gate square sqrt up neg mul", "up gate square 1 add div", "gate sigmoid up 3 max mul"}) {
      SCOPED_TRACE(postfix);
      std::vector<float> found = activated(set, tokens, *fromPostfix(postfix), inputs);
      reference::Activation wanted(postfix);
      double tolerance = set.rowType() == DType::F32 ? 4e-6 : 4e-3;
      for (size_t i = 0; i < inputs.gates.size(); ++i) {
        double value = wanted(inputs.gates[i], inputs.ups[i]);
        EXPECT_NEAR(found[i], value, tolerance * (std::abs(value) + .1)) << i;
      }
      for (size_t i = inputs.gates.size(); i < found.size(); ++i)
        EXPECT_EQ(found[i], 0) << i; // whatever act(0, 0) is
    }
  });
}

TEST(Kernels, BiasesAreAddedBeforeTheActivation) {
  forEverySet([](const KernelSet &set, DType tokens) {
    std::vector<float> bias(set.panelColumns());
    bias[0] = 2, bias[set.gatedColumns()] = -3;
    EXPECT_EQ(activated(set, tokens, *fromPostfix("gate up mul"), {{1}, {5}}, bias.data())[0], 6);
  });
}

TEST(Kernels, NotANumberGoesThroughActivations) {
  float nan = std::numeric_limits<float>::quiet_NaN();
  forEverySet([&](const KernelSet &set, DType tokens) {
    for (const char *postfix :
         {"gate silu up mul", "gate 7 min", "gate relu", "-1 gate max", "gate -7 7 clamp",
          "gate 7 min 1.702 gate 7 min mul sigmoid mul up -7 "
          "7 clamp 1 add mul"})
      EXPECT_TRUE(std::isnan(activated(set, tokens, *fromPostfix(postfix), {{nan}, {1}})[0]))
          << postfix;
  });
}

TEST(Kernels, RowsAreWeightedAndBiasedBeforeTheyAreRounded) {
  forEverySet([](const KernelSet &set, DType) {
    std::vector<std::byte> panel(set.panelBytes(1) + 32768);
    set.packPanel(stored({1}, set.weightsType()).data(), 1, 0, 1, 0, panel.data());
    std::vector<std::byte> row(set.rowElements(1) * 4);
    set.fillRow(stored({1}, DType::BF16).data(), DType::BF16, 1, row.data());
    std::vector<float> bias(set.panelColumns(), 0x1p-8f);
    float weight = 3;
    uint16_t found = 0;
    std::byte *target = reinterpret_cast<std::byte *>(&found);
    set.multiply({row.data(), row.size(), 1}, {panel.data(), 0, 1, 1},
                 {&target, DType::BF16, 1, &weight, bias.data()});
    EXPECT_EQ(found, rt::toBF16(3 * (1 + 0x1p-8f)));
  });
}

TEST(Kernels, RowsAreAdded) {
  forEverySet([](const KernelSet &set, DType) {
    for (DType type : types)
      for (uint32_t count : {1, 15, 16, 33}) {
        std::vector<std::byte> row = randomElements(count, type, count);
        std::vector<float> sum(count, .5f);
        set.addRow(sum.data(), row.data(), type, count);
        for (uint32_t i = 0; i < count; ++i) {
          float value = type == DType::F32
                            ? reinterpret_cast<const float *>(row.data())[i]
                            : rt::fromBF16(reinterpret_cast<const uint16_t *>(row.data())[i]);
          EXPECT_EQ(sum[i], .5f + value);
        }
      }
  });
}

TEST(Float, HalvesConvertExactly) {
  EXPECT_EQ(rt::fromF16(0x3c00), 1.f);
  EXPECT_EQ(rt::fromF16(0xc000), -2.f);
  EXPECT_EQ(rt::fromF16(0x0001), std::ldexp(1.f, -24));
  EXPECT_EQ(rt::fromF16(0x03ff), 1023 * std::ldexp(1.f, -24));
  EXPECT_EQ(rt::fromF16(0x7bff), 65504.f);
  EXPECT_TRUE(std::isinf(rt::fromF16(0x7c00)));
  EXPECT_TRUE(std::isnan(rt::fromF16(0x7e01)));
  EXPECT_TRUE(std::isnan(rt::fromBF16(rt::toBF16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(rt::toBF16(1.00390625f), 0x3f80); // a tie, to even
  EXPECT_EQ(rt::toBF16(1.01171875f), 0x3f82);
}

} // namespace
} // namespace moec::test
