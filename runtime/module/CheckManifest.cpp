//===- CheckManifest.cpp - Is a manifest right? --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/CheckManifest.h"

#include "runtime/base/Where.h"
#include "runtime/module/Limits.h"
#include "runtime/module/Names.h"
#include "runtime/plan/Limits.h"

#include <array>
#include <cmath>
#include <set>

namespace moec::rt {

static Status checkRange(uint64_t value, uint64_t low, uint64_t high, const Where &where) {
  if (value < low || value > high)
    return where.invalid("wanted ", low, " to ", high, ", found ", value);
  return {};
}

static Status checkFinite(double value, const Where &where) {
  if (!std::isfinite(value))
    return where.invalid("wanted a finite number, found ", value);
  return {};
}

static Status checkPrintable(const std::string &text, const Where &where) {
  if (!isPrintableUtf8(text))
    return where.invalid("wanted printable text, found ", quote(text));
  return {};
}

static Status checkName(const std::string &name, const Where &where) {
  if (name.empty())
    return where.invalid("wanted a name, found none");
  return checkPrintable(name, where);
}

// --- Router and experts ------------------------------------------------------

static Status checkGroups(const GroupLimit &groups, const Layer &layer, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkRange(groups.count, 1, layer.experts, where.at("count")));
  if (layer.experts % groups.count != 0)
    return where.at("count").invalid("wanted a divisor of ", layer.experts, " experts, found ",
                                     groups.count);
  MOEC_RETURN_IF_ERROR(checkRange(groups.kept, 1, groups.count, where.at("kept")));
  uint32_t size = layer.experts / groups.count;
  uint64_t choosable = uint64_t(groups.kept) * size;
  if (layer.router.topK > choosable)
    return where.at("kept").invalid(groups.kept, " groups of ", size, " hold ", choosable,
                                    " experts, top k wants ", layer.router.topK);
  if (groups.score == GroupScore::SumOfTop2 && size < 2)
    return where.at("score").invalid("sum of top 2 wants groups of 2 experts or more, found 1");
  return {};
}

static Status checkRouter(const Layer &layer, const Where &where) {
  const Router &router = layer.router;
  MOEC_RETURN_IF_ERROR(checkRange(router.topK, 1, layer.experts, where.at("top k")));
  Where epsilon = where.at("normalize epsilon");
  MOEC_RETURN_IF_ERROR(checkFinite(router.normalizeEpsilon, epsilon));
  if (router.normalizeEpsilon < 0)
    return epsilon.invalid("wanted 0 or more, found ", router.normalizeEpsilon);
  if (!router.normalize && router.normalizeEpsilon != 0)
    return epsilon.invalid("wanted 0 without normalize, found ", router.normalizeEpsilon);
  MOEC_RETURN_IF_ERROR(checkFinite(router.scale, where.at("scale")));
  return router.groups ? checkGroups(*router.groups, layer, where.at("groups")) : Status();
}

// --- Weights -----------------------------------------------------------------

static bool isPerExpert(WeightRole role) {
  return role == WeightRole::ExpertGate || role == WeightRole::ExpertUp ||
         role == WeightRole::ExpertDown;
}

static bool isNeeded(WeightRole role, const Layer &layer) {
  switch (role) {
  case WeightRole::Router:
  case WeightRole::ExpertGate:
  case WeightRole::ExpertUp:
  case WeightRole::ExpertDown:
    return true;
  case WeightRole::RouterBias:
    return layer.router.logitsBias;
  case WeightRole::SelectionBias:
    return layer.router.selectionBias;
  case WeightRole::SharedGate:
  case WeightRole::SharedUp:
  case WeightRole::SharedDown:
    return layer.shared.has_value();
  case WeightRole::SharedScale:
    return layer.shared && layer.shared->gate;
  }
  return false;
}

static size_t countPlaceholders(const std::string &name) {
  constexpr std::string_view placeholder = "{expert}";
  size_t count = 0;
  for (size_t at = name.find(placeholder); at != std::string::npos;
       at = name.find(placeholder, at + placeholder.size()))
    ++count;
  return count;
}

static Status checkWeights(const Layer &layer, const Where &root) {
  constexpr size_t roles = static_cast<size_t>(WeightRole::SharedScale) + 1;
  std::array<bool, roles> seen = {};
  std::set<std::string_view> names;
  for (size_t i = 0; i < layer.weights.size(); ++i) {
    const WeightName &weight = layer.weights[i];
    Where where = root.at("weight", i, weight.name);
    MOEC_RETURN_IF_ERROR(checkName(weight.name, where));
    if (!names.insert(weight.name).second)
      return where.invalid("wanted a name of its own, found it twice");
    const char *role = nameOf(weight.role);
    if (!isNeeded(weight.role, layer))
      return where.invalid("the layer has no ", role);
    if (std::exchange(seen[static_cast<size_t>(weight.role)], true))
      return where.invalid("wanted one name for ", role, ", found two");
    size_t wanted = isPerExpert(weight.role) ? 1 : 0;
    if (size_t found = countPlaceholders(weight.name); found != wanted)
      return where.invalid("wanted {expert} ", wanted ? "once" : "nowhere", " in the name of ",
                           role, ", found it ", found, found == 1 ? " time" : " times");
  }
  for (size_t i = 0; i < roles; ++i)
    if (WeightRole role = static_cast<WeightRole>(i); !seen[i] && isNeeded(role, layer))
      return root.at("weights").invalid("wanted a name for ", nameOf(role), ", found none");
  return {};
}

// --- The whole ---------------------------------------------------------------

static Status checkLayer(const Layer &layer, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkName(layer.name, where.at("name")));
  MOEC_RETURN_IF_ERROR(checkRange(layer.hidden, 1, maxHidden, where.at("hidden")));
  MOEC_RETURN_IF_ERROR(checkRange(layer.experts, 1, maxExperts, where.at("experts")));
  MOEC_RETURN_IF_ERROR(checkRouter(layer, where.at("router")));
  Where expert = where.at("expert");
  MOEC_RETURN_IF_ERROR(
      checkRange(layer.expert.intermediate, 1, maxIntermediate, expert.at("intermediate")));
  Where shared = where.at("shared");
  if (layer.shared)
    MOEC_RETURN_IF_ERROR(
        checkRange(layer.shared->mlp.intermediate, 1, maxIntermediate, shared.at("intermediate")));
  return checkWeights(layer, where);
}

static Status checkPlacement(const Manifest &manifest, const Where &where) {
  const std::vector<std::vector<uint32_t>> &slots = manifest.placement.slots;
  if (slots.size() != manifest.ranks)
    return where.invalid("wanted ", manifest.ranks, " ranks, found ", slots.size());
  uint32_t experts = manifest.layer.experts;
  constexpr uint32_t nowhere = UINT32_MAX;
  std::vector<uint32_t> lastRank(experts, nowhere);
  for (uint32_t rank = 0; rank < slots.size(); ++rank) {
    for (size_t i = 0; i < slots[rank].size(); ++i) {
      uint32_t expert = slots[rank][i];
      Where at = where.at("rank", rank);
      if (expert >= experts)
        return at.at("slot", i).invalid("wanted an expert below ", experts, ", found ", expert);
      if (std::exchange(lastRank[expert], rank) == rank)
        return at.at("slot", i).invalid("wanted each expert once, found expert ", expert, " again");
    }
  }
  for (uint32_t expert = 0; expert < experts; ++expert)
    if (lastRank[expert] == nowhere)
      return where.invalid("expert ", expert, " is on no rank");
  return {};
}

Status checkManifest(const Manifest &manifest) {
  Where root;
  MOEC_RETURN_IF_ERROR(checkPrintable(manifest.compiler, root.at("compiler")));
  MOEC_RETURN_IF_ERROR(checkPrintable(manifest.machine, root.at("machine")));
  MOEC_RETURN_IF_ERROR(checkPrintable(manifest.mesh, root.at("mesh")));
  MOEC_RETURN_IF_ERROR(checkName(manifest.target, root.at("target")));
  MOEC_RETURN_IF_ERROR(checkRange(manifest.ranks, 1, plan::maxRanks, root.at("ranks")));
  MOEC_RETURN_IF_ERROR(
      checkRange(manifest.maxTokensPerRank, 0, maxTokensPerRank, root.at("tokens per rank")));
  MOEC_RETURN_IF_ERROR(checkLayer(manifest.layer, root.at("layer")));
  return checkPlacement(manifest, root.at("placement"));
}

} // namespace moec::rt
