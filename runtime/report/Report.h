//===- Report.h - What a page about a plan shows ----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_REPORT_REPORT_H
#define MOEC_RUNTIME_REPORT_REPORT_H

#include "runtime/plan/Plan.h"
#include "runtime/simulator/Simulate.h"

#include <string>
#include <vector>

namespace moec::report {

/// A schedule beside others for the same layer, machine and traffic.
struct Candidate {
  std::string algorithm; ///< as the schedule block spells it
  std::string settings;  ///< "window 4, combine rows"
  double seconds = 0;
  double boundSeconds = 0; ///< of the sums that it makes
  bool chosen = false;     ///< the plan that the page is about
  std::string why;         ///< it cannot be; empty: the numbers hold
};

/// A part of the step beside what no schedule can beat. Seconds.
struct PhaseTime {
  std::string name;
  double seconds = 0, boundSeconds = 0;
  std::string boundBy; ///< the resource that binds; empty: none is known
};

/// One fact of the head: "machine", "hgx-h100".
struct Fact {
  std::string name, value;
};

/// All strings are foreign: the page escapes them. What is referred to must outlive the
/// report, and be of the same run.
struct Report {
  std::string title;
  std::vector<Fact> facts;
  double seconds = 0, boundSeconds = 0;
  std::string boundBy;
  std::vector<PhaseTime> phases;
  std::vector<Candidate> candidates;
  std::string candidatesNote; ///< what the table leaves out, if anything
  const plan::Plan &plan;
  const topology::Network &network;
  const simulator::TaskGraph &graph;
  const simulator::Simulation &simulation;
};

/// One self-contained page: no other file, no network. At most a few MB for any run: tasks
/// that would not be told apart are merged, and the page says how many.
std::string pageOf(const Report &report);

} // namespace moec::report

#endif // MOEC_RUNTIME_REPORT_REPORT_H
