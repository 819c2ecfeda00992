//===- StudyInput.h - One layer under many conditions -----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `moec sweep` and `moec whatif` read. Errors of what the user wrote are told
// apart from combinations that cannot be: the first end the study, the second are
// part of its answer.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_STUDYINPUT_H
#define MOEC_FRONTEND_DRIVER_STUDYINPUT_H

#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"
#include "runtime/study/SweepTable.h"
#include "runtime/topology/Machine.h"
#include "runtime/traffic/Traffic.h"

#include <span>
#include <string>
#include <vector>

namespace moec::driver {

/// Every combination of what was named of a schedule; one that changes nothing if nothing
/// was.
std::vector<study::ScheduleChoice> schedulesOf(const std::vector<std::string> &algorithms,
                                               const std::vector<std::string> &combines);

struct StudyInput {
  std::string source;                      ///< .moe, or its JSON form
  bool hasRowForEach = false;              ///< every schedule has a place to say why it is none
  std::string layer;                       ///< its name
  uint32_t ranks = 1;                      ///< of its mesh
  uint32_t nodes = 1;                      ///< of its mesh
  uint32_t mostTokens = 0;                 ///< of a rank, as its schedule says; 0: any
  std::vector<topology::Machine> machines; ///< at least one
  std::vector<traffic::Traffic> traffics;
};

/// What a study's command line names. `machines` empty: the source's own. Returns 0, or
/// the exit code of the one thing that was wrong and has been reported: among it a
/// statement of `schedules` that the language does not know.
int readStudy(const std::string &source, const std::vector<std::string> &machines,
              const std::vector<std::string> &traffics,
              std::span<const study::ScheduleChoice> schedules, bool json, StudyInput &input);

/// Invalid for tokens or a layer that none of the traffics takes: beside others, those that
/// bring their own go without.
rt::Status checkTraffics(const StudyInput &input, bool saysTokens, std::optional<uint32_t> layer);

/// The one error of a study in which nothing can be: `what`, and each reason once.
rt::Status nothingCanBe(const std::string &what, const std::vector<std::string> &reasons);

/// Where ranks lie on the source's own machine: nodes of its mesh keep their size.
rt::Result<topology::Shape> ownShape(const StudyInput &input, uint32_t ranks);

/// A plan, and what it says of its layer.
struct PlannedLayer {
  plan::Plan plan;
  Manifest manifest;
};

/// The source's layer on nodes of that machine in that shape, whatever machine and mesh
/// the source has, with `statements` in its schedule block. Prints nothing: the error says
/// what does not fit. May be called from any thread.
rt::Result<PlannedLayer> planFor(const std::string &source, const topology::Machine &machine,
                                 topology::Shape shape, const std::string &statements);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_STUDYINPUT_H
