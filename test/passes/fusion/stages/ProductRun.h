//===- ProductRun.h - Runs the stages that multiply -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The products of the experts and of the shared expert, each a kernel of its own, on
// the emulator. In place of route and dispatch the host writes rows and index.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PASSES_FUSION_STAGES_PRODUCTRUN_H
#define MOEC_TEST_PASSES_FUSION_STAGES_PRODUCTRUN_H

#include "passes/fusion/KernelForm.h"
#include "test/passes/fusion/stages/StageRun.h"

#include <map>
#include <string>
#include <vector>

namespace moec::stages {

struct ProductCase {
  std::string name;
  Layer layer;
  Activation activation = Activation::Silu, sharedActivation = Activation::Silu;
  fusion::GemmForm form;
  /// By rank and local expert: rows that it gets.
  std::vector<std::vector<uint32_t>> rows;
  std::vector<uint32_t> tokens; ///< of each rank, for the shared expert
  uint32_t depth = 1;
  uint32_t ctas = 2; ///< of a rank
  uint64_t seed = 1;
  bool exact = true; ///< numbers whose sums are exact; else the order of a sum tells
  uint32_t ranks() const { return uint32_t(rows.size()); }
};

/// One row of a rank's index.
struct IndexedRow {
  uint32_t expert = 0; ///< local
  uint32_t source = 0, position = 0;
  uint32_t target = 0, slot = 0; ///< rank, token * topK + slot
  float weight = 0;
};

class ProductRun : public StageRun {
public:
  explicit ProductRun(const ProductCase &product);

  /// Fails the running test, and throws, where something cannot be made or run.
  void run(const std::string &kernel);

  const ProductCase &product;
  uint32_t maxTokens = 0, topK = 1;
  uint32_t epoch = 1;
  std::vector<std::vector<IndexedRow>> index; ///< by rank
  std::vector<std::vector<std::vector<float>>>
      received; ///< by rank and source * maxTokens + position
  std::vector<std::vector<std::vector<float>>> tokens; ///< by rank and token
  std::vector<std::vector<float>> gates;               ///< by rank and token
  /// By logical expert, then the shared one: [intermediate][hidden] twice, and down.
  struct Matrices {
    uint32_t intermediate = 0;
    std::vector<float> gate, up, down, gateBias, upBias, downBias;
  };
  std::vector<Matrices> experts;
  Matrices shared;
  uint32_t logical(uint32_t rank, uint32_t local) const;

  /// Elements of a row of `returned` at a rank, slot by slot, in the copy of the step;
  /// of `shared`, token by token.
  std::vector<float> returnedRow(uint32_t rank, uint32_t slot);
  std::vector<float> sharedRow(uint32_t rank, uint32_t token);
  uint64_t flagCell(uint32_t rank, uint32_t source);
  std::vector<float> hiddenRow(uint32_t rank, uint32_t row, bool ofShared);

private:
  void makeData();
  void makeWeights();
  void writeInputs();
  void writeRank(uint32_t rank);

  std::map<std::string, std::vector<float>> tensors; ///< by name
  std::map<std::string, std::vector<int64_t>> shapes;
};

float roundToBf16(float value);

} // namespace moec::stages

#endif // MOEC_TEST_PASSES_FUSION_STAGES_PRODUCTRUN_H
