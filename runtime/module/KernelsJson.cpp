//===- KernelsJson.cpp - Generated kernels as a JSON value ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/Hash.h"
#include "runtime/module/ModuleJson.h"
#include "runtime/module/Names.h"

namespace moec::rt {

static Json extentJson(const Extent &extent) {
  return {{"constant", extent.constant},
          {"per_token", extent.perToken},
          {"per_received", extent.perReceived},
          {"per_row", extent.perRow},
          {"per_expert", extent.perExpert}};
}

static Json mapJson(const TensorMap &map) {
  Json dims = Json::array(), strides = Json::array(), box = Json::array();
  for (uint32_t i = 0; i < map.rank; ++i) {
    dims.push_back(extentJson(map.dims[i]));
    strides.push_back(map.strides[i]);
    box.push_back(map.box[i]);
  }
  return {{"element", nameOf(map.element)}, {"dims", std::move(dims)},
          {"strides", std::move(strides)},  {"box", std::move(box)},
          {"swizzle", map.swizzle},         {"base_offset", map.baseOffset}};
}

/// What the number of an object names; null where it has none.
static Json indexJson(const KernelArg &arg, const KernelSet &kernels, const plan::Plan &plan) {
  switch (arg.object) {
  case KernelObject::Buffer:
  case KernelObject::BufferOffset:
    return plan.buffers[arg.index].name;
  case KernelObject::Flag:
  case KernelObject::FlagOffset:
    return plan.flags[arg.index].name;
  case KernelObject::Weight:
    return nameOf(static_cast<WeightRole>(arg.index));
  case KernelObject::Workspace:
    return kernels.workspaces[arg.index].name;
  case KernelObject::Peers:
  case KernelObject::State:
  case KernelObject::Placement:
  case KernelObject::ChosenExperts:
  case KernelObject::ChosenWeights:
    return nullptr;
  }
  return nullptr;
}

static Json codeJson(std::span<const uint8_t> bytes) {
  return {{"bytes", bytes.size()}, {"xxh3_128", formatHash(hash128(bytes))}};
}

static Json kernelJson(const Kernel &kernel, const KernelSet &kernels, const plan::Plan &plan) {
  Json args = Json::array();
  for (const KernelArg &arg : kernel.args) {
    Json json = {{"name", arg.name},
                 {"kind", nameOf(arg.kind)},
                 {"offset", arg.offset},
                 {"object", nameOf(arg.object)},
                 {"index", indexJson(arg, kernels, plan)}};
    if (arg.kind == KernelArgKind::View)
      json["map"] = mapJson(arg.map);
    args.push_back(std::move(json));
  }
  return {{"name", kernel.name},
          {"stages", kernel.stages},
          {"tile", kernel.tile},
          {"pipe_slots", kernel.pipeSlots},
          {"threads", kernel.threads},
          {"shared_bytes", kernel.sharedBytes},
          {"arg_bytes", kernel.argBytes},
          {"args", std::move(args)},
          {"registers", kernel.resources.registers},
          {"spill_bytes", kernel.resources.spillBytes},
          {"code_bytes", kernel.resources.codeBytes},
          {"cubin", kernel.cubin.empty() ? Json(nullptr) : codeJson(kernel.cubin)},
          {"ptx", kernel.ptx}};
}

static Json launchJson(const Launch &launch, const KernelSet &kernels, const plan::Plan &plan) {
  Json variants = Json::array(), ops = Json::array();
  for (const KernelVariant &variant : launch.variants) {
    bool isLimited = variant.maxRowsPerExpert != UINT32_MAX;
    variants.push_back(
        {{"kernel", kernels.kernels[variant.kernel].name},
         {"max_rows_per_expert", isLimited ? Json(variant.maxRowsPerExpert) : Json(nullptr)}});
  }
  for (uint32_t op : launch.ops)
    ops.push_back(plan.ops[op].name);
  return {{"name", launch.name}, {"variants", std::move(variants)}, {"ops", std::move(ops)}};
}

Json kernelsJson(const KernelSet &kernels, const plan::Plan &plan) {
  if (kernels.arch.empty())
    return nullptr;
  Json json = {{"arch", kernels.arch},
               {"form", kernels.form},
               {"bias_row_bytes", kernels.biasRowBytes},
               {"workspaces", Json::array()},
               {"kernels", Json::array()},
               {"launches", Json::array()},
               {"ir", kernels.ir.empty() ? Json(nullptr) : codeJson(kernels.ir)}};
  for (const Workspace &workspace : kernels.workspaces)
    json["workspaces"].push_back(
        {{"name", workspace.name}, {"bytes", extentJson(workspace.bytes)}});
  for (const Kernel &kernel : kernels.kernels)
    json["kernels"].push_back(kernelJson(kernel, kernels, plan));
  for (const Launch &launch : kernels.launches)
    json["launches"].push_back(launchJson(launch, kernels, plan));
  return json;
}

} // namespace moec::rt
