//===- ProductsTest.cpp - Experts do what they say ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The stages that multiply on the emulator against plain C++, tile by tile. What lies
// between the products is checked against f64, what follows from it within the
// rounding of f32 sums; where rows go and what is signalled, exactly.
//===----------------------------------------------------------------------===//

#include "test/passes/fusion/stages/ProductRun.h"

#include <cmath>
#include <gtest/gtest.h>

namespace moec::stages {
namespace {

/// A sum and a bound of what rounding may do to it.
struct Sum {
  double value = 0, size = 0;
  void add(double a, double b) {
    value += a * b;
    size += std::abs(a * b);
  }
};

Sum dot(const std::vector<float> &row, const std::vector<float> &matrix, size_t at) {
  Sum sum;
  for (size_t i = 0; i < row.size(); ++i)
    sum.add(row[i], matrix[at * row.size() + i]);
  return sum;
}

/// `relu(up)` stands for the layers without a gate.
double activate(const GatedMlp &mlp, Activation function, double gate, double up) {
  if (!mlp.activation.usesGate())
    return std::max(up, 0.0);
  switch (function) {
  case Activation::Silu:
    return gate / (1 + std::exp(-gate)) * up;
  case Activation::GeluTanh: {
    double t = 0.7978845608028654 * (gate + 0.044715 * gate * gate * gate);
    return gate * 0.5 * (1 + std::tanh(t)) * up;
  }
  case Activation::ClampedSwiglu:
    break;
  }
  throw std::logic_error("no such case");
}

class Judge {
public:
  explicit Judge(ProductRun &run) : run(run), product(run.product) {}
  void checkHidden();
  void checkReturned();
  void checkFlags(uint64_t wanted);
  void checkShared();

private:
  void checkHiddenRow(const std::vector<float> &got, const std::vector<float> &x,
                      const ProductRun::Matrices &expert, const GatedMlp &mlp, Activation function);
  void checkRow(const std::vector<float> &got, const std::vector<float> &hidden,
                const ProductRun::Matrices &expert, double factor, bool narrow);

  ProductRun &run;
  const ProductCase &product;
};

void Judge::checkHiddenRow(const std::vector<float> &got, const std::vector<float> &x,
                           const ProductRun::Matrices &expert, const GatedMlp &mlp,
                           Activation function) {
  for (uint32_t i = 0; i < expert.intermediate; ++i) {
    Sum gate = dot(x, expert.gate, i), up = dot(x, expert.up, i);
    double want = activate(mlp, function, gate.value, up.value);
    // One rounding to bf16, and a few of f32 before it.
    double slack = std::abs(want) / 256 + (gate.size + 1) * (up.size + 1) * 1e-6;
    ASSERT_NEAR(got[i], want, slack) << "element " << i;
  }
}

void Judge::checkHidden() {
  for (uint32_t rank = 0; rank < product.ranks(); ++rank)
    for (uint32_t i = 0; i < run.index[rank].size(); ++i) {
      SCOPED_TRACE(product.name + ", rank " + std::to_string(rank) + ", row " + std::to_string(i));
      const IndexedRow &row = run.index[rank][i];
      checkHiddenRow(run.hiddenRow(rank, i, false),
                     run.received[rank][row.source * run.maxTokens + row.position],
                     run.experts[run.logical(rank, row.expert)], product.layer.expert,
                     product.activation);
    }
}

/// The down product of what the device holds, so that an error before it is not seen
/// here again.
void Judge::checkRow(const std::vector<float> &got, const std::vector<float> &hidden,
                     const ProductRun::Matrices &expert, double factor, bool narrow) {
  for (size_t i = 0; i < got.size(); ++i) {
    Sum sum = dot(hidden, expert.down, i);
    double want = sum.value * factor;
    double slack = sum.size * std::abs(factor) * 1e-6 + (narrow ? std::abs(want) / 256 : 0);
    ASSERT_NEAR(got[i], want, slack + 1e-12) << "element " << i;
  }
}

void Judge::checkReturned() {
  bool narrow = product.layer.combineType == DType::BF16;
  std::vector<std::vector<bool>> written(product.ranks(),
                                         std::vector<bool>(run.maxTokens * run.topK));
  for (uint32_t rank = 0; rank < product.ranks(); ++rank)
    for (uint32_t i = 0; i < run.index[rank].size(); ++i) {
      SCOPED_TRACE(product.name + ", rank " + std::to_string(rank) + ", row " + std::to_string(i));
      const IndexedRow &row = run.index[rank][i];
      written[row.target][row.slot] = true;
      checkRow(run.returnedRow(row.target, row.slot), run.hiddenRow(rank, i, false),
               run.experts[run.logical(rank, row.expert)], row.weight, narrow);
    }
  for (uint32_t rank = 0; rank < product.ranks(); ++rank)
    for (uint32_t slot = 0; slot < written[rank].size(); ++slot)
      if (!written[rank][slot])
        for (float value : run.returnedRow(rank, slot))
          ASSERT_EQ(value, 0) << product.name << ": slot " << slot << " of rank " << rank
                              << " belongs to nobody";
}

void Judge::checkFlags(uint64_t wanted) {
  for (uint32_t rank = 0; rank < product.ranks(); ++rank)
    for (uint32_t source = 0; source < product.ranks(); ++source)
      EXPECT_EQ(run.flagCell(rank, source), wanted) << product.name;
}

void Judge::checkShared() {
  for (uint32_t rank = 0; rank < product.ranks(); ++rank) {
    for (uint32_t token = 0; token < product.tokens[rank]; ++token) {
      SCOPED_TRACE(product.name + ", rank " + std::to_string(rank) + ", token " +
                   std::to_string(token));
      std::vector<float> hidden = run.hiddenRow(rank, token, true);
      checkHiddenRow(hidden, run.tokens[rank][token], run.shared, product.layer.shared->mlp,
                     product.sharedActivation);
      double factor = product.layer.shared->gate ? run.gates[rank][token] : 1;
      checkRow(run.sharedRow(rank, token), hidden, run.shared, factor, false);
    }
    for (float value : run.sharedRow(rank, product.tokens[rank]))
      EXPECT_EQ(value, 0) << product.name << ": a row behind the last token";
  }
}

void check(const ProductCase &product) {
  SCOPED_TRACE(product.name);
  ProductRun run(product);
  Judge judge(run);
  run.run("expert_up");
  judge.checkHidden();
  judge.checkFlags(0);
  run.run("expert_down");
  judge.checkReturned();
  judge.checkFlags(uint64_t(run.epoch) << 32);
  if (!product.layer.shared)
    return;
  run.run("shared_up");
  run.run("shared_down");
  judge.checkShared();
}

ProductCase makeCase(const char *name, uint32_t hidden, uint32_t intermediate,
                     fusion::GemmForm form) {
  ProductCase product;
  product.name = name;
  product.layer.hidden = hidden;
  product.layer.router.topK = 2;
  product.layer.expert.intermediate = intermediate;
  product.form = form;
  return product;
}

constexpr fusion::GemmForm narrowest{.up = {8, 128, true, 6}, .down = {8, 128, true, 6}};
constexpr fusion::GemmForm narrow{.up = {16, 128, true, 6}, .down = {16, 128, true, 6}};
constexpr fusion::GemmForm middle{.up = {64, 128, true, 5}, .down = {64, 128, true, 6}};
constexpr fusion::GemmForm half{.up = {32, 128, true, 5}, .down = {32, 128, true, 6}};
constexpr fusion::GemmForm rows64{.up = {64, 128, false, 5}, .down = {64, 128, false, 6}};
constexpr fusion::GemmForm rows64Wide{.up = {64, 256, false, 4}, .down = {64, 256, false, 4}};
constexpr fusion::GemmForm wide{.up = {128, 128, false, 4}, .down = {128, 128, false, 5}};
constexpr fusion::GemmForm widest{.up = {128, 128, false, 4}, .down = {128, 256, false, 3}};

TEST(Products, FewRowsAreTheNarrowOperand) {
  ProductCase product = makeCase("narrow", 72, 136, narrow);
  product.rows = {{0, 3, 16, 17}};
  product.tokens = {5};
  check(product);
}

TEST(Products, RowsEndAnywhereInAMiddleTile) {
  ProductCase product = makeCase("middle", 200, 72, middle);
  product.rows = {{1, 0, 65}, {64, 2}};
  product.tokens = {1, 0};
  product.depth = 2;
  check(product);
}

TEST(Products, ManyRowsAreTheFirstOperand) {
  ProductCase product = makeCase("wide", 264, 136, wide);
  product.rows = {{129, 1}, {0, 127}};
  product.tokens = {3, 0};
  check(product);
}

TEST(Products, RowsOfTwoBytesComeBack) {
  ProductCase product = makeCase("widest", 264, 72, widest);
  product.layer.combineType = DType::BF16;
  product.rows = {{5}, {130}};
  product.tokens = {0, 0};
  check(product);
  product = makeCase("narrow, two bytes", 72, 72, narrow);
  product.layer.combineType = DType::BF16;
  product.rows = {{5, 18}};
  product.tokens = {0};
  check(product);
}

TEST(Products, SixtyFourRowsHalveTheFeatures) {
  // 64 features of gate and of up alternate, or where they cannot lie apart.
  for (uint32_t intermediate : {192, 136}) {
    ProductCase product = makeCase("64 rows", 200, intermediate, rows64);
    product.rows = {{65, 0, 3}, {64}};
    product.tokens = {0, 0};
    check(product);
  }
  ProductCase product =
      makeCase("64 rows, two bytes", 264, 72, {.up = rows64.up, .down = rows64Wide.down});
  product.layer.combineType = DType::BF16;
  product.layer.shared = SharedExpert{{64, Activation::Silu}, true};
  product.form.down = rows64.down; // the shared expert's rows are f32
  product.rows = {{5, 70}};
  product.tokens = {66};
  check(product);
}

TEST(Products, EveryNarrowOperand) {
  for (const fusion::GemmForm &form : {narrowest, half}) {
    ProductCase product = makeCase("narrow operand", 72, 136, form);
    product.layer.shared = SharedExpert{{64, Activation::Silu}, true};
    product.rows = {{0, 3, 8, 9, 33}, {32}};
    product.tokens = {9, 0};
    check(product);
  }
}

TEST(Products, ExpertsWithoutAGate) {
  fusion::GemmForm ungated{.up = {128, 128, false, 5}, .down = {128, 128, false, 5}};
  for (const fusion::GemmForm &form :
       {narrowest, narrow, rows64, ungated,
        fusion::GemmForm{.up = rows64Wide.up, .down = rows64.down}}) {
    ProductCase product = makeCase("without a gate", 136, 264, form);
    product.layer.expert.activation = *fromPostfix("up relu");
    product.rows = {{1, 65}, {0, 129}};
    product.tokens = {0, 0};
    check(product);
  }
}

/// Sums are made in the same order by every tile: over blocks of 64, 16 at a time.
TEST(Products, EveryTileGivesTheSameBits) {
  std::vector<std::vector<float>> wanted;
  for (const fusion::GemmForm &form : {narrowest, narrow, half, middle, rows64, wide}) {
    ProductCase product = makeCase("bits", 200, 192, form);
    product.rows = {{70, 0, 5}};
    product.tokens = {0};
    product.exact = false;
    ProductRun run(product);
    run.run("expert_up");
    run.run("expert_down");
    std::vector<std::vector<float>> rows;
    for (uint32_t i = 0; i < run.index[0].size(); ++i) {
      rows.push_back(run.hiddenRow(0, i, false));
      rows.push_back(run.returnedRow(0, run.index[0][i].slot));
    }
    if (wanted.empty())
      wanted = rows;
    EXPECT_EQ(rows, wanted) << form.up.rows << (form.up.swapped ? " swapped" : "");
  }
}

TEST(Products, EveryTileOfAClampedExpertWithBiasesGivesTheSameBits) {
  std::vector<std::vector<float>> wanted;
  for (const fusion::GemmForm &form : {narrowest, narrow, half, middle, rows64, wide}) {
    ProductCase product = makeCase("biased bits", 200, 192, form);
    GatedMlp &expert = product.layer.expert;
    product.activation = Activation::ClampedSwiglu;
    expert.activation = Activation::ClampedSwiglu;
    expert.gateBias = expert.upBias = expert.downBias = true;
    product.rows = {{70, 0, 5}};
    product.tokens = {0};
    product.exact = false;
    ProductRun run(product);
    run.run("expert_up");
    std::vector<std::vector<float>> rows;
    for (uint32_t i = 0; i < run.index[0].size(); ++i)
      rows.push_back(run.hiddenRow(0, i, false));
    if (wanted.empty())
      wanted = rows;
    EXPECT_EQ(rows, wanted) << form.up.rows << (form.up.swapped ? " swapped" : "");
  }
}

TEST(Products, TheSharedExpertHasItsGate) {
  for (bool gate : {false, true})
    for (const fusion::GemmForm &form : {narrow, wide}) {
      ProductCase product = makeCase(gate ? "gated" : "not gated", 72, 8, form);
      product.layer.shared = SharedExpert{{136, Activation::GeluTanh}, gate};
      product.sharedActivation = Activation::GeluTanh;
      product.rows = {{1}, {0}};
      product.tokens = {17, 0};
      check(product);
    }
}

TEST(Products, NoRowsAtAllStillSignal) {
  for (const fusion::GemmForm &form : {narrow, wide}) {
    ProductCase product = makeCase("nothing", 72, 72, form);
    product.rows = {{0, 0}, {}, {0}};
    product.tokens = {0, 0, 0};
    check(product);
  }
}

TEST(Products, EverySeedGivesTheSame) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    ProductCase product = makeCase("seeds", 72, 72, seed % 2 ? narrow : middle);
    product.rows = {{2, 19}, {1}};
    product.tokens = {0, 0};
    product.ctas = 1 + uint32_t(seed % 3);
    product.seed = seed;
    check(product);
  }
}

} // namespace
} // namespace moec::stages
