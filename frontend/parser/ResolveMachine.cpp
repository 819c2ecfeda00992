//===- ResolveMachine.cpp - Machines and meshes ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Suggest.h"

namespace moec::frontend {

static const std::vector<std::string_view> &archNames() {
  static const std::vector<std::string_view> names = {"sm_80",  "sm_86",  "sm_89",   "sm_90",
                                                      "sm_90a", "sm_100", "sm_100a", "cpu"};
  return names;
}

static Link resolveLink(const Statement &block, Diagnostics &diagnostics) {
  Link link;
  link.location = block.location;
  if (const Value *name = block.find("name"))
    link.name = name->text;
  const Value *rate = nullptr, *achieved = nullptr;
  for (const Statement &statement : block.body) {
    if (const Value *time = statement.find("time"))
      link.latencySeconds = time->inBaseUnits();
    const Value *value = statement.find("rate");
    if (!value)
      continue;
    (statement.name() == "rate" ? rate : achieved) = value;
  }
  if (rate)
    link.bytesPerSecond = rate->inBaseUnits();
  if (achieved)
    link.achievedBytesPerSecond = achieved->inBaseUnits();
  if (rate && achieved && achieved->inBaseUnits() > rate->inBaseUnits())
    diagnostics
        .report(DiagnosticId::AchievedAboveRate, achieved->location,
                {formatNumber(achieved->number) + " " + achieved->unit,
                 formatNumber(rate->number) + " " + rate->unit})
        .at(rate->location, "the nominal rate");
  return link;
}

Machine resolveMachine(const Statement &block, Diagnostics &diagnostics) {
  Machine machine;
  machine.location = block.location;
  if (const Value *name = block.find("name"))
    machine.name = name->text;
  for (const Statement &statement : block.body) {
    std::string_view keyword = statement.name();
    if (keyword == "arch" && statement.find("arch")) {
      const Value &arch = *statement.find("arch");
      machine.arch = arch.text;
      bool known = false;
      for (std::string_view name : archNames())
        known |= name == arch.text;
      if (known)
        continue;
      Diagnostic &diagnostic = diagnostics.report(DiagnosticId::UnknownWord, arch.location,
                                                  {arch.text, listOf(archNames())});
      std::string meant = nearest(arch.text, archNames());
      if (!meant.empty())
        diagnostic.under("did you mean '" + meant + "'?").fix(arch.location, meant);
    } else if (keyword == "gpus") {
      machine.gpusPerNode = readInteger(statement, "count", 1, plan::maxRanks, diagnostics);
    } else if (keyword == "nodes") {
      machine.nodes = readInteger(statement, "count", 1, plan::maxRanks, diagnostics);
    } else if (keyword == "sms") {
      machine.multiprocessors = readInteger(statement, "count", 1, 65535, diagnostics);
    } else if (keyword == "memory") {
      if (const Value *size = statement.find("size"))
        machine.memoryBytes = static_cast<uint64_t>(std::min(size->inBaseUnits(), 9e18));
      if (const Value *rate = statement.find("rate"))
        machine.memoryBytesPerSecond = rate->inBaseUnits();
    } else if (keyword == "link") {
      Link link = resolveLink(statement, diagnostics);
      for (const Link &other : machine.links)
        if (!link.name.empty() && other.name == link.name)
          diagnostics.report(DiagnosticId::DuplicateName, statement.location, {"links", link.name})
              .at(other.location, "first here");
      machine.links.push_back(std::move(link));
    }
  }
  return machine;
}

static void checkAxisLink(const Axis &axis, const Value &link, const Machine *machine,
                          Diagnostics &diagnostics) {
  if (!machine)
    return;
  std::vector<std::string_view> names;
  for (const Link &known : machine->links) {
    if (known.name == axis.link)
      return;
    names.push_back(known.name);
  }
  Diagnostic &diagnostic = diagnostics
                               .report(DiagnosticId::UnknownName, link.location,
                                       {"link of machine '" + machine->name + "'", axis.link})
                               .at(machine->location, "the machine");
  std::string meant = nearest(axis.link, names);
  if (!meant.empty())
    diagnostic.under("did you mean '" + meant + "'?").fix(link.location, meant);
}

void refuseLinks(const Statement &mesh, Diagnostics &diagnostics) {
  const Value *name = mesh.find("name");
  for (const Statement &axis : mesh.body)
    if (const Value *link = axis.find("link"); link && name) {
      diagnostics.report(DiagnosticId::LinkOfNoMachine, link->location, {link->text, name->text})
          .help("say `mesh " + name->text + " on MACHINE`");
      return;
    }
}

Mesh resolveMesh(const Statement &block, const Machine *machine, Diagnostics &diagnostics) {
  Mesh mesh;
  mesh.location = block.location;
  if (const Value *name = block.find("name"))
    mesh.name = name->text;
  uint64_t ranks = 1;
  bool isKnown = !block.bodyDamaged;
  for (const Statement &statement : block.body) {
    Axis axis;
    axis.location = statement.location;
    if (const Value *name = statement.find("name"))
      axis.name = name->text;
    std::optional<uint32_t> size = readInteger(statement, "size", 1, plan::maxRanks, diagnostics);
    isKnown = isKnown && size;
    axis.size = size.value_or(1);
    if (const Value *link = statement.find("link")) {
      axis.link = link->text;
      checkAxisLink(axis, *link, machine, diagnostics);
    }
    for (const Axis &other : mesh.axes)
      if (!axis.name.empty() && other.name == axis.name)
        diagnostics.report(DiagnosticId::DuplicateName, statement.location, {"axes", axis.name})
            .at(other.location, "first here");
    ranks *= axis.size;
    if (ranks > plan::maxRanks) {
      diagnostics.report(
          DiagnosticId::OutOfRange, statement.location,
          {"ranks of the mesh", "1.." + std::to_string(plan::maxRanks), std::to_string(ranks)});
      mesh.axes.clear();
      return mesh;
    }
    mesh.axes.push_back(std::move(axis));
  }
  bool isBounded = machine && machine->gpusPerNode && machine->nodes;
  uint64_t gpus = isBounded ? uint64_t(*machine->gpusPerNode) * *machine->nodes : 0;
  if (isBounded && isKnown && ranks > gpus)
    diagnostics
        .report(DiagnosticId::MeshTooLarge, mesh.location,
                {std::to_string(ranks), std::to_string(gpus)})
        .at(machine->location, "nodes " + std::to_string(*machine->nodes) + ", gpus " +
                                   std::to_string(*machine->gpusPerNode));
  if (!isKnown)
    mesh.axes.clear();
  return mesh;
}

} // namespace moec::frontend
