//===- PlacementReport.cpp - Memory and text of a placement ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/placement/PlacementProblem.h"
#include "runtime/module/WeightRoles.h"
#include "llvm/Support/MathExtras.h"
#include <initializer_list>
#include <map>

namespace moec {

static uint64_t bytesOf(DType type) {
  switch (type) {
  case DType::F32:
    return 4;
  case DType::BF16:
    return 2;
  }
  return 0;
}

/// Sizes come from files: a sum that does not fit is the largest number, not a
/// small one.
static uint64_t product(std::initializer_list<uint64_t> factors) {
  uint64_t result = 1;
  for (uint64_t factor : factors)
    result = llvm::SaturatingMultiply(result, factor);
  return result;
}

std::vector<uint64_t> weightBytes(const Layer &layer, const Placement &placement) {
  uint64_t everywhere = 0, anExpert = 0;
  for (WeightRole role : rolesOf(layer)) {
    uint64_t bytes = bytesOf(isBias(role) ? DType::F32 : layer.weightsType);
    for (int64_t extent : shapeOf(role, layer))
      bytes = product({bytes, static_cast<uint64_t>(extent)});
    uint64_t &sum = isExpertRole(role) ? anExpert : everywhere;
    sum = llvm::SaturatingAdd(sum, bytes);
  }
  std::vector<uint64_t> bytes;
  for (const std::vector<uint32_t> &slots : placement.slots)
    bytes.push_back(llvm::SaturatingAdd(everywhere, product({slots.size(), anExpert})));
  return bytes;
}

/// "0..7, 9": runs of consecutive numbers, in the order of the slots.
static std::string printSlots(const std::vector<uint32_t> &slots) {
  std::string text;
  for (size_t begin = 0; begin < slots.size();) {
    size_t end = begin + 1;
    while (end < slots.size() && slots[end] == slots[end - 1] + 1)
      ++end;
    text += (begin ? ", " : "") + std::to_string(slots[begin]);
    if (end - begin > 1)
      text += ".." + std::to_string(slots[end - 1]);
    begin = end;
  }
  return text;
}

/// A line for all sources with the same list.
static std::string printTurns(const Turns &turns) {
  std::map<std::vector<uint32_t>, std::vector<uint32_t>> sources; // by list
  for (uint32_t source = 0; source < turns.ranks.size(); ++source)
    sources[turns.ranks[source]].push_back(source);
  std::string text;
  for (const auto &[list, from] : sources)
    text += "  turns expert " + std::to_string(turns.expert) + " from gpu " + printSlots(from) +
            " -> gpu " + printSlots(list) + "\n";
  return text;
}

std::string printPlacement(const Layer &layer, const std::string &mesh,
                           const Placement &placement) {
  std::vector<uint64_t> bytes = weightBytes(layer, placement);
  std::string text = "placement for " + layer.name;
  if (!mesh.empty())
    text += " on " + mesh;
  text += " {\n";
  for (size_t rank = 0; rank < placement.slots.size(); ++rank) {
    std::string memory = std::to_string(bytes[rank]) + " bytes of weights\n";
    std::string gpu = "gpu " + std::to_string(rank);
    if (placement.slots[rank].empty())
      text += "  # " + gpu + " holds no expert, " + memory;
    else
      text += "  " + gpu + " holds " + printSlots(placement.slots[rank]) + " # " + memory;
  }
  for (const Turns &turns : placement.turns)
    text += printTurns(turns);
  return text + "}\n";
}

} // namespace moec
