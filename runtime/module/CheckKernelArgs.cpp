//===- CheckKernelArgs.cpp - Are the arguments of a kernel right? --------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/CheckKernels.h"
#include "runtime/module/Limits.h"
#include "runtime/module/Names.h"

#include <algorithm>
#include <set>

namespace moec::rt {

static uint64_t bytesOf(DType type) {
  switch (type) {
  case DType::F32:
    return 4;
  case DType::BF16:
    return 2;
  }
  return 0;
}

static bool isOffset(KernelObject object) {
  return object == KernelObject::BufferOffset || object == KernelObject::FlagOffset;
}

/// May an argument of `kind` refer to `object`?
static bool fits(KernelArgKind kind, KernelObject object) {
  switch (kind) {
  case KernelArgKind::View:
    return object == KernelObject::Buffer || object == KernelObject::Weight ||
           object == KernelObject::Workspace;
  case KernelArgKind::Pointer:
    return !isOffset(object);
  case KernelArgKind::Scalar:
    return isOffset(object);
  }
  return false;
}

// --- What it refers to -------------------------------------------------------

/// Roles that lie in memory of their own: up is stored with gate.
static bool hasWeight(const Layer &layer, uint32_t role) {
  if (role == uint32_t(WeightRole::ExpertUp) && layer.expert.activation.usesGate())
    return false; // it lies with the gate
  if (role == uint32_t(WeightRole::SharedUp) && layer.shared &&
      layer.shared->mlp.activation.usesGate())
    return false;
  return std::any_of(layer.weights.begin(), layer.weights.end(),
                     [&](const WeightName &weight) { return uint32_t(weight.role) == role; });
}

static Status checkIndex(uint64_t index, size_t count, const char *what, const Where &where) {
  if (index >= count)
    return where.invalid("wanted one of ", count, " ", what, ", found ", index);
  return {};
}

static Status checkObject(const ModuleContents &contents, const KernelArg &arg, const Where &root) {
  const plan::Plan &plan = contents.plan;
  Where where = root.at("index");
  switch (arg.object) {
  case KernelObject::Buffer:
    return checkIndex(arg.index, plan.buffers.size(), "buffers", where);
  case KernelObject::BufferOffset:
    MOEC_RETURN_IF_ERROR(checkIndex(arg.index, plan.buffers.size(), "buffers", where));
    if (plan.buffers[arg.index].space != plan::BufferSpace::Symmetric)
      return where.invalid("wanted a symmetric buffer, found ",
                           quote(plan.buffers[arg.index].name));
    return {};
  case KernelObject::Flag:
  case KernelObject::FlagOffset:
    return checkIndex(arg.index, plan.flags.size(), "flags", where);
  case KernelObject::Weight:
    if (!hasWeight(contents.manifest.layer, arg.index))
      return where.invalid("wanted a role of weights that the layer has, found ", arg.index);
    return {};
  case KernelObject::Workspace:
    return checkIndex(arg.index, contents.kernels.workspaces.size(), "workspaces", where);
  case KernelObject::Peers:
  case KernelObject::State:
  case KernelObject::Placement:
  case KernelObject::ChosenExperts:
  case KernelObject::ChosenWeights:
    if (arg.index != 0)
      return where.invalid("wanted 0 for ", nameOf(arg.object), ", found ", arg.index);
    return {};
  }
  return {};
}

// --- Tensor maps -------------------------------------------------------------

static Status checkStrides(const TensorMap &map, const Where &root) {
  Where where = root.at("strides");
  uint64_t element = bytesOf(map.element);
  if (map.strides[0] != element)
    return where.invalid("wanted ", element, " for the innermost, found ", map.strides[0]);
  for (uint32_t i = 1; i < map.rank; ++i)
    if (map.strides[i] % 16 != 0 || map.strides[i] >= maxKernelFactor)
      return where.invalid("wanted multiples of 16 below ", maxKernelFactor, ", found ",
                           map.strides[i]);
  return {};
}

static Status checkBox(const TensorMap &map, const Where &root) {
  Where where = root.at("box");
  for (uint32_t i = 0; i < map.rank; ++i)
    if (map.box[i] == 0 || map.box[i] > maxBoxElements)
      return where.invalid("wanted 1 to ", maxBoxElements, " elements, found ", map.box[i]);
  uint64_t row = map.box[0] * bytesOf(map.element);
  if (row % 16 != 0)
    return where.invalid("wanted a multiple of 16 bytes for the innermost, found ", row);
  if (map.swizzle != 0 && row > map.swizzle)
    return where.invalid("wanted at most the ", map.swizzle,
                         " bytes of the swizzle for the innermost, found ", row);
  return {};
}

static Status checkMap(const TensorMap &map, const Where &where) {
  if (map.rank == 0)
    return where.at("dims").invalid("wanted 1 to ", maxTensorDims, ", found 0");
  for (uint32_t i = 0; i < map.rank; ++i)
    MOEC_RETURN_IF_ERROR(checkExtent(map.dims[i], where.at("dim", i)));
  constexpr uint32_t swizzles[] = {0, 32, 64, 128};
  if (std::find(std::begin(swizzles), std::end(swizzles), map.swizzle) == std::end(swizzles))
    return where.at("swizzle").invalid("wanted 0, 32, 64 or 128, found ", map.swizzle);
  MOEC_RETURN_IF_ERROR(checkStrides(map, where));
  MOEC_RETURN_IF_ERROR(checkBox(map, where));
  constexpr int64_t most = maxKernelFactor;
  if (map.baseOffset % 16 != 0 || map.baseOffset > most || map.baseOffset < -most)
    return where.at("base offset")
        .invalid("wanted a multiple of 16 within ", most, ", found ", map.baseOffset);
  return {};
}

// --- The block ---------------------------------------------------------------

static uint32_t bytesOf(KernelArgKind kind) { return kind == KernelArgKind::View ? 128 : 8; }

static Status checkArg(const ModuleContents &contents, const Kernel &kernel, const KernelArg &arg,
                       const Where &where) {
  if (arg.name.empty() || !isPrintableUtf8(arg.name))
    return where.at("name").invalid("wanted a printable name, found ", quote(arg.name));
  if (!fits(arg.kind, arg.object))
    return where.at("object").invalid("wanted one that a ", nameOf(arg.kind),
                                      " can refer to, found ", nameOf(arg.object));
  uint32_t alignment = arg.kind == KernelArgKind::View ? 64 : 8;
  if (arg.offset % alignment != 0)
    return where.at("offset").invalid("wanted a multiple of ", alignment, ", found ", arg.offset);
  uint32_t bytes = bytesOf(arg.kind);
  if (arg.offset > kernel.argBytes || kernel.argBytes - arg.offset < bytes)
    return where.at("offset").invalid("wanted ", bytes, " bytes within the ", kernel.argBytes,
                                      " of the block, found them at ", arg.offset);
  MOEC_RETURN_IF_ERROR(checkObject(contents, arg, where));
  return arg.kind == KernelArgKind::View ? checkMap(arg.map, where.at("map")) : Status();
}

Status checkKernelArgs(const ModuleContents &contents, const Kernel &kernel, const Where &root) {
  std::set<std::string_view> names;
  std::vector<std::pair<uint32_t, uint32_t>> places; // offset, number
  for (uint32_t i = 0; i < kernel.args.size(); ++i) {
    const KernelArg &arg = kernel.args[i];
    Where where = root.at("argument", i, arg.name);
    MOEC_RETURN_IF_ERROR(checkArg(contents, kernel, arg, where));
    if (!names.insert(arg.name).second)
      return where.at("name").invalid("wanted a name of its own, found it twice");
    places.emplace_back(arg.offset, i);
  }
  std::sort(places.begin(), places.end());
  for (size_t i = 1; i < places.size(); ++i) {
    const KernelArg &before = kernel.args[places[i - 1].second];
    if (places[i].first < before.offset + bytesOf(before.kind))
      return root.at("argument", places[i].second, kernel.args[places[i].second].name)
          .at("offset")
          .invalid("wanted no overlap with ", quote(before.name), ", found ", places[i].first);
  }
  return {};
}

} // namespace moec::rt
