//===- ModuleApi.cpp - Modules across the C ABI ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/api/Handles.h"

using namespace moec;
using namespace moec::rt;

static moec_dtype toC(DType type) { return type == DType::F32 ? MOEC_F32 : MOEC_BF16; }

/// The C names of the roles are part of the ABI.
static constexpr bool isRole(moec_weight_role c, WeightRole role) {
  return static_cast<uint32_t>(c) == static_cast<uint32_t>(role);
}
static_assert(isRole(MOEC_WEIGHT_ROUTER, WeightRole::Router));
static_assert(isRole(MOEC_WEIGHT_ROUTER_BIAS, WeightRole::RouterBias));
static_assert(isRole(MOEC_WEIGHT_SELECTION_BIAS, WeightRole::SelectionBias));
static_assert(isRole(MOEC_WEIGHT_EXPERT_GATE, WeightRole::ExpertGate));
static_assert(isRole(MOEC_WEIGHT_EXPERT_UP, WeightRole::ExpertUp));
static_assert(isRole(MOEC_WEIGHT_EXPERT_DOWN, WeightRole::ExpertDown));
static_assert(isRole(MOEC_WEIGHT_SHARED_GATE, WeightRole::SharedGate));
static_assert(isRole(MOEC_WEIGHT_SHARED_UP, WeightRole::SharedUp));
static_assert(isRole(MOEC_WEIGHT_SHARED_DOWN, WeightRole::SharedDown));
static_assert(isRole(MOEC_WEIGHT_SHARED_SCALE, WeightRole::SharedScale));
static_assert(isRole(MOEC_WEIGHT_EXPERT_GATE_BIAS, WeightRole::ExpertGateBias));
static_assert(isRole(MOEC_WEIGHT_EXPERT_UP_BIAS, WeightRole::ExpertUpBias));
static_assert(isRole(MOEC_WEIGHT_EXPERT_DOWN_BIAS, WeightRole::ExpertDownBias));

static Status handOut(Result<Module> opened, moec_module **module) {
  MOEC_RETURN_IF_ERROR(opened.status());
  *module = new moec_module{std::make_shared<const ModuleState>(*std::move(opened))};
  return Status();
}

moec_status *moec_module_open(const char *path, moec_module **module) {
  return guarded([&]() -> Status {
    MOEC_RETURN_IF_ERROR(wantPointer(path, "path"));
    MOEC_RETURN_IF_ERROR(wantPointer(module, "module"));
    return handOut(Module::open(path), module);
  });
}

moec_status *moec_module_open_memory(const void *bytes, size_t size, const char *name,
                                     moec_module **module) {
  return guarded([&]() -> Status {
    MOEC_RETURN_IF_ERROR(wantPointer(bytes, "bytes"));
    MOEC_RETURN_IF_ERROR(wantPointer(module, "module"));
    std::span<const uint8_t> view(static_cast<const uint8_t *>(bytes), size);
    return handOut(Module::openMemory(view, name ? name : "module in memory"), module);
  });
}

void moec_module_close(moec_module *module) { delete module; }

moec_status *moec_module_layer(const moec_module *module, moec_layer_info *info) {
  return guarded([&]() -> Status {
    MOEC_RETURN_IF_ERROR(wantPointer(module, "module"));
    const Manifest &manifest = module->state->module.manifest();
    const Layer &layer = manifest.layer;
    moec_layer_info ours{};
    ours.name = layer.name.c_str();
    ours.ranks = manifest.ranks;
    ours.hidden = layer.hidden;
    ours.experts = layer.experts;
    ours.top_k = layer.router.topK;
    ours.intermediate = layer.expert.intermediate;
    ours.shared_intermediate = layer.shared ? layer.shared->mlp.intermediate : 0;
    ours.max_tokens_per_rank = manifest.maxTokensPerRank;
    ours.tokens_dtype = toC(layer.tokensType);
    ours.weights_dtype = toC(layer.weightsType);
    return writeStruct(ours, info, "moec_layer_info");
  });
}

size_t moec_module_weight_count(const moec_module *module) {
  return module ? module->state->weights.size() : 0;
}

moec_status *moec_module_weight(const moec_module *module, size_t index, moec_weight_info *info) {
  return guarded([&]() -> Status {
    MOEC_RETURN_IF_ERROR(wantPointer(module, "module"));
    const std::vector<WeightEntry> &weights = module->state->weights;
    if (index >= weights.size())
      return invalidError("weight index: wanted one below ", weights.size(), ", found ", index);
    const WeightEntry &entry = weights[index];
    moec_weight_info ours{};
    ours.name = entry.name.c_str();
    ours.role = static_cast<uint32_t>(entry.role);
    ours.expert = entry.expert;
    ours.dims = static_cast<uint32_t>(entry.shape.size());
    std::copy(entry.shape.begin(), entry.shape.end(), ours.shape);
    return writeStruct(ours, info, "moec_weight_info");
  });
}
