//===- ResolveCheckpoint.cpp - Names of weights ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Suggest.h"

#include <algorithm>
#include <array>

namespace moec::frontend {

static constexpr size_t roleCount = 10;

namespace {
/// Names by WeightRole, after the prefix.
struct Naming {
  std::string_view prefix;
  std::array<std::string_view, roleCount> names;
};
struct Family {
  std::string_view model;
  const Naming *naming; ///< null: not read
  std::string_view why;
};
} // namespace

#define MOEC_NAMING(SCHEME, PREFIX, ...)                                                           \
  static constexpr Naming SCHEME##Naming = {PREFIX, {__VA_ARGS__}};
#include "frontend/parser/Families.def"

static constexpr Family families[] = {
#define MOEC_FAMILY(MODEL, SCHEME) {MODEL, &SCHEME##Naming, ""},
#define MOEC_UNREAD_FAMILY(MODEL, WHY) {MODEL, nullptr, WHY},
#include "frontend/parser/Families.def"
};

/// The keywords of the weights block, by WeightRole.
static constexpr std::array<std::string_view, roleCount> roleNames = {
    "router",      "router_bias", "selection_bias", "expert_gate", "expert_up",
    "expert_down", "shared_gate", "shared_up",      "shared_down", "shared_scale"};

static bool isExpertRole(size_t role) {
  WeightRole value = static_cast<WeightRole>(role);
  return value == WeightRole::ExpertGate || value == WeightRole::ExpertUp ||
         value == WeightRole::ExpertDown;
}

static std::array<bool, roleCount> rolesOf(const moec::Layer &layer) {
  bool shared = layer.shared.has_value();
  return {true,
          layer.router.logitsBias,
          layer.router.selectionBias,
          true,
          true,
          true,
          shared,
          shared,
          shared,
          shared && layer.shared->gate};
}

static std::string replaceAll(std::string text, std::string_view what, const std::string &by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

namespace {
class CheckpointResolver {
public:
  CheckpointResolver(const Statement *statement, ResolvedLayer &result, Diagnostics &diagnostics)
      : statement(statement), result(result), diagnostics(diagnostics) {}
  void run();

private:
  bool readFamily();
  void useNaming(const Naming &naming, const std::string &prefix);
  void readNames();
  bool checkName(size_t role, const std::string &name, const Location &place);
  void checkRoles();
  void checkDistinct();

  const Statement *statement;
  ResolvedLayer &result;
  Diagnostics &diagnostics;
  std::string layerNumber;
  std::array<std::string, roleCount> names;
  std::array<Location, roleCount> places; ///< valid where the file gives the name
  std::array<bool, roleCount> known{};    ///< a name was given, right or wrong
};
} // namespace

void CheckpointResolver::useNaming(const Naming &naming, const std::string &prefix) {
  for (size_t role = 0; role < roleCount; ++role) {
    if (naming.names[role].empty())
      continue;
    names[role] = replaceAll(prefix + std::string(naming.names[role]), "{layer}", layerNumber);
    known[role] = true;
  }
}

/// False if nothing can be said about the names.
bool CheckpointResolver::readFamily() {
  const Value *family = statement->find("family"), *layer = statement->find("layer");
  const Value *prefix = statement->find("prefix");
  if (layer)
    layerNumber =
        std::to_string(readInteger(*statement, "layer", 0, 65535, diagnostics).value_or(0));
  if (!family)
    return true;
  std::vector<std::string_view> models;
  for (const Family &entry : families) {
    models.push_back(entry.model);
    if (entry.model != family->text)
      continue;
    if (!entry.naming) {
      diagnostics.report(DiagnosticId::UnsupportedFamily, family->location,
                         {family->text, std::string(entry.why)});
      return false;
    }
    std::string start = prefix ? prefix->text : std::string(entry.naming->prefix);
    if (!layer && start.find("{layer}") != std::string::npos) {
      diagnostics.report(DiagnosticId::MissingLayerNumber, statement->location, {family->text})
          .help("write `weights from " + family->text + " layer N`");
      return false;
    }
    useNaming(*entry.naming, start);
    return true;
  }
  Diagnostic &diagnostic =
      diagnostics.report(DiagnosticId::UnknownFamily, family->location, {family->text});
  std::string meant = nearest(family->text, models);
  if (!meant.empty())
    diagnostic.under("did you mean '" + meant + "'?").fix(family->location, meant);
  else
    diagnostic.help("known: " + listOf(models));
  return false;
}

bool CheckpointResolver::checkName(size_t role, const std::string &name, const Location &place) {
  bool hasHole = name.find("{expert}") != std::string::npos;
  bool isLong = name.size() > maxWeightNameBytes - 16; // room for the layer's number
  if (hasHole == isExpertRole(role) && !name.empty() && !isLong)
    return true;
  std::string problem = isLong         ? "is longer than 1008 characters"
                        : name.empty() ? "is empty"
                        : hasHole      ? "has {expert}, but it is one tensor"
                                       : "lacks {expert}, the expert's number";
  diagnostics.report(DiagnosticId::ExpertHole, place, {std::string(roleNames[role]), problem});
  return false;
}

void CheckpointResolver::readNames() {
  for (const Statement &line : statement->body) {
    auto role = std::find(roleNames.begin(), roleNames.end(), line.name());
    if (line.name() == "layout" && line.find("layout")) {
      const Value *packing = line.find("packing");
      if (line.find("layout")->text != "separate" || (packing && packing->text != "separate"))
        refuse(line, "this layout of experts' weights", "implemented: layout separate",
               diagnostics);
      continue;
    }
    if (role == roleNames.end())
      continue;
    size_t index = static_cast<size_t>(role - roleNames.begin());
    known[index] = true;
    names[index].clear();
    const Value *name = line.find("name");
    if (!name || !checkName(index, name->text, name->location))
      continue;
    names[index] = replaceAll(name->text, "{layer}", layerNumber);
    places[index] = name->location;
  }
}

void CheckpointResolver::checkRoles() {
  std::array<bool, roleCount> needed = rolesOf(result.layer);
  for (size_t role = 0; role < roleCount; ++role) {
    if (needed[role] && !known[role]) {
      Location place = statement ? statement->location : result.locations.layer;
      diagnostics.report(DiagnosticId::MissingWeightName, place, {std::string(roleNames[role])})
          .help("add `" + std::string(roleNames[role]) + " \"NAME\"` to the weights block");
    }
    if (!needed[role] && places[role].isValid())
      diagnostics.report(DiagnosticId::UnusedWeightName, places[role],
                         {std::string(roleNames[role])});
    if (needed[role] && !names[role].empty())
      result.layer.weights.push_back({static_cast<WeightRole>(role), names[role]});
  }
}

void CheckpointResolver::checkDistinct() {
  const std::vector<WeightName> &weights = result.layer.weights;
  for (size_t i = 0; i < weights.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (weights[i].name != weights[j].name)
        continue;
      size_t first = static_cast<size_t>(weights[j].role),
             second = static_cast<size_t>(weights[i].role);
      Location place = places[second].isValid() ? places[second] : places[first];
      diagnostics.report(
          DiagnosticId::DuplicateWeightName, place,
          {std::string(roleNames[first]), std::string(roleNames[second]), weights[i].name});
      return;
    }
  }
}

void CheckpointResolver::run() {
  result.locations.checkpoint = statement ? statement->location : Location();
  bool isPlain = !statement || (!statement->find("family") && statement->body.empty());
  if (isPlain)
    useNaming(PlainNaming, "");
  if (statement) {
    // A family that nobody knows: the lines of the block are checked all the
    // same, but what it would name is not.
    bool isComplete = !statement->broken && !statement->bodyDamaged && readFamily();
    readNames();
    if (!isComplete)
      return;
  }
  checkRoles();
  checkDistinct();
}

void resolveCheckpoint(const Statement *statement, ResolvedLayer &result,
                       Diagnostics &diagnostics) {
  CheckpointResolver(statement, result, diagnostics).run();
}

} // namespace moec::frontend
