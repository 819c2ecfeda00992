//===- ResolveCheckpoint.cpp - Names of weights ---------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Suggest.h"
#include "runtime/module/WeightRoles.h"

#include <algorithm>
#include <array>

namespace moec::frontend {

static constexpr size_t roleCount = weightRoles;

namespace {
enum class Layout { Separate, Stacked, StackedTransposed };
enum class Packing { Separate, Concatenated, Interleaved }; ///< of gate and up

/// Names by WeightRole, after the prefix.
struct Naming {
  Layout layout;
  Packing packing;
  std::string_view prefix;
  std::array<std::string_view, roleCount> names;
};
struct Family {
  std::string_view model;
  const Naming *naming; ///< null: not read
  std::string_view why;
};
} // namespace

#define MOEC_NAMING(SCHEME, LAYOUT, PACKING, PREFIX, ...)                                          \
  static constexpr Naming SCHEME##Naming = {                                                       \
      Layout::LAYOUT, Packing::PACKING, PREFIX, {__VA_ARGS__}};
#include "frontend/parser/Families.def"

static constexpr Family families[] = {
#define MOEC_FAMILY(MODEL, SCHEME) {MODEL, &SCHEME##Naming, ""},
#define MOEC_UNREAD_FAMILY(MODEL, WHY) {MODEL, nullptr, WHY},
#include "frontend/parser/Families.def"
};

/// The keywords of the weights block, by WeightRole.
static constexpr std::array<std::string_view, roleCount> roleNames = {
    "router",           "router_bias",    "selection_bias",  "expert_gate", "expert_up",
    "expert_down",      "shared_gate",    "shared_up",       "shared_down", "shared_scale",
    "expert_gate_bias", "expert_up_bias", "expert_down_bias"};

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
  void readLayout();
  void readNames();
  WeightLayout layoutOf(WeightRole role) const;
  bool checkName(size_t role, const std::string &name, const Location &place);
  void checkRoles();
  void checkDistinct();

  const Statement *statement;
  ResolvedLayer &result;
  Diagnostics &diagnostics;
  std::string layerNumber;
  Layout layout = Layout::Separate;
  Packing packing = Packing::Separate;
  std::array<std::string, roleCount> names;
  std::array<Location, roleCount> places; ///< valid where the file gives the name
  std::array<bool, roleCount> known{};    ///< a name was given, right or wrong
};
} // namespace

void CheckpointResolver::useNaming(const Naming &naming, const std::string &prefix) {
  layout = naming.layout;
  packing = naming.packing;
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
  bool wantsHole = isExpertRole(static_cast<WeightRole>(role)) && layout == Layout::Separate;
  if (hasHole == wantsHole && !name.empty() && !isLong)
    return true;
  std::string problem = isLong         ? "is longer than 1008 characters"
                        : name.empty() ? "is empty"
                        : hasHole      ? "has {expert}, but it is one tensor"
                                       : "lacks {expert}, the expert's number";
  diagnostics.report(DiagnosticId::ExpertHole, place, {std::string(roleNames[role]), problem});
  return false;
}

void CheckpointResolver::readLayout() {
  const Statement *line = findStatement(*statement, "layout");
  if (!line || !line->find("layout"))
    return;
  const std::string &word = line->find("layout")->text;
  if (word == "flat")
    return refuse(*line, "this layout of experts' weights",
                  "implemented: layout separate, stacked or stacked_transposed", diagnostics);
  layout = word == "stacked"              ? Layout::Stacked
           : word == "stacked_transposed" ? Layout::StackedTransposed
                                          : Layout::Separate;
  const Value *packed = line->find("packing");
  packing = !packed || packed->text == "separate" ? Packing::Separate
            : packed->text == "interleaved"       ? Packing::Interleaved
                                                  : Packing::Concatenated;
}

WeightLayout CheckpointResolver::layoutOf(WeightRole role) const {
  WeightLayout result;
  if (!isExpertRole(role))
    return result;
  result.stacked = layout != Layout::Separate;
  result.transposed = layout == Layout::StackedTransposed && !isBias(role);
  bool isUp = role == WeightRole::ExpertUp || role == WeightRole::ExpertUpBias;
  bool isDown = role == WeightRole::ExpertDown || role == WeightRole::ExpertDownBias;
  if (isDown || packing == Packing::Separate)
    return result;
  result.parts = 2;
  result.part = isUp ? 1 : 0;
  result.interleaved = packing == Packing::Interleaved;
  return result;
}

void CheckpointResolver::readNames() {
  for (const Statement &line : statement->body) {
    auto role = std::find(roleNames.begin(), roleNames.end(), line.name());
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
  for (size_t role = 0; role < roleCount; ++role) {
    WeightRole value = static_cast<WeightRole>(role);
    bool isRead = isNeeded(value, result.layer);
    if (isRead && !known[role]) {
      Location place = statement ? statement->location : result.locations.layer;
      diagnostics.report(DiagnosticId::MissingWeightName, place, {std::string(roleNames[role])})
          .help("add `" + std::string(roleNames[role]) + " \"NAME\"` to the weights block");
    }
    if (!isRead && places[role].isValid())
      diagnostics.report(DiagnosticId::UnusedWeightName, places[role],
                         {std::string(roleNames[role])});
    if (!isRead || names[role].empty())
      continue;
    // A family's names may not suit the layout that the block gives.
    bool fits = places[role].isValid() || checkName(role, names[role], result.locations.checkpoint);
    if (fits)
      result.layer.weights.push_back({value, names[role], layoutOf(value)});
  }
}

void CheckpointResolver::checkDistinct() {
  const std::vector<WeightName> &weights = result.layer.weights;
  for (size_t i = 0; i < weights.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      // Parts of one tensor share its name.
      bool areParts = weights[i].layout.parts > 1 && weights[j].layout.parts > 1 &&
                      weights[i].layout.part != weights[j].layout.part &&
                      isBias(weights[i].role) == isBias(weights[j].role);
      if (weights[i].name != weights[j].name || areParts)
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
    readLayout();
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
