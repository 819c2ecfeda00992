//===- ResolveLoad.cpp - Placements by load -------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "runtime/traffic/ExpertLoads.h"

#include <filesystem>

namespace moec::frontend {

/// The counts in the file that `auto load` names; a relative path starts in the
/// folder of the file that names it. The text becomes one of the program's sources.
static std::vector<std::vector<double>> readLoads(const Statement &statement, uint32_t experts,
                                                  Diagnostics &diagnostics) {
  const Value *path = statement.find("load");
  if (statement.broken || !path)
    return {};
  std::optional<uint32_t> layer;
  if (statement.find("layer"))
    layer = readInteger(statement, "layer", 0, UINT32_MAX, diagnostics);
  std::filesystem::path base = diagnostics.sources().name(path->location.file);
  std::string full = (base.parent_path() / path->text).string(), error;
  std::optional<uint32_t> file = diagnostics.sources().read(full, error);
  if (!file) {
    diagnostics.report(DiagnosticId::CannotRead, path->location, {path->text, error});
    return {};
  }
  auto loads = traffic::parseExpertLoads(diagnostics.sources().text(*file), path->text);
  auto counts = loads ? loads->of(layer, experts)
                      : rt::Result<std::vector<std::vector<double>>>(loads.status());
  if (counts)
    return *std::move(counts);
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::BadLoad, path->location, {counts.status().message()});
  if (loads && !layer && loads->layers.size() > 1)
    diagnostic.help("write `auto load \"" + path->text + "\" layer N`");
  return {};
}

/// One slot for each copy, in all; the message names what asks for more.
static void checkRoom(const LoadRequest &load, const PlacementTarget &target,
                      const Statement *slots, const Statement *replicate,
                      Diagnostics &diagnostics) {
  if (!load.slots || !target.ranks || !target.experts)
    return;
  uint64_t room = uint64_t(std::min(*load.slots, target.experts)) * target.ranks;
  uint64_t copies = uint64_t(target.experts) + load.redundant.value_or(0);
  if (copies <= room)
    return;
  Diagnostic &diagnostic = diagnostics
                               .report(DiagnosticId::CopiesDoNotFit, slots->location,
                                       {std::to_string(copies), std::to_string(room)})
                               .under(std::to_string(target.ranks) + " gpus x " +
                                      std::to_string(std::min(*load.slots, target.experts)));
  if (replicate)
    diagnostic.at(replicate->location, std::to_string(target.experts) + " experts + " +
                                           std::to_string(*load.redundant) + " copies");
}

std::optional<LoadRequest> resolveLoad(const Statement &block, const PlacementTarget &target,
                                       Diagnostics &diagnostics) {
  const Statement *rule = findStatement(block, "auto"), *slots = findStatement(block, "slots"),
                  *replicate = findStatement(block, "replicate"),
                  *keep = findStatement(block, "keep");
  if (!rule) {
    for (const Statement *statement : {slots, replicate, keep})
      if (statement && !block.bodyDamaged)
        diagnostics
            .report(DiagnosticId::NeedsLoad, statement->location, {std::string(statement->name())})
            .help("add `auto load \"FILE.csv\"`");
    return std::nullopt;
  }
  LoadRequest load;
  load.loads = readLoads(*rule, target.experts, diagnostics);
  if (slots)
    load.slots = readInteger(*slots, "count", 1, maxExperts, diagnostics);
  if (replicate)
    load.redundant = readInteger(*replicate, "copies", 0, maxPlacedExperts, diagnostics);
  if (replicate && replicate->find("most"))
    load.mostCopies = readInteger(*replicate, "most", 1, plan::maxRanks, diagnostics);
  load.groupsOnNodes = keep != nullptr;
  if (keep && target.experts && !target.hasGroups)
    diagnostics.report(DiagnosticId::NoGroupsToKeep, keep->location);
  checkRoom(load, target, slots, replicate, diagnostics);
  return load;
}

} // namespace moec::frontend
