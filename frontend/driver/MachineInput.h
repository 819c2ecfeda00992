//===- MachineInput.h - The machine that a command is about -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_MACHINEINPUT_H
#define MOEC_FRONTEND_DRIVER_MACHINEINPUT_H

#include "frontend/parser/Program.h"
#include "runtime/module/Contents.h"
#include "runtime/module/Manifest.h"
#include "runtime/topology/Machine.h"

#include <span>
#include <string>

namespace moec::driver {

struct MachineInput {
  std::string option;                  ///< of --machine: name or file; may be empty
  std::string input;                   ///< source, module or plan
  const Manifest *manifest = nullptr;  ///< of a module or a plan that has one
  std::span<const SourceFile> sources; ///< of a module
};

/// Whether a machine that is not named is the file's own.
bool isSourcePath(const std::string &input);

/// The machine that --machine names, else the input's: of a source its own block, of a
/// module that of its sources, or one that comes with moec. Returns 0, or the exit code
/// of what was wrong and has been reported.
int readMachine(const MachineInput &wanted, bool json, topology::Machine &machine);

/// A mesh of that shape on the machine: nodes over the scale-out link, GPUs over the
/// scale-up link, as far as the machine has them.
frontend::Site siteOn(const topology::Machine &machine, topology::Shape shape);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_MACHINEINPUT_H
