//===- Step.h - What one step of a layer costs ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Simulated beside its bound, as `moec simulate` does, in the few numbers that
// studies compare.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_STUDY_STEP_H
#define MOEC_RUNTIME_STUDY_STEP_H

#include "runtime/bounds/LayerBound.h"
#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"
#include "runtime/topology/Machine.h"

namespace moec::study {

/// A step on a machine. What it refers to must outlive it, is of the same ranks, and
/// is only read: several threads may share it.
struct Step {
  const plan::Plan &plan;
  const Manifest &manifest;
  const topology::Machine &machine; ///< whose GPUs compute
  const topology::Network &network; ///< whose links transfer; of `machine` or of another
  const traffic::ItemCounts &counts;
  double sentBytesPerToken = 0; ///< of a token that the dispatch sends to another rank

  double tokens() const; ///< of all ranks
};

/// How the plan's ranks lie on the machine: on the plan's nodes, or if it does not say on
/// as few as hold them. Invalid where they do not fit.
rt::Result<topology::Shape> shapeOf(const topology::Machine &machine, const plan::Plan &plan);

/// What comes back of rows under a summation tree.
bounds::Copies copiesOf(plan::SumTree tree);

/// What a bound holds for: "rows", "sums of ranks", "sums of nodes", on the way back.
const char *wayBackOf(bounds::Copies copies);

/// What no schedule of the step's traffic can beat that sums as the plan does.
bounds::LayerBound boundOf(const Step &step);

/// Seconds. Dispatch, experts and combine are spans, from the first task of any rank
/// to the last: where ranks or pieces overlap, so do they.
struct StepTimes {
  double seconds = 0;
  double dispatchSeconds = 0; ///< first byte sent to last arrival
  double expertsSeconds = 0;  ///< 0 where the machine says no rates
  double combineSeconds = 0;  ///< with the sums at its end
};
/// Kernel times are the roofline's. Invalid where the plan stalls.
rt::Result<StepTimes> timesOf(const Step &step);

/// A step taken apart. Seconds.
struct StepParts {
  double seconds = 0;              ///< all of it, as scheduled
  double communicationSeconds = 0; ///< if computing took no time
  double dispatchSeconds = 0;      ///< of that the part before the last arrival of tokens
  double combineSeconds = 0;       ///< and the rest
  double computeSeconds = 0;       ///< of the rank that computes longest, waits left out
};
/// Invalid where the plan stalls or the machine says no rates: without computing there
/// are no shares.
rt::Result<StepParts> partsOf(const Step &step);

/// The exchanges by themselves: what of a schedule to hold against the bounds of its phases.
/// Seconds, each from a moment when all ranks may begin, kernels taking no time.
struct PhaseTimes {
  double dispatchSeconds = 0, combineSeconds = 0;
};
/// Invalid where the plan stalls.
rt::Result<PhaseTimes> phasesOf(const Step &step);

} // namespace moec::study

#endif // MOEC_RUNTIME_STUDY_STEP_H
