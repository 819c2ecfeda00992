//===- OutputPaths.h - Outputs that would replace an input -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_OUTPUTPATHS_H
#define MOEC_RUNTIME_TOOLS_OUTPUTPATHS_H

#include "runtime/base/Status.h"
#include "runtime/data/WeightSource.h"
#include "runtime/tools/RunCommand.h"
#include "runtime/tools/Weights.h"

#include <vector>

namespace moec::run {

/// Refuses a file to write that is also read, or written twice, by whatever name.
/// `module` is the file that the module comes from.
rt::Status checkOutputPaths(const RunOptions &options, const std::string &module);

/// The same for the files of a checkpoint, known once it is open.
rt::Status checkOutputsAreNoShards(const RunOptions &options, const rt::WeightSource &weights,
                                   const std::vector<NeededWeight> &needed);

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_OUTPUTPATHS_H
