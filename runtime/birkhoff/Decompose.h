//===- Decompose.h - A matrix as stages of one-to-one sends -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Birkhoff (1946): a square matrix whose rows and columns all have the same sum is a
// sum of permutations with weights. What nodes have for each other is padded to such a
// matrix; each permutation is a stage in which no two nodes send to the same one and
// the links of all are in use, so that the stages together take as long as the busiest
// row or column, which no schedule beats (FAST, arXiv 2505.09764).
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BIRKHOFF_DECOMPOSE_H
#define MOEC_RUNTIME_BIRKHOFF_DECOMPOSE_H

#include <cstdint>
#include <span>
#include <vector>

namespace moec::birkhoff {

inline constexpr uint32_t nobody = UINT32_MAX;

/// Each node sends to at most one, and receives from at most one.
struct Stage {
  uint64_t units = 0;            ///< what the busiest node sends: the stage's length
  std::vector<uint32_t> target;  ///< by source; nobody: it has nothing to send
  std::vector<uint64_t> amounts; ///< by source, at most `units`; 0 for nobody
};

struct Decomposition {
  uint32_t nodes = 0;
  uint64_t bound = 0;         ///< the largest sum of a row or column
  std::vector<Stage> stages;  ///< the longest first
  std::vector<uint64_t> rest; ///< what no stage carries, row = source

  uint64_t restFrom(uint32_t source, uint32_t target) const {
    return rest[size_t(source) * nodes + target];
  }
  /// Units of all stages, and of the busiest row or column of the rest behind them.
  uint64_t length() const;
};

struct Options {
  /// Stages at most; 0: as many as it takes, up to (nodes - 1)^2 + 1 (Marcus and Ree).
  uint32_t maxStages = 0;
  /// No further stage once the rest is at most this part of the bound.
  double negligible = 0;
};

/// `units` is nodes x nodes, row = source, in any unit (tokens, bytes); the diagonal
/// does not travel and is not read. The sum of all is below 2^63. The stages and the
/// rest add up to the matrix exactly; the same matrix gives the same stages everywhere.
Decomposition decompose(std::span<const uint64_t> units, uint32_t nodes,
                        const Options &options = {});

} // namespace moec::birkhoff

#endif // MOEC_RUNTIME_BIRKHOFF_DECOMPOSE_H
