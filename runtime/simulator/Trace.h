//===- Trace.h - A simulation as a Perfetto trace ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The JSON form of Chrome's trace events, which ui.perfetto.dev opens. Processes are
// ranks; threads are channels: one for each op of the plan, and more where tasks of an
// op overlap. Behind the ranks comes a process whose counters are the utilisation of
// each resource in per cent. Times are microseconds. Traces of real runs have the same
// form:
//
//   {"name": op, "cat": "compute"|"transfer"|"wait", "ph": "X", "ts", "dur",
//    "pid": rank, "tid", "args": {"step", "task", "peer", "bytes"}}
//   {"name": resource, "ph": "C", "ts", "pid", "args": {"percent"}}
//   {"name": "process_name"|"thread_name", "ph": "M", "pid", "tid", "args": {"name"}}
//   {"name": flag op, "cat": "flag", "ph": "s"|"f", "id", "ts", "pid", "tid"}
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_SIMULATOR_TRACE_H
#define MOEC_RUNTIME_SIMULATOR_TRACE_H

#include "runtime/simulator/Simulate.h"

#include <string>

namespace moec::simulator {

/// Tasks of no length are left out, but for signals, which are arrows to the waits that
/// they end.
std::string perfettoTrace(const TaskGraph &graph, const topology::Network &network,
                          const Simulation &simulation);

} // namespace moec::simulator

#endif // MOEC_RUNTIME_SIMULATOR_TRACE_H
