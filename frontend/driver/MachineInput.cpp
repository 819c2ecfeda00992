//===- MachineInput.cpp - The machine that a command is about -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/MachineInput.h"

#include "frontend/driver/Console.h"
#include "frontend/parser/Loader.h"
#include "frontend/parser/MachineText.h"
#include "runtime/base/Text.h"

namespace moec::driver {

bool isSourcePath(const std::string &input) {
  return !input.ends_with(".moex") && !input.ends_with(".mlir");
}

static int readNamed(const std::string &nameOrPath, bool json, topology::Machine &machine) {
  frontend::Diagnostics reports;
  std::optional<frontend::Machine> read = frontend::parseMachine(nameOrPath, reports);
  if (!read)
    return showDiagnostics(reports, json);
  machine = *std::move(read);
  return 0;
}

/// As the layer was compiled for it: moec's own machine of that name may be another by now.
static bool findInSources(const MachineInput &wanted, topology::Machine &machine) {
  for (const SourceFile &source : wanted.sources) {
    frontend::Diagnostics quiet; // a source with files beside it is not whole by itself
    std::optional<frontend::Machine> read =
        frontend::parseMachineText(source.text, source.name, quiet);
    if (!read || read->name != wanted.manifest->machine)
      continue;
    machine = *std::move(read);
    return true;
  }
  return false;
}

int readMachine(const MachineInput &wanted, bool json, topology::Machine &machine) {
  if (!wanted.option.empty() || isSourcePath(wanted.input))
    return readNamed(wanted.option.empty() ? wanted.input : wanted.option, json, machine);
  const std::string name = wanted.manifest ? wanted.manifest->machine : "";
  if (name.empty())
    return showFailure(rt::invalidError("--machine: wanted one, for ", wanted.input, " names none"),
                       json);
  if (findInSources(wanted, machine))
    return 0;
  if (!frontend::shippedMachine(name).empty())
    return readNamed(name, json, machine);
  return showFailure(rt::invalidError("--machine: wanted the file of machine ", rt::quote(name),
                                      ", which ", wanted.input,
                                      " is for and which does not come with moec"),
                     json);
}

frontend::Site siteOn(const topology::Machine &machine, topology::Shape shape) {
  auto linkOf = [&](std::string_view name) {
    return machine.findLink(name) ? std::string(name) : std::string();
  };
  frontend::Site site;
  static_cast<topology::Machine &>(site.machine) = machine;
  if (shape.nodes > 1)
    site.axes.push_back({"node", shape.nodes, linkOf(topology::railName), {}});
  site.axes.push_back({"gpu", shape.lanes, linkOf(topology::nvlinkName), {}});
  return site;
}

} // namespace moec::driver
