//===- Resolve.cpp - Blocks to a program ----------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the files, checks every block by itself, then the names between them.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Loader.h"
#include "frontend/parser/MachineText.h"
#include "frontend/parser/Suggest.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace moec::frontend {

namespace {
class ProgramResolver {
public:
  ProgramResolver(const std::vector<uint32_t> &files, const ParseOptions &options,
                  Diagnostics &diagnostics)
      : options(options), diagnostics(diagnostics), loaded(loadFiles(files, diagnostics)),
        main(diagnostics.sources().locate(files.front(), 0, 0)) {}
  std::optional<Program> run();

private:
  void checkNames(std::string_view keyword, const char *plural);
  /// The block that a field names; null if there is none (reported if so).
  const Statement *named(const Statement &by, std::string_view field, std::string_view keyword);
  /// Null if it has none, or an unknown one (reported the first time).
  const Statement *machineOf(const Statement &mesh);
  void resolveMeshes();
  bool isMachines() const;
  void resolveLayers();
  const Statement *onlyRequest(std::string_view keyword);
  const Statement *overrideSchedule(const Statement *schedule);
  void chooseMesh(const Statement *placement);
  void overrideRanks();
  void resizeMesh(uint32_t ranks);
  void overrideSite();
  void checkSchedule();
  void resolveRequests();

  const ParseOptions &options;
  Diagnostics &diagnostics;
  LoadedFiles loaded;
  Location main; ///< the start of the first file
  Program program;
  std::string rankNote;
  bool knowsRanks = true;
  bool hasDuplicates = false; ///< two blocks of one name: which one is meant is not asked again
  std::map<const Statement *, const Statement *> machines; ///< by mesh
  Statement overridden;                                    ///< the schedule, by the options
};
} // namespace

void ProgramResolver::checkNames(std::string_view keyword, const char *plural) {
  std::vector<const Statement *> blocks = loaded.ofKind(keyword);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const Value *name = blocks[i]->find("name");
    for (size_t j = 0; name && j < i; ++j) {
      const Value *other = blocks[j]->find("name");
      if (!other || other->text != name->text)
        continue;
      diagnostics.report(DiagnosticId::DuplicateName, name->location, {plural, name->text})
          .at(other->location, "first here");
      hasDuplicates = true;
      break;
    }
  }
}

const Statement *ProgramResolver::named(const Statement &by, std::string_view field,
                                        std::string_view keyword) {
  const Value *wanted = by.find(field);
  if (!wanted)
    return nullptr;
  std::vector<std::string_view> names;
  for (const Statement *block : loaded.ofKind(keyword)) {
    const Value *name = block->find("name");
    if (name && name->text == wanted->text)
      return block;
    if (name)
      names.push_back(name->text);
  }
  if (!loaded.complete)
    return nullptr;
  Diagnostic &diagnostic = diagnostics.report(DiagnosticId::UnknownName, wanted->location,
                                              {std::string(keyword), wanted->text});
  std::string meant = nearest(wanted->text, names);
  if (!meant.empty())
    diagnostic.under("did you mean '" + meant + "'?").fix(wanted->location, meant);
  else if (!names.empty())
    diagnostic.help("declared: " + listOf(names));
  return nullptr;
}

const Statement *ProgramResolver::machineOf(const Statement &mesh) {
  auto known = machines.find(&mesh);
  if (known != machines.end())
    return known->second;
  std::vector<const Statement *> all = loaded.ofKind("machine");
  const Statement *machine = all.size() == 1 ? all.front() : nullptr;
  if (mesh.find("machine"))
    machine = named(mesh, "machine", "machine");
  return machines[&mesh] = machine;
}

/// Whether that is all there is, and will do.
bool ProgramResolver::isMachines() const {
  if (!options.machinesWillDo || loaded.ofKind("machine").empty())
    return false;
  for (const char *kind : {"mesh", "layer", "placement", "schedule"})
    if (!loaded.ofKind(kind).empty())
      return false;
  return true;
}

void ProgramResolver::resolveLayers() {
  std::vector<const Statement *> layers = loaded.ofKind("layer");
  for (size_t i = layers.size(); i-- > 0;) {
    ResolvedLayer resolved = resolveLayer(*layers[i], diagnostics);
    program.layer = std::move(resolved.layer);
    program.locations = resolved.locations;
  }
  if (layers.empty() && loaded.complete && !isMachines())
    diagnostics.report(DiagnosticId::NoLayer, main)
        .help("write `layer NAME { .. }`, or make one with `moec import hf config.json`");
  if (layers.size() > 1)
    diagnostics
        .report(DiagnosticId::SeveralLayers, layers[1]->location, {std::to_string(layers.size())})
        .at(layers[0]->location, "the first layer");
}

/// Every machine and mesh is checked, used or not; chooseMesh keeps one.
void ProgramResolver::resolveMeshes() {
  for (const Statement *block : loaded.ofKind("mesh")) {
    const Statement *on = machineOf(*block);
    // Its own messages come from the loop below.
    Diagnostics quiet;
    std::optional<Machine> machine;
    if (on)
      machine = resolveMachine(*on, quiet);
    else if (loaded.complete && !block->find("machine"))
      refuseLinks(*block, diagnostics);
    resolveMesh(*block, machine ? &*machine : nullptr, diagnostics);
  }
  for (const Statement *block : loaded.ofKind("machine"))
    resolveMachine(*block, diagnostics);
}

/// The block of that kind for the layer. A second one is an error.
const Statement *ProgramResolver::onlyRequest(std::string_view keyword) {
  const Statement *first = nullptr;
  for (const Statement *block : loaded.ofKind(keyword)) {
    named(*block, "layer", "layer");
    if (first)
      diagnostics
          .report(DiagnosticId::SecondRequest, block->location,
                  {program.layer.name, std::string(keyword)})
          .at(first->location, "first here");
    else
      first = block;
  }
  return first;
}

void ProgramResolver::chooseMesh(const Statement *placement) {
  std::vector<const Statement *> meshes = loaded.ofKind("mesh");
  const Statement *block = meshes.size() == 1 ? meshes.front() : nullptr;
  bool isNamed = placement && placement->find("mesh");
  if (isNamed)
    block = named(*placement, "mesh", "mesh");
  knowsRanks = block != nullptr;
  if (block) {
    Diagnostics quiet; // resolveMeshes said it all
    if (const Statement *on = machineOf(*block))
      program.machine = resolveMachine(*on, quiet);
    program.mesh = resolveMesh(*block, nullptr, quiet);
    knowsRanks = !program.mesh.axes.empty();
    return;
  }
  if (isNamed || !loaded.complete || options.ranks || options.site || hasDuplicates || isMachines())
    return;
  if (meshes.empty())
    diagnostics.report(DiagnosticId::NoMesh, main)
        .help("write `mesh ep8 { axis gpu 8 }`, or give --ranks 8");
  else
    diagnostics
        .report(DiagnosticId::AmbiguousMesh, meshes[1]->location, {std::to_string(meshes.size())})
        .at(meshes[0]->location, "the first mesh")
        .help("write `placement on NAME { .. }`");
}

void ProgramResolver::overrideRanks() {
  if (!options.ranks)
    return;
  uint32_t ranks = *options.ranks;
  if (ranks == 0 || ranks > plan::maxRanks) {
    diagnostics.report(DiagnosticId::BadRankCount, Location(),
                       {std::to_string(plan::maxRanks), std::to_string(ranks)});
    knowsRanks = false;
    return;
  }
  bool isSame = knowsRanks && program.mesh.ranks() == ranks;
  knowsRanks = true;
  if (isSame)
    return;
  rankNote = "--ranks " + std::to_string(ranks) + " replaces the mesh";
  if (!program.mesh.name.empty())
    rankNote += " '" + program.mesh.name + "' of the file";
  resizeMesh(ranks);
}

/// Nodes keep their size, as the links of a node do.
void ProgramResolver::resizeMesh(uint32_t ranks) {
  Mesh &mesh = program.mesh;
  uint32_t lanes = mesh.nodes() > 1 ? mesh.ranks() / mesh.nodes() : ranks;
  if (ranks > lanes && ranks % lanes != 0) {
    diagnostics.report(DiagnosticId::NoWholeNodes, mesh.location,
                       {std::to_string(ranks), std::to_string(lanes), mesh.name});
    knowsRanks = false;
    return;
  }
  if (ranks > lanes) {
    Axis node = mesh.axes.front(), gpu = mesh.axes.back();
    node.size = ranks / lanes;
    gpu.size = lanes;
    mesh.axes = {std::move(node), std::move(gpu)};
  } else {
    mesh.axes = {{"gpu", ranks, "", mesh.location}};
  }
  if (!program.machine || !program.machine->gpusPerNode || !program.machine->nodes)
    return;
  uint64_t gpus = uint64_t(*program.machine->gpusPerNode) * *program.machine->nodes;
  if (ranks > gpus)
    diagnostics
        .report(DiagnosticId::MeshTooLarge, mesh.location,
                {std::to_string(ranks), std::to_string(gpus)})
        .note(rankNote);
}

/// A study's machine and mesh. What the file says of its own has been checked by itself.
void ProgramResolver::overrideSite() {
  if (!options.site)
    return;
  program.machine = options.site->machine;
  program.mesh.axes = options.site->axes;
  for (Axis &axis : program.mesh.axes)
    axis.location = program.mesh.location;
  knowsRanks = true;
  rankNote = "machine '" + program.machine->name + "' with " +
             counted(program.mesh.ranks(), "rank") + " on " +
             counted(program.mesh.nodes(), "node") + " replaces the mesh of the file";
}

/// Is the statement one of few algorithms, so that it goes with the one that it was said for?
static bool refinesAlgorithm(const Statement &statement) {
  return statement.name() == "chunks" || statement.name() == "spray" ||
         statement.name() == "pipeline";
}

/// The block with what the options say in it, or that alone.
const Statement *ProgramResolver::overrideSchedule(const Statement *schedule) {
  if (options.schedule.empty())
    return schedule;
  uint32_t file =
      diagnostics.sources().add(optionsName, "moe 1\nschedule {\n" + options.schedule + "\n}\n");
  LoadedFiles read = loadFiles({file}, diagnostics);
  std::vector<const Statement *> blocks = read.ofKind("schedule");
  if (blocks.size() != 1)
    return schedule; // and that has been reported
  checkStatements(*blocks.front(), diagnostics);
  overridden = *blocks.front();
  if (!schedule)
    return &overridden;
  bool namesAlgorithm = findStatement(*blocks.front(), "algorithm") != nullptr;
  auto isGiven = [&](const Statement &statement) {
    return findStatement(*blocks.front(), statement.name()) != nullptr ||
           (namesAlgorithm && refinesAlgorithm(statement));
  };
  std::vector<Statement> body;
  std::remove_copy_if(schedule->body.begin(), schedule->body.end(), std::back_inserter(body),
                      isGiven);
  body.insert(body.end(), overridden.body.begin(), overridden.body.end());
  overridden = *schedule;
  overridden.body = std::move(body);
  return &overridden;
}

/// Whether the schedule fits the mesh; and where the options replace that, which one.
void ProgramResolver::checkSchedule() {
  size_t reported = diagnostics.all().size();
  checkSwitch(program, diagnostics);
  checkTiers(program, diagnostics);
  checkStages(program, diagnostics);
  checkEngine(program, diagnostics);
  if (diagnostics.all().size() != reported && !rankNote.empty())
    diagnostics.last().note(rankNote);
}

void ProgramResolver::resolveRequests() {
  const Statement *placement = onlyRequest("placement");
  const Statement *schedule = overrideSchedule(onlyRequest("schedule"));
  chooseMesh(placement);
  overrideRanks();
  overrideSite();
  bool isOnlyLayer = loaded.ofKind("layer").size() == 1;
  if (placement)
    program.placement = resolvePlacement(*placement,
                                         {.ranks = knowsRanks ? program.mesh.ranks() : 0,
                                          .experts = isOnlyLayer ? program.layer.experts : 0,
                                          .hasGroups = program.layer.router.groups.has_value(),
                                          .rankNote = rankNote},
                                         diagnostics);
  if (!schedule)
    return;
  named(*schedule, "placement", "placement");
  program.schedule = resolveSchedule(*schedule, diagnostics);
  if (knowsRanks)
    checkSchedule();
  if (isOnlyLayer && !program.schedule.sharedTiles.empty() && !program.layer.shared)
    diagnostics.report(DiagnosticId::TilesOfNoStage, program.schedule.sharedTilesLocation,
                       {program.layer.name});
}

std::optional<Program> ProgramResolver::run() {
  for (const Statement *block : loaded.blocks)
    checkStatements(*block, diagnostics);
  checkNames("machine", "machines");
  checkNames("mesh", "meshes");
  checkNames("layer", "layers");
  checkNames("placement", "placements");
  checkNames("schedule", "schedules");
  resolveMeshes();
  resolveLayers();
  resolveRequests();
  if (diagnostics.hasErrors())
    return std::nullopt;
  program.sources = diagnostics.shareSources();
  return std::move(program);
}

std::optional<Program> parseProgram(const std::vector<std::string> &paths,
                                    const ParseOptions &options, Diagnostics &diagnostics) {
  std::vector<uint32_t> files;
  for (const std::string &path : paths) {
    std::string error;
    std::optional<uint32_t> file = diagnostics.sources().read(path, error);
    if (file)
      files.push_back(*file);
    else
      diagnostics.report(DiagnosticId::CannotRead, Location(), {path, error});
  }
  if (files.size() != paths.size() || files.empty())
    return std::nullopt;
  return ProgramResolver(files, options, diagnostics).run();
}

/// The only machine block of a file and its imports.
static std::optional<Machine> machineOf(uint32_t file, Diagnostics &diagnostics) {
  LoadedFiles loaded = loadFiles({file}, diagnostics);
  std::vector<const Statement *> blocks = loaded.ofKind("machine");
  for (const Statement *block : blocks)
    checkStatements(*block, diagnostics);
  if (blocks.size() != 1 && loaded.complete)
    diagnostics.report(DiagnosticId::NotOneMachine, diagnostics.sources().locate(file, 0, 0),
                       {std::to_string(blocks.size())});
  std::optional<Machine> machine;
  for (const Statement *block : blocks)
    machine = resolveMachine(*block, diagnostics);
  return diagnostics.hasErrors() ? std::nullopt : machine;
}

std::optional<Machine> parseMachine(const std::string &nameOrPath, Diagnostics &diagnostics) {
  std::optional<uint32_t> file;
  std::string error;
  if (std::string_view text = shippedMachine(nameOrPath); !text.empty())
    file = diagnostics.sources().add("<moec>/" + nameOrPath + ".moe", std::string(text));
  else
    file = diagnostics.sources().read(nameOrPath, error);
  if (!file) {
    diagnostics.report(DiagnosticId::CannotRead, Location(), {nameOrPath, error})
        .help("machines that come with moec: " + listOf(shippedMachineNames()));
    return std::nullopt;
  }
  return machineOf(*file, diagnostics);
}

std::optional<Machine> parseMachineText(std::string text, std::string name,
                                        Diagnostics &diagnostics) {
  return machineOf(diagnostics.sources().add(std::move(name), std::move(text)), diagnostics);
}

std::optional<Program> parseProgramText(std::string text, std::string name,
                                        const ParseOptions &options, Diagnostics &diagnostics) {
  uint32_t file = diagnostics.sources().add(std::move(name), std::move(text));
  return ProgramResolver({file}, options, diagnostics).run();
}

} // namespace moec::frontend
