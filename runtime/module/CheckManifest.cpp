//===- CheckManifest.cpp - Is a manifest right? --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/CheckManifest.h"

#include "runtime/base/Where.h"
#include "runtime/module/Limits.h"
#include "runtime/module/Names.h"
#include "runtime/module/WeightRoles.h"
#include "runtime/plan/Limits.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

static Status checkMlp(const GatedMlp &mlp, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkRange(mlp.intermediate, 1, maxIntermediate, where.at("intermediate")));
  if (std::string fault = checkActivation(mlp.activation); !fault.empty())
    return where.at("activation").invalid(fault);
  if (mlp.gateBias && !mlp.activation.usesGate())
    return where.at("gate bias").invalid("the activation does not read the gate");
  return {};
}

// --- Weights -----------------------------------------------------------------

static size_t countPlaceholders(const std::string &name) {
  constexpr std::string_view placeholder = "{expert}";
  size_t count = 0;
  for (size_t at = name.find(placeholder); at != std::string::npos;
       at = name.find(placeholder, at + placeholder.size()))
    ++count;
  return count;
}

/// Two weights may share a tensor as different parts of it.
static bool collide(const WeightName &a, const WeightName &b) {
  WeightLayout first = a.layout, second = b.layout;
  bool isOther = first.part != second.part;
  first.part = second.part;
  return a.name == b.name && !(isOther && first == second && isBias(a.role) == isBias(b.role));
}

static Status checkWeight(const Layer &layer, size_t index, const Where &where) {
  const WeightName &weight = layer.weights[index];
  MOEC_RETURN_IF_ERROR(checkName(weight.name, where));
  const char *role = nameOf(weight.role);
  if (!isNeeded(weight.role, layer))
    return where.invalid("the layer has no ", role);
  for (size_t i = 0; i < index; ++i) {
    if (layer.weights[i].role == weight.role)
      return where.invalid("wanted one name for ", role, ", found two");
    if (collide(layer.weights[i], weight))
      return where.invalid("wanted a name of its own, found it twice");
  }
  if (std::string fault = checkLayout(weight); !fault.empty())
    return where.at("layout").invalid(fault);
  size_t wanted = isExpertRole(weight.role) && !weight.layout.stacked ? 1 : 0;
  if (size_t found = countPlaceholders(weight.name); found != wanted)
    return where.invalid("wanted {expert} ", wanted ? "once" : "nowhere", " in the name of ", role,
                         ", found it ", found, found == 1 ? " time" : " times");
  return {};
}

static Status checkWeights(const Layer &layer, const Where &root) {
  for (size_t i = 0; i < layer.weights.size(); ++i)
    MOEC_RETURN_IF_ERROR(checkWeight(layer, i, root.at("weight", i, layer.weights[i].name)));
  for (WeightRole role : rolesOf(layer))
    if (std::none_of(layer.weights.begin(), layer.weights.end(),
                     [&](const WeightName &weight) { return weight.role == role; }))
      return root.at("weights").invalid("wanted a name for ", nameOf(role), ", found none");
  return {};
}

// --- The whole ---------------------------------------------------------------

static Status checkLayer(const Layer &layer, const Where &where) {
  MOEC_RETURN_IF_ERROR(checkName(layer.name, where.at("name")));
  MOEC_RETURN_IF_ERROR(checkRange(layer.hidden, 1, maxHidden, where.at("hidden")));
  MOEC_RETURN_IF_ERROR(checkRange(layer.experts, 1, maxExperts, where.at("experts")));
  MOEC_RETURN_IF_ERROR(checkRouter(layer, where.at("router")));
  MOEC_RETURN_IF_ERROR(checkMlp(layer.expert, where.at("expert")));
  if (layer.shared) {
    const GatedMlp &mlp = layer.shared->mlp;
    Where shared = where.at("shared");
    MOEC_RETURN_IF_ERROR(checkMlp(mlp, shared));
    if (mlp.gateBias || mlp.upBias || mlp.downBias)
      return shared.invalid("wanted no bias, found one");
  }
  return checkWeights(layer, where);
}

/// Lists of ranks that hold the expert, one for each source.
static Status checkTurns(const Placement &placement, const Turns &turns, const Where &where) {
  if (turns.ranks.size() != placement.slots.size())
    return where.invalid("wanted a list for each of ", placement.slots.size(), " ranks, found ",
                         turns.ranks.size());
  std::vector<bool> holds;
  for (const std::vector<uint32_t> &slots : placement.slots)
    holds.push_back(std::find(slots.begin(), slots.end(), turns.expert) != slots.end());
  for (size_t source = 0; source < turns.ranks.size(); ++source) {
    const std::vector<uint32_t> &list = turns.ranks[source];
    Where at = where.at("source", source);
    MOEC_RETURN_IF_ERROR(checkRange(list.size(), 1, maxTurns, at));
    for (uint32_t rank : list)
      if (rank >= holds.size() || !holds[rank])
        return at.invalid("wanted ranks that hold expert ", turns.expert, ", found rank ", rank);
  }
  return {};
}

static Status checkAllTurns(const Manifest &manifest, const Where &where) {
  const std::vector<Turns> &turns = manifest.placement.turns;
  for (size_t i = 0; i < turns.size(); ++i) {
    Where at = where.at("turns", i);
    MOEC_RETURN_IF_ERROR(
        checkRange(turns[i].expert, 0, manifest.layer.experts - 1, at.at("expert")));
    if (i && turns[i].expert <= turns[i - 1].expert)
      return at.invalid("wanted an expert above ", turns[i - 1].expert, ", found ",
                        turns[i].expert);
    MOEC_RETURN_IF_ERROR(checkTurns(manifest.placement, turns[i], at));
  }
  return {};
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
  return checkAllTurns(manifest, where);
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
