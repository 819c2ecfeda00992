//===- VerifyPlan.h - Prove that a plan neither hangs nor races -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes stay symbols (item sets are compared by name), the number of ranks is
// concrete. If flags pair up, the tasks are acyclic and conflicting accesses are
// ordered, then every interleaving has the result of one sequential run, and one
// abstract run shows what it is. The rules and why they suffice are in
// dialects/comm/README.md.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_VERIFYPLAN_H
#define MOEC_PASSES_SCHEDULING_VERIFYPLAN_H

#include "runtime/plan/Plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moec::scheduling {

enum class Rule : uint8_t {
  Canonical,  ///< waits name their writers plainly, and no dependence follows from others
  Writer,     ///< a flag cell is written by the rank that its type names
  SignalOnce, ///< once for each value
  WaitOnce,   ///< once for each value
  Pairing,    ///< every signal is awaited, every wait signalled
  Carry,      ///< the set that a signal carries is the one that the wait takes
  Cycle,      ///< no tasks wait for each other
  Monotone,   ///< the values of a cell are written in order
  Payload,    ///< a count is read before the next one replaces it
  Race,       ///< conflicting accesses of one step are ordered
  Reuse,      ///< conflicting accesses of different steps are ordered
  Path,       ///< a flag on the same path comes between a put and who reads it
  Undefined,  ///< what is read was written, as that set
  Stale,      ///< and in this step
  Count,      ///< and its size was received
  Content,    ///< and is what the task expects
  Sum,        ///< parts of a sum are all there, in ascending order
  Dead,       ///< what is written is read
  Post,       ///< every rank has a result in every step
  Run,        ///< a run with concrete counts comes out right (ModelRun.h)
};
/// "writer", "signal-once", ..
const char *nameOf(Rule rule);

/// An event of a counter-example.
struct TraceLine {
  std::string text;           ///< "step 1, rank 0: %sd(1) signals %fd[0, 0] = 1 to rank 1"
  std::optional<uint32_t> op; ///< of the plan: where in the source
};

struct Fault {
  Rule rule = Rule::Race;
  std::string message;           ///< one line, both parties and the rank
  std::optional<uint32_t> op;    ///< of the plan; none: the plan as a whole
  std::optional<uint32_t> other; ///< the other party
  std::vector<TraceLine> trace;  ///< how it comes to that, as far as events tell it
};

/// What to unroll a plan for: until its copies have come round once and a step more, and its
/// own ranks if they are at most `maxRanks` and not too many to hold, else fewer nodes of the
/// same size, or 3 ranks. More than `maxRanks` where fewer would not be the same plan: two
/// nodes, or all ranks if ranks are divided by something.
struct Extent {
  uint32_t ranks = 1;
  uint32_t nodes = 1;
  uint32_t steps = 2;
  bool operator==(const Extent &) const = default;
};
Extent chooseExtent(const plan::Plan &plan, uint32_t maxRanks);

/// Why the plan cannot be judged for `extent` (too many tasks, expressions that name
/// a rank beyond it or divide by another number of ranks); empty if it can.
std::string checkExtent(const plan::Plan &plan, Extent extent);

/// The faults of a plan that plan::checkPlan takes and checkExtent does not
/// refuse: all that the first broken kind of rule finds, each pair of ops once;
/// of accesses without order what is nearest to the cause comes first. Empty: proved for `extent`.
std::vector<Fault> verifyPlan(const plan::Plan &plan, Extent extent);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_VERIFYPLAN_H
