//===- Topo.cpp - moec topo -----------------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "frontend/driver/Commands.h"
#include "frontend/driver/Console.h"
#include "frontend/parser/Loader.h"
#include "frontend/parser/Program.h"
#include "frontend/parser/Suggest.h"
#include "runtime/base/File.h"
#include "runtime/module/ModuleJson.h"
#include "runtime/module/TextTable.h"
#include "runtime/topology/Drawing.h"
#include "runtime/topology/import/Import.h"

#include <filesystem>

namespace moec::driver {
namespace {

/// A machine's name from that of a file: letters, digits and dashes of its stem, with a
/// letter first.
std::string nameFrom(const std::string &path) {
  std::string name;
  for (char c : std::filesystem::path(path).stem().string()) {
    bool isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool isInner = isLetter || (c >= '0' && c <= '9');
    if (isInner && !isLetter && name.empty())
      name = "machine-";
    if (isInner)
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (name.ends_with('-'))
    name.pop_back();
  if (name.empty() || name.size() > 64)
    return "imported";
  return name;
}

int import(const TopoOptions &options, topology::Machine &machine) {
  const std::string &path = options.nccl.empty() ? options.smi : options.nccl;
  rt::Result<std::string> text = rt::readFile(path);
  if (!text)
    return showFailure(text.status(), options.json);
  rt::Result<topology::Machine> read =
      options.nccl.empty() ? topology::importSmi(*text, path) : topology::importNccl(*text, path);
  if (!read)
    return showFailure(read.status(), options.json);
  machine = *std::move(read);
  machine.name = nameFrom(path);
  return 0;
}

int readMachine(const TopoOptions &options, topology::Machine &machine) {
  if (!options.nccl.empty() || !options.smi.empty())
    return import(options, machine);
  if (options.machine.empty())
    return showFailure(rt::invalidError("wanted a machine, a file, --from-nccl or --from-smi, "
                                        "found none; moec comes with ",
                                        frontend::listOf(frontend::shippedMachineNames())),
                       options.json);
  frontend::Diagnostics reports;
  std::optional<frontend::Machine> read = frontend::parseMachine(options.machine, reports);
  if (!read)
    return showDiagnostics(reports, options.json);
  machine = *std::move(read);
  return 0;
}

/// What the machine's figures make of one node: a table that simulator and bounds share.
rt::Result<std::vector<topology::Resource>> resourcesOf(const topology::Machine &machine) {
  uint32_t lanes = machine.gpusPerNode.value_or(1);
  bool hasRail = machine.findLink(topology::railName) != nullptr;
  uint32_t nodes = hasRail && machine.nodes.value_or(2) > 1 ? 2 : 1;
  MOEC_ASSIGN_OR_RETURN(topology::Network network, topology::makeNetwork(machine, {nodes, lanes}));
  return network.getResources();
}

rt::Json machineJson(const topology::Machine &machine,
                     const std::vector<topology::Resource> &resources) {
  rt::Json facts = rt::Json::array(), list = rt::Json::array();
  for (const topology::Fact &fact : topology::factsOf(machine))
    facts.push_back({{"what", fact.what}, {"value", fact.value}, {"source", fact.source}});
  for (const topology::Resource &resource : resources)
    list.push_back({{"name", resource.name}, {"bytes_per_second", resource.bytesPerSecond}});
  return {{"machine", machine.name},
          {"facts", std::move(facts)},
          {"resources", std::move(list)},
          {"block", topology::machineText(machine)}};
}

std::string machineView(const topology::Machine &machine,
                        const std::vector<topology::Resource> &resources) {
  rt::TextTable table({false, false, false});
  for (const topology::Fact &fact : topology::factsOf(machine))
    table.row({fact.what, fact.value, fact.source});
  return rt::concat(machine.name, "\n\n", table.text(), "\n", topology::drawTree(machine), "\n",
                    resources.size(), " resources of ranks on ",
                    machine.findLink(topology::railName) && machine.nodes.value_or(2) > 1
                        ? "two nodes"
                        : "one node",
                    "; `moec topo --json` lists them\n");
}

int refuseToReplaceInputs(const TopoOptions &options) {
  for (const std::string *input : {&options.machine, &options.nccl, &options.smi})
    for (auto [output, option] :
         {std::pair(&options.output, "--output"), std::pair(&options.svg, "--svg")})
      if (!input->empty())
        if (rt::Status status = rt::refuseToReplace(*input, *output, option); !status.ok())
          return showFailure(status, options.json);
  return 0;
}

} // namespace

int runTopo(const TopoOptions &options) {
  bool toOutput = options.output == "-" || options.svg == "-";
  if (toOutput && (options.json || options.output == options.svg))
    return showFailure(rt::invalidError("wanted one of --json, -o and --svg on standard output, "
                                        "found two"),
                       options.json);
  topology::Machine machine;
  if (int code = readMachine(options, machine))
    return code;
  auto resources = resourcesOf(machine);
  if (!resources)
    return showFailure(resources.status(), options.json);
  if (int code = refuseToReplaceInputs(options))
    return code;
  std::string block, picture, shown;
  std::vector<Output> outputs;
  if (!options.output.empty()) {
    block = topology::machineText(machine);
    outputs.push_back({options.output, block});
  }
  if (!options.svg.empty()) {
    picture = topology::drawSvg(machine);
    outputs.push_back({options.svg, picture});
  }
  if (!toOutput) { // with -o - or --svg - standard output belongs to the file
    shown = options.json ? rt::dumpJson(machineJson(machine, *resources), 2) + "\n"
                         : machineView(machine, *resources);
    outputs.push_back({"", shown});
  }
  return writeOutputs(outputs, options.json);
}

} // namespace moec::driver
