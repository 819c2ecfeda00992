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

/// What bounds and the simulator know ways over.
static const std::vector<std::string_view> &linkNames() {
  static const std::vector<std::string_view> names = {topology::nvlinkName, topology::railName,
                                                      topology::pcieName, topology::socketName};
  return names;
}

std::string sourceOf(const Statement &statement) {
  auto strip = [](std::string_view comment) {
    size_t first = comment.find_first_not_of("# ");
    return std::string(first == std::string_view::npos ? "" : comment.substr(first));
  };
  if (!statement.comment.empty())
    return strip(statement.comment);
  std::string source;
  for (const std::string &line : statement.comments)
    source = line.empty() ? "" : source + (source.empty() ? "" : " ") + strip(line);
  return source;
}

static std::optional<topology::Figure> readFigure(const Statement &statement,
                                                  std::string_view field) {
  const Value *value = statement.find(field);
  if (!value)
    return std::nullopt;
  double number = value->kind == ValueKind::Number ? value->number : value->inBaseUnits();
  return topology::Figure{number, sourceOf(statement)};
}

static void readFigure(const Statement &statement, std::string_view field,
                       std::optional<topology::Figure> &figure) {
  if (statement.find(field))
    figure = readFigure(statement, field);
}

static void checkAchieved(const Value *rate, const Value *achieved, Diagnostics &diagnostics) {
  if (!rate || !achieved || achieved->inBaseUnits() <= rate->inBaseUnits())
    return;
  diagnostics
      .report(DiagnosticId::AchievedAboveRate, achieved->location,
              {formatNumber(achieved->number) + " " + achieved->unit,
               formatNumber(rate->number) + " " + rate->unit})
      .at(rate->location, "the nominal rate");
}

/// Nothing, or what was reported.
static Diagnostic *checkWord(const Value &word, const std::vector<std::string_view> &known,
                             Diagnostics &diagnostics) {
  for (std::string_view name : known)
    if (name == word.text)
      return nullptr;
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::UnknownWord, word.location, {word.text, listOf(known)});
  std::string meant = nearest(word.text, known);
  if (!meant.empty())
    diagnostic.under("did you mean '" + meant + "'?").fix(word.location, meant);
  return &diagnostic;
}

static topology::Link resolveLink(const Statement &block, std::optional<uint32_t> gpus,
                                  Diagnostics &diagnostics) {
  topology::Link link;
  if (const Value *name = block.find("name")) {
    link.name = name->text;
    if (Diagnostic *unknown = checkWord(*name, linkNames(), diagnostics))
      unknown->note("a link's name says what travels over it: nvlink between the gpus of a node, "
                    "rail between nodes, pcie a slot, socket between two sockets");
  }
  const Value *rate = nullptr, *achieved = nullptr;
  for (const Statement &statement : block.body) {
    std::string_view keyword = statement.name();
    if (keyword == "rate") {
      readFigure(statement, "rate", link.rate);
      rate = statement.find("rate");
    } else if (keyword == "achieved") {
      readFigure(statement, "rate", link.achieved);
      achieved = statement.find("rate");
    } else if (keyword == "latency") {
      readFigure(statement, "time", link.latency);
    } else if (keyword == "message") {
      readFigure(statement, "time", link.message);
    } else if (keyword == "multicast") {
      readFigure(statement, "share", link.multicast);
      const Value *share = statement.find("share");
      if (share && (share->number <= 0 || share->number > 1))
        diagnostics.report(DiagnosticId::OutOfRange, share->location,
                           {"multicast", "above 0 and at most 1", formatNumber(share->number)});
    } else if (keyword == "ports") {
      link.ports = readInteger(statement, "count", 1, plan::maxRanks, diagnostics);
    } else if (keyword == "joins") {
      if (std::optional<std::vector<uint32_t>> group = readGpus(statement, gpus, diagnostics)) {
        if (group->size() < 2)
          diagnostics.report(DiagnosticId::JoinsOne, statement.location);
        link.joins.push_back(*std::move(group));
      }
    }
  }
  checkAchieved(rate, achieved, diagnostics);
  return link;
}

static void resolveArch(const Value &arch, Machine &machine, Diagnostics &diagnostics) {
  machine.arch = arch.text;
  checkWord(arch, archNames(), diagnostics);
}

static void resolveCpu(const Value &vendor, Machine &machine) {
  for (topology::CpuVendor known :
       {topology::CpuVendor::Intel, topology::CpuVendor::Amd, topology::CpuVendor::Arm})
    if (topology::nameOf(known) == vendor.text)
      machine.cpu = known;
}

/// What stands on one line of the block. `gpus` and `nodes` have been read before.
static void resolveFact(const Statement &statement, Machine &machine, Diagnostics &diagnostics) {
  std::string_view keyword = statement.name();
  if (keyword == "arch" && statement.find("arch")) {
    resolveArch(*statement.find("arch"), machine, diagnostics);
  } else if (keyword == "cpu" && statement.find("vendor")) {
    resolveCpu(*statement.find("vendor"), machine);
  } else if (keyword == "sms") {
    machine.multiprocessors = readInteger(statement, "count", 1, 65535, diagnostics);
    readFigure(statement, "load", machine.smLoad);
    readFigure(statement, "store", machine.smStore);
  } else if (keyword == "compute" && statement.find("of") && statement.find("rate")) {
    machine.compute.push_back({statement.find("of")->text, *readFigure(statement, "rate")});
  } else if (keyword == "copy_engine") {
    readFigure(statement, "rate", machine.copyEngine);
  } else if (keyword == "memory") {
    readFigure(statement, "size", machine.memoryBytes);
    readFigure(statement, "rate", machine.memoryBytesPerSecond);
  } else if (keyword == "host_memory") {
    readFigure(statement, "size", machine.hostMemoryBytes);
    readFigure(statement, "rate", machine.hostMemoryBytesPerSecond);
  }
}

Machine resolveMachine(const Statement &block, Diagnostics &diagnostics) {
  Machine machine;
  machine.location = block.location;
  if (const Value *name = block.find("name"))
    machine.name = name->text;
  if (const Statement *gpus = findStatement(block, "gpus"))
    machine.gpusPerNode = readInteger(*gpus, "count", 1, plan::maxRanks, diagnostics);
  if (const Statement *nodes = findStatement(block, "nodes"))
    machine.nodes = readInteger(*nodes, "count", 1, plan::maxRanks, diagnostics);
  std::vector<const Statement *> links;
  for (const Statement &statement : block.body) {
    resolveFact(statement, machine, diagnostics);
    if (statement.name() != "link")
      continue;
    topology::Link link = resolveLink(statement, machine.gpusPerNode, diagnostics);
    for (size_t i = 0; i < links.size(); ++i)
      if (!link.name.empty() && machine.links[i].name == link.name)
        diagnostics.report(DiagnosticId::DuplicateName, statement.location, {"links", link.name})
            .at(links[i]->location, "first here");
    machine.links.push_back(std::move(link));
    links.push_back(&statement);
  }
  resolvePcie(block, machine, diagnostics);
  return machine;
}

static void checkAxisLink(const Axis &axis, const Value &link, const Machine *machine,
                          Diagnostics &diagnostics) {
  if (!machine)
    return;
  std::vector<std::string_view> names;
  for (const topology::Link &known : machine->links) {
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
