//===- KernelsReader.cpp - Decoding KRNL and the code of kernels ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/KernelsReader.h"

#include "runtime/base/FlatBuffer.h"
#include "runtime/module/Limits.h"
#include "runtime/module/kernels_generated.h"
#include "runtime/plan/Limits.h"

#include <algorithm>

namespace moec::rt {

using plan::maxNameBytes;

static std::string_view textView(const flatbuffers::String *text) {
  return text ? text->string_view() : std::string_view();
}

static Status decode(const wire::Extent *extent, const Where &where, Extent &out) {
  if (!extent)
    return where.invalid("missing");
  out = {extent->constant(), extent->per_token(), extent->per_received(), extent->per_row(),
         extent->per_expert()};
  return {};
}

/// `decodeVector` into the front of an array; the rest keeps its defaults.
template <typename Element, typename T, typename Decode>
static Status decodeArray(const flatbuffers::Vector<Element> *vector, const Where &where,
                          uint32_t count, std::array<T, maxTensorDims> &out, const Decode &decode) {
  std::vector<T> values;
  MOEC_RETURN_IF_ERROR(decodeVector(vector, where, maxTensorDims, values, decode));
  if (values.size() != count)
    return where.invalid("wanted ", count, " as dims, found ", values.size());
  std::copy(values.begin(), values.end(), out.begin());
  return {};
}

static Status decode(const wire::TensorMap *map, const Where &where, TensorMap &out) {
  MOEC_RETURN_IF_ERROR(decodeEnum(map->element(), where.at("element"), out.element));
  out.rank = map->dims() ? map->dims()->size() : 0;
  out.swizzle = map->swizzle();
  out.baseOffset = map->base_offset();
  auto copy = [](auto value, uint32_t, auto &to) {
    to = value;
    return Status();
  };
  MOEC_RETURN_IF_ERROR(decodeArray(map->dims(), where.at("dims"), out.rank, out.dims,
                                   [&](const wire::Extent *extent, uint32_t i, Extent &to) {
                                     return decode(extent, where.at("dim", i), to);
                                   }));
  MOEC_RETURN_IF_ERROR(
      decodeArray(map->strides(), where.at("strides"), out.rank, out.strides, copy));
  return decodeArray(map->box(), where.at("box"), out.rank, out.box, copy);
}

static Status decode(const wire::KernelArg *arg, const Where &where, KernelArg &out) {
  MOEC_RETURN_IF_ERROR(decodeText(arg->name(), where.at("name"), maxNameBytes, out.name));
  MOEC_RETURN_IF_ERROR(decodeEnum(arg->kind(), where.at("kind"), out.kind));
  MOEC_RETURN_IF_ERROR(decodeEnum(arg->object(), where.at("object"), out.object));
  out.offset = arg->offset();
  out.index = arg->index();
  bool isView = out.kind == KernelArgKind::View;
  if (isView != (arg->map() != nullptr))
    return where.at("map").invalid(isView ? "missing" : "wanted none, found one");
  return isView ? decode(arg->map(), where.at("map"), out.map) : Status();
}

static Status decode(const wire::Workspace *workspace, const Where &where, Workspace &out) {
  MOEC_RETURN_IF_ERROR(decodeText(workspace->name(), where.at("name"), maxNameBytes, out.name));
  return decode(workspace->bytes(), where.at("bytes"), out.bytes);
}

static Status decode(const wire::Kernel *kernel, const Where &where, Kernel &out) {
  MOEC_RETURN_IF_ERROR(decodeText(kernel->name(), where.at("name"), maxNameBytes, out.name));
  MOEC_RETURN_IF_ERROR(decodeText(kernel->tile(), where.at("tile"), maxNameBytes, out.tile));
  out.pipeSlots = kernel->pipe_slots();
  out.threads = kernel->threads();
  out.sharedBytes = kernel->shared_bytes();
  out.argBytes = kernel->arg_bytes();
  out.resources = {kernel->registers(), kernel->spill_bytes(), kernel->code_bytes()};
  MOEC_RETURN_IF_ERROR(
      decodeVector(kernel->stages(), where.at("stages"), maxKernelStages, out.stages,
                   [&](const flatbuffers::String *stage, uint32_t i, std::string &to) {
                     return decodeText(stage, where.at("stage", i), maxNameBytes, to);
                   }));
  return decodeVector(kernel->args(), where.at("arguments"), maxKernelArgs, out.args,
                      [&](const wire::KernelArg *arg, uint32_t i, KernelArg &to) {
                        return decode(arg, where.at("argument", i, textView(arg->name())), to);
                      });
}

static Status decode(const wire::Launch *launch, const Where &where, Launch &out) {
  MOEC_RETURN_IF_ERROR(decodeText(launch->name(), where.at("name"), maxNameBytes, out.name));
  MOEC_RETURN_IF_ERROR(decodeVector(launch->variants(), where.at("variants"), maxKernels,
                                    out.variants,
                                    [](const wire::KernelVariant *from, uint32_t, auto &to) {
                                      to = {from->kernel(), from->max_rows_per_expert()};
                                      return Status();
                                    }));
  return decodeNumbers(launch->ops(), where.at("ops"), plan::maxOps, out.ops);
}

static Status decode(const wire::KernelSet *set, const Where &where, KernelSet &out) {
  MOEC_RETURN_IF_ERROR(decodeFeatures(set->features(), where.at("features")));
  MOEC_RETURN_IF_ERROR(decodeText(set->arch(), where.at("arch"), maxNameBytes, out.arch));
  MOEC_RETURN_IF_ERROR(decodeText(set->form(), where.at("form"), maxNameBytes, out.form));
  out.biasRowBytes = set->bias_row_bytes();
  auto each = [&](const char *word) {
    return [&where, word](const auto *element, uint32_t i, auto &to) {
      return decode(element, where.at(word, i, textView(element->name())), to);
    };
  };
  MOEC_RETURN_IF_ERROR(decodeVector(set->workspaces(), where.at("workspaces"), maxWorkspaces,
                                    out.workspaces, each("workspace")));
  MOEC_RETURN_IF_ERROR(
      decodeVector(set->kernels(), where.at("kernels"), maxKernels, out.kernels, each("kernel")));
  return decodeVector(set->launches(), where.at("launches"), maxKernels, out.launches,
                      each("launch"));
}

/// Cuts `code` into the pieces of the kernels, which fill it exactly.
template <typename SizeOf, typename Take>
static Status distribute(std::span<const uint8_t> code, const wire::KernelSet *set,
                         const SizeOf &sizeOf, const Take &take) {
  uint64_t wanted = 0; // 256 numbers of 32 bits
  for (flatbuffers::uoffset_t i = 0; set->kernels() && i < set->kernels()->size(); ++i)
    wanted += sizeOf(set->kernels()->Get(i));
  if (wanted != code.size())
    return invalidError("wanted ", wanted, " bytes as in KRNL, found ", code.size());
  for (flatbuffers::uoffset_t i = 0, at = 0; wanted && i < set->kernels()->size(); ++i) {
    uint32_t bytes = sizeOf(set->kernels()->Get(i));
    take(i, code.subspan(at, bytes));
    at += bytes;
  }
  return {};
}

static Result<KernelSet> readTable(const KernelSections &sections) {
  auto root = verifiedRoot<wire::KernelSet>(sections.table, wire::KernelSetIdentifier());
  if (!root)
    return root.status().within("KRNL");
  KernelSet kernels;
  Where where;
  MOEC_RETURN_IF_ERROR(decode(*root, where.at("KRNL"), kernels));
  MOEC_RETURN_IF_ERROR(distribute(
                           sections.ptx, *root,
                           [](const wire::Kernel *kernel) { return kernel->ptx_bytes(); },
                           [&](uint32_t i, auto bytes) {
                             kernels.kernels[i].ptx.assign(bytes.begin(), bytes.end());
                           })
                           .within("PTX"));
  MOEC_RETURN_IF_ERROR(distribute(
                           sections.cubin, *root,
                           [](const wire::Kernel *kernel) { return kernel->cubin_bytes(); },
                           [&](uint32_t i, auto bytes) {
                             kernels.kernels[i].cubin.assign(bytes.begin(), bytes.end());
                           })
                           .within("CUBN"));
  kernels.ir.assign(sections.ir.begin(), sections.ir.end());
  return kernels;
}

Result<KernelSet> readKernels(const KernelSections &sections) {
  if (!sections.table.empty())
    return readTable(sections);
  if (sections.ptx.empty() && sections.cubin.empty() && sections.ir.empty())
    return KernelSet();
  return invalidError("wanted a section 'KRNL' for the code of kernels, found none");
}

} // namespace moec::rt
