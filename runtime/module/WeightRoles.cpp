//===- WeightRoles.cpp - Which weights a layer has, and where -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/WeightRoles.h"

#include <algorithm>

namespace moec {

static constexpr uint32_t maxParts = 16;

bool isExpertRole(WeightRole role) {
  switch (role) {
  case WeightRole::ExpertGate:
  case WeightRole::ExpertUp:
  case WeightRole::ExpertDown:
  case WeightRole::ExpertGateBias:
  case WeightRole::ExpertUpBias:
  case WeightRole::ExpertDownBias:
    return true;
  case WeightRole::Router:
  case WeightRole::RouterBias:
  case WeightRole::SelectionBias:
  case WeightRole::SharedGate:
  case WeightRole::SharedUp:
  case WeightRole::SharedDown:
  case WeightRole::SharedScale:
    return false;
  }
  return false;
}

bool isBias(WeightRole role) {
  switch (role) {
  case WeightRole::RouterBias:
  case WeightRole::SelectionBias:
  case WeightRole::ExpertGateBias:
  case WeightRole::ExpertUpBias:
  case WeightRole::ExpertDownBias:
    return true;
  case WeightRole::Router:
  case WeightRole::ExpertGate:
  case WeightRole::ExpertUp:
  case WeightRole::ExpertDown:
  case WeightRole::SharedGate:
  case WeightRole::SharedUp:
  case WeightRole::SharedDown:
  case WeightRole::SharedScale:
    return false;
  }
  return false;
}

bool isNeeded(WeightRole role, const Layer &layer) {
  switch (role) {
  case WeightRole::Router:
  case WeightRole::ExpertUp:
  case WeightRole::ExpertDown:
    return true;
  case WeightRole::ExpertGate:
    return layer.expert.activation.usesGate();
  case WeightRole::ExpertGateBias:
    return layer.expert.gateBias;
  case WeightRole::ExpertUpBias:
    return layer.expert.upBias;
  case WeightRole::ExpertDownBias:
    return layer.expert.downBias;
  case WeightRole::RouterBias:
    return layer.router.logitsBias;
  case WeightRole::SelectionBias:
    return layer.router.selectionBias;
  case WeightRole::SharedGate:
    return layer.shared && layer.shared->mlp.activation.usesGate();
  case WeightRole::SharedUp:
  case WeightRole::SharedDown:
    return layer.shared.has_value();
  case WeightRole::SharedScale:
    return layer.shared && layer.shared->gate;
  }
  return false;
}

std::vector<WeightRole> rolesOf(const Layer &layer) {
  std::vector<WeightRole> roles;
  for (size_t i = 0; i < weightRoles; ++i)
    if (WeightRole role = static_cast<WeightRole>(i); isNeeded(role, layer))
      roles.push_back(role);
  return roles;
}

std::vector<int64_t> shapeOf(WeightRole role, const Layer &layer) {
  int64_t hidden = layer.hidden, intermediate = layer.expert.intermediate;
  int64_t shared = layer.shared ? layer.shared->mlp.intermediate : 0;
  switch (role) {
  case WeightRole::Router:
    return {layer.experts, hidden};
  case WeightRole::RouterBias:
  case WeightRole::SelectionBias:
    return {layer.experts};
  case WeightRole::ExpertGate:
  case WeightRole::ExpertUp:
    return {intermediate, hidden};
  case WeightRole::ExpertDown:
    return {hidden, intermediate};
  case WeightRole::ExpertGateBias:
  case WeightRole::ExpertUpBias:
    return {intermediate};
  case WeightRole::ExpertDownBias:
    return {hidden};
  case WeightRole::SharedGate:
  case WeightRole::SharedUp:
    return {shared, hidden};
  case WeightRole::SharedDown:
    return {hidden, shared};
  case WeightRole::SharedScale:
    return {1, hidden};
  }
  return {};
}

std::vector<int64_t> storedShape(const WeightName &weight, const Layer &layer) {
  std::vector<int64_t> shape = shapeOf(weight.role, layer);
  shape.front() *= weight.layout.parts;
  if (weight.layout.transposed)
    std::reverse(shape.begin(), shape.end());
  if (weight.layout.stacked)
    shape.insert(shape.begin(), layer.experts);
  return shape;
}

WeightView viewOf(const WeightName &weight, const Layer &layer, uint32_t expert) {
  std::vector<int64_t> shape = shapeOf(weight.role, layer);
  const WeightLayout &layout = weight.layout;
  uint64_t out = static_cast<uint64_t>(shape.front());
  uint64_t in = shape.size() == 1 ? 1 : static_cast<uint64_t>(shape.back());
  uint64_t outStep = layout.transposed ? 1 : in;
  uint64_t inStep = layout.transposed ? out * layout.parts : 1;
  uint64_t first = (layout.interleaved ? layout.part : layout.part * out) * outStep;
  outStep *= layout.interleaved ? layout.parts : 1;
  if (layout.stacked)
    first += expert * out * layout.parts * in;
  if (shape.size() == 1)
    return {1, out, first, out, outStep};
  return {out, in, first, outStep, inStep};
}

std::string checkLayout(const WeightName &weight) {
  const WeightLayout &layout = weight.layout;
  if (layout.stacked && !isExpertRole(weight.role))
    return "only weights of experts can be stacked";
  if (layout.transposed && isBias(weight.role))
    return "a bias cannot be transposed";
  if (layout.parts < 1 || layout.parts > maxParts || layout.part >= layout.parts)
    return "wanted a part of 1 to " + std::to_string(maxParts) + " parts, found part " +
           std::to_string(layout.part) + " of " + std::to_string(layout.parts);
  if (layout.interleaved && layout.parts == 1)
    return "one part cannot be interleaved";
  return "";
}

} // namespace moec
