//===- WhatIf.h - One layer on several machines -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much faster another machine's links are, and how much of that a step keeps. The
// first machine is the base that all factors are over.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_STUDY_WHATIF_H
#define MOEC_RUNTIME_STUDY_WHATIF_H

#include "runtime/study/Speedup.h"

#include <optional>
#include <string>
#include <vector>

namespace moec::study {

/// A step on one machine, by the fastest of the schedules that fit it.
struct MachineStep {
  std::string why;      ///< it cannot be; empty: what follows holds
  std::string schedule; ///< statements of the schedule block: "algorithm two_tier"
  StepParts parts;
  /// The step with this machine's links and the base's GPUs, by the schedule that is
  /// fastest so.
  double linksAloneSeconds = 0;
};

/// The machines with one traffic and number of tokens; [machine].
struct WhatIfCase {
  std::string traffic;
  std::optional<uint32_t> tokens; ///< of a rank; none: the traffic brings its own
  std::vector<MachineStep> steps;
};

struct WhatIf {
  std::string layer;
  uint32_t ranks = 0; ///< the same on every machine
  struct Site {
    std::string machine;
    uint32_t nodes = 0;                   ///< 0: the ranks do not fit
    uint32_t gpusOfNode = 0;              ///< that a node has, used or not; 0: as many as wanted
    std::vector<std::string> assumptions; ///< figures that are of other hardware, or of nobody
  };
  std::vector<Site> sites;
  double restSeconds = 0; ///< of a layer: what neither links nor the layer's kernels change
  std::vector<WhatIfCase> cases;
};

/// What the links of a machine do to the base's step. Factors above 1 are faster.
struct Gain {
  ExposedShare exposed;     ///< of this machine's own step
  double communication = 1; ///< s: time of the base's communication over this one's
  double formula = 1;       ///< 1 / ((1 - f) + f / s), f of the base, as it is scheduled
  double linksAlone = 1;    ///< simulated, with the base's GPUs
  double machine = 1;       ///< simulated, with its own GPUs
};
/// `step` and the base's can be. A machine without communication counts as one link hop
/// of nothing: s is infinite.
Gain gainOf(const MachineStep &step, const MachineStep &base, double restSeconds);

/// What is assumed on every machine, of the models themselves.
std::vector<std::string> modelAssumptions(double restSeconds);

/// Not wider than 100 columns, but for names that are.
std::string whatIfText(const WhatIf &study);
/// README.md has the schema.
std::string whatIfJson(const WhatIf &study);

} // namespace moec::study

#endif // MOEC_RUNTIME_STUDY_WHATIF_H
