//===- Summary.h - What a simulation shows ----------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_SUMMARY_H
#define MOEC_RUNTIME_SIMULATOR_SUMMARY_H

#include "runtime/simulator/Simulate.h"

#include <nlohmann/json.hpp>
#include <string>

namespace moec::simulator {

/// One family of tasks, over all ranks and steps.
struct Phase {
  std::string name;
  TaskClass kind = TaskClass::Gate;
  uint64_t tasks = 0;
  double bytes = 0;          ///< Transfer: that go to peers
  double begin = 0, end = 0; ///< of the first and the last task
  double longest = 0;        ///< seconds from the first to the last on one rank in one step
  uint32_t longestRank = 0;
};
/// Those with tasks, in the order of the graph; gates are none.
std::vector<Phase> phasesOf(const TaskGraph &graph, const Simulation &simulation);

struct ResourceUse {
  uint32_t resource = 0;
  double bytes = 0;
  double share = 0;     ///< of what it could carry in the whole run
  double peakShare = 0; ///< in the busiest 1/128 to 1/256 of the run
};
/// Resources that carried something, the busiest first.
std::vector<ResourceUse> usesOf(const topology::Network &network, const Simulation &simulation);

/// {"seconds", "phases": [..], "resources": [..]}
nlohmann::ordered_json summaryJson(const TaskGraph &graph, const topology::Network &network,
                                   const Simulation &simulation);

/// For people: phases, the busiest resources, a timeline (Timeline.h).
std::string summaryText(const TaskGraph &graph, const topology::Network &network,
                        const Simulation &simulation);

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_SUMMARY_H
