//===- Faults.h - Collects what the rules of a plan find --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_FAULTS_H
#define MOEC_PASSES_SCHEDULING_FAULTS_H

#include "passes/scheduling/TaskGraph.h"
#include "passes/scheduling/VerifyPlan.h"

#include <set>
#include <tuple>

namespace moec::scheduling {

/// A rule that two families break is broken by many of their tasks: the first
/// pair of tasks stands for all.
class Faults {
public:
  void add(Rule rule, std::optional<uint32_t> op, std::optional<uint32_t> other,
           std::string message, std::vector<TraceLine> trace = {}) {
    if (isNew(rule, op, other))
      faults.push_back({rule, std::move(message), op, other, std::move(trace)});
  }
  /// Whether such a fault would be the first: for those who spare themselves words.
  bool isNew(Rule rule, std::optional<uint32_t> op, std::optional<uint32_t> other) {
    return seen.insert({rule, op, other}).second;
  }
  void addNew(Fault fault) { faults.push_back(std::move(fault)); }
  bool empty() const { return faults.empty(); }
  std::vector<Fault> take() { return std::move(faults); }

private:
  std::set<std::tuple<Rule, std::optional<uint32_t>, std::optional<uint32_t>>> seen;
  std::vector<Fault> faults;
};

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_FAULTS_H
