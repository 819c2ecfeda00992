//===- SampleKernels.cpp - A small good module with kernels --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/module/Sample.h"

#include <algorithm>

namespace moec::test {

namespace {

uint32_t bufferOf(const plan::Plan &plan, const char *name) {
  auto at = std::find_if(plan.buffers.begin(), plan.buffers.end(),
                         [&](const plan::Buffer &buffer) { return buffer.name == name; });
  return static_cast<uint32_t>(at - plan.buffers.begin());
}

/// A matrix of `rows` of `elements`, with a box of 64 x 64.
TensorMap matrix(uint64_t elements, Extent rows, int64_t baseOffset = 0) {
  TensorMap map;
  map.dims = {Extent{.constant = elements}, rows};
  map.strides = {2, paddedRowBytes(elements, 2)};
  map.box = {64, 64};
  map.baseOffset = baseOffset;
  return map;
}

/// Arguments behind one another: views first, then the rest.
class Block {
public:
  Block &view(const char *name, KernelObject object, uint32_t index, TensorMap map) {
    args.push_back({name, KernelArgKind::View, offset, object, index, map});
    offset += 128;
    return *this;
  }
  Block &pointer(const char *name, KernelObject object, uint32_t index = 0) {
    return word(name, KernelArgKind::Pointer, object, index);
  }
  Block &scalar(const char *name, KernelObject object, uint32_t index) {
    return word(name, KernelArgKind::Scalar, object, index);
  }
  void fill(Kernel &kernel) const {
    kernel.args = args;
    kernel.argBytes = (offset + 127) / 128 * 128;
  }

private:
  Block &word(const char *name, KernelArgKind kind, KernelObject object, uint32_t index) {
    args.push_back({name, kind, offset, object, index, {}});
    offset += 8;
    return *this;
  }
  std::vector<KernelArg> args;
  uint32_t offset = 0;
};

Kernel routeKernel(const ModuleContents &contents) {
  Kernel kernel;
  kernel.name = "route";
  kernel.stages = {"route"};
  kernel.threads = 256;
  Block()
      .view("router", KernelObject::Weight, uint32_t(WeightRole::Router),
            matrix(contents.manifest.layer.hidden, {.constant = contents.manifest.layer.experts}))
      .pointer("state", KernelObject::State)
      .pointer("placement", KernelObject::Placement)
      .pointer("chosen_experts", KernelObject::ChosenExperts)
      .pointer("chosen_weights", KernelObject::ChosenWeights)
      .pointer("route", KernelObject::Buffer, bufferOf(contents.plan, "route"))
      .fill(kernel);
  kernel.ptx = "// route\n.visible .entry route() { ret; }\n";
  return kernel;
}

Kernel expertsKernel(const ModuleContents &contents, const char *name, const char *tile) {
  const Layer &layer = contents.manifest.layer;
  Kernel kernel;
  kernel.name = name;
  kernel.stages = {"dispatch", "expert_up"};
  kernel.tile = tile;
  kernel.pipeSlots = 4;
  kernel.sharedBytes = 200 << 10;
  kernel.resources = {168, 0, 9600};
  Extent rows = {.perRow = 1};
  int64_t above = -128 * int64_t(paddedRowBytes(layer.expert.intermediate, 2));
  Block()
      .view("weights", KernelObject::Weight, uint32_t(WeightRole::ExpertGate),
            matrix(layer.hidden, {.perExpert = 2 * layer.expert.intermediate}))
      .view("h", KernelObject::Workspace, 1, matrix(layer.expert.intermediate, rows, above))
      .pointer("recv", KernelObject::Buffer, bufferOf(contents.plan, "recv"))
      .pointer("peers", KernelObject::Peers)
      .scalar("recv_offset", KernelObject::BufferOffset, bufferOf(contents.plan, "recv"))
      .pointer("fd", KernelObject::Flag, 0)
      .scalar("fd_offset", KernelObject::FlagOffset, 0)
      .pointer("offsets", KernelObject::Workspace, 0)
      .fill(kernel);
  kernel.ptx = "// " + std::string(tile) + "\n.visible .entry " + name + "() { ret; }\n";
  kernel.cubin.assign(40, uint8_t(name[0]));
  return kernel;
}

} // namespace

KernelSet sampleKernels(const ModuleContents &contents) {
  KernelSet kernels;
  kernels.arch = "sm_90a";
  kernels.form = "dispatch_up";
  uint64_t row = paddedRowBytes(contents.manifest.layer.expert.intermediate, 2);
  kernels.workspaces = {{"offsets", {.constant = 4, .perExpert = 4}}, {"h", {.perRow = row}}};
  kernels.kernels = {routeKernel(contents), expertsKernel(contents, "up16", "swapped 16"),
                     expertsKernel(contents, "up128", "128x256x64")};
  kernels.launches = {{"route", {{0, UINT32_MAX}}, {0}}, {"up", {{1, 16}, {2, UINT32_MAX}}, {}}};
  for (uint32_t op = 1; op < contents.plan.ops.size(); ++op)
    kernels.launches[1].ops.push_back(op);
  kernels.ir = {'M', 'L', 0xef, 'R', 1, 2, 3};
  return kernels;
}

ModuleContents kernelContents() {
  ModuleContents contents = fullContents();
  contents.manifest.target = "sm_90a";
  contents.kernels = sampleKernels(contents);
  return contents;
}

} // namespace moec::test
