//===- EncodeKernels.cpp - KRNL, "PTX " and CUBN as bytes ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Encoders.h"

#include "codegen/module/Finish.h"
#include "runtime/module/kernels_generated.h"

namespace moec::codegen {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

static_assert(int(wire::KernelObject::MAX) == int(KernelObject::ChosenWeights));
static_assert(int(wire::KernelArgKind::MAX) == int(KernelArgKind::Scalar));

static Offset<wire::Extent> encode(FlatBufferBuilder &builder, const Extent &extent) {
  return wire::CreateExtent(builder, extent.constant, extent.perToken, extent.perReceived,
                            extent.perRow, extent.perExpert);
}

static Offset<wire::TensorMap> encode(FlatBufferBuilder &builder, const TensorMap &map) {
  std::vector<Offset<wire::Extent>> dims;
  for (uint32_t i = 0; i < map.rank; ++i)
    dims.push_back(encode(builder, map.dims[i]));
  auto dimList = builder.CreateVector(dims);
  auto strides = builder.CreateVector(map.strides.data(), map.rank);
  auto box = builder.CreateVector(map.box.data(), map.rank);
  return wire::CreateTensorMap(builder, static_cast<wire::DType>(map.element), dimList, strides,
                               box, map.swizzle, map.baseOffset);
}

static Offset<wire::KernelArg> encode(FlatBufferBuilder &builder, const KernelArg &arg) {
  auto name = builder.CreateString(arg.name);
  Offset<wire::TensorMap> map;
  if (arg.kind == KernelArgKind::View)
    map = encode(builder, arg.map);
  return wire::CreateKernelArg(builder, name, static_cast<wire::KernelArgKind>(arg.kind),
                               arg.offset, static_cast<wire::KernelObject>(arg.object), arg.index,
                               map);
}

static Offset<wire::Workspace> encode(FlatBufferBuilder &builder, const Workspace &workspace) {
  auto name = builder.CreateString(workspace.name);
  auto bytes = encode(builder, workspace.bytes);
  return wire::CreateWorkspace(builder, name, bytes);
}

static Offset<wire::Kernel> encode(FlatBufferBuilder &builder, const Kernel &kernel) {
  auto name = builder.CreateString(kernel.name);
  auto stages = builder.CreateVectorOfStrings(kernel.stages);
  auto tile = builder.CreateString(kernel.tile);
  std::vector<Offset<wire::KernelArg>> args;
  for (const KernelArg &arg : kernel.args)
    args.push_back(encode(builder, arg));
  auto argList = builder.CreateVector(args);
  return wire::CreateKernel(builder, name, stages, tile, kernel.pipeSlots, kernel.threads,
                            kernel.sharedBytes, kernel.argBytes, argList,
                            kernel.resources.registers, kernel.resources.spillBytes,
                            kernel.resources.codeBytes, static_cast<uint32_t>(kernel.ptx.size()),
                            static_cast<uint32_t>(kernel.cubin.size()));
}

static Offset<wire::Launch> encode(FlatBufferBuilder &builder, const Launch &launch) {
  auto name = builder.CreateString(launch.name);
  std::vector<Offset<wire::KernelVariant>> variants;
  for (const KernelVariant &variant : launch.variants)
    variants.push_back(
        wire::CreateKernelVariant(builder, variant.kernel, variant.maxRowsPerExpert));
  auto variantList = builder.CreateVector(variants);
  auto ops = builder.CreateVector(launch.ops);
  return wire::CreateLaunch(builder, name, variantList, ops);
}

/// Each element by the overload for its type.
template <typename Wire, typename T>
static auto list(FlatBufferBuilder &builder, const std::vector<T> &elements) {
  std::vector<Offset<Wire>> offsets;
  for (const T &element : elements)
    offsets.push_back(encode(builder, element));
  return builder.CreateVector(offsets);
}

Bytes encodeKernels(const KernelSet &kernels) {
  FlatBufferBuilder builder;
  auto arch = builder.CreateString(kernels.arch);
  auto form = builder.CreateString(kernels.form);
  auto workspaces = list<wire::Workspace>(builder, kernels.workspaces);
  auto kernelList = list<wire::Kernel>(builder, kernels.kernels);
  auto launches = list<wire::Launch>(builder, kernels.launches);
  auto root = wire::CreateKernelSet(builder, arch, form, workspaces, kernelList, launches,
                                    /*features=*/0, kernels.biasRowBytes);
  return finish(builder, root, wire::KernelSetIdentifier());
}

Bytes encodePtx(const KernelSet &kernels) {
  Bytes bytes;
  for (const Kernel &kernel : kernels.kernels)
    bytes.insert(bytes.end(), kernel.ptx.begin(), kernel.ptx.end());
  return bytes;
}

Bytes encodeCubins(const KernelSet &kernels) {
  Bytes bytes;
  for (const Kernel &kernel : kernels.kernels)
    bytes.insert(bytes.end(), kernel.cubin.begin(), kernel.cubin.end());
  return bytes;
}

} // namespace moec::codegen
