//===- Export.h - A step in somebody else's format --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one way from a plan and its traffic to files. README.md says what each format
// can and cannot hold.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_FORMATS_EXPORT_H
#define MOEC_RUNTIME_FORMATS_EXPORT_H

#include "runtime/base/Status.h"
#include "runtime/formats/Phase.h"
#include "runtime/simulator/KernelTimes.h"
#include "runtime/traffic/ItemCounts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moec::formats {

enum class Format : uint8_t {
  NcclTests, ///< matrix of bytes for nccl-tests' alltoallv
  Chakra,    ///< execution traces, a file a rank
  Goal,      ///< LogGOPSim's schedule
  Mscclpp,   ///< MSCCL++ execution plan
  MscclXml,  ///< MSCCL algorithm
};

const char *nameOf(Format format); ///< "nccl-tests", "chakra", ..
std::optional<Format> formatFromName(std::string_view name);
std::vector<std::string_view> allFormatNames();
/// What is exported where nobody says it: traces hold the step, the others the dispatch.
Phase defaultPhase(Format format);

struct ExportedFile {
  std::string path;
  std::string bytes;
};

/// `output`: the file, of Chakra the prefix of the files (an .et behind it counts for
/// nothing). `plan` is checked; `times` of the kernels. Code Unsupported where the
/// format cannot hold the plan or its traffic.
rt::Result<std::vector<ExportedFile>> exportStep(const plan::Plan &plan,
                                                 const traffic::ItemCounts &counts,
                                                 const simulator::KernelTimes &times, Format format,
                                                 Phase phase, const std::string &output);

} // namespace moec::formats

#endif // MOEC_RUNTIME_FORMATS_EXPORT_H
