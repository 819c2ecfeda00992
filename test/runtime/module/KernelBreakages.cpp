//===- KernelBreakages.cpp - Broken tables of kernels --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Finish.h"
#include "codegen/module/Layout.h"
#include "runtime/module/kernels_generated.h"
#include "test/runtime/module/Breakages.h"
#include "test/runtime/module/Sample.h"

namespace moec::test {

namespace {

ModuleContents goodContents() {
  ModuleContents contents = sampleContents(sampleLayer(), 2);
  contents.sources.clear();
  contents.provenance = {};
  contents.manifest.target = "sm_90a";
  contents.kernels = sampleKernels(contents);
  return contents;
}

/// The sample on two ranks with one thing changed in its kernels, encoded unchecked.
std::function<Bytes()> kernels(std::function<void(KernelSet &)> change) {
  return [change = std::move(change)] {
    ModuleContents contents = goodContents();
    change(contents.kernels);
    return codegen::layOut(codegen::encodeSections(contents));
  };
}

// Positions in the sample's kernels.
enum KernelPosition { route, up16, up128 };
enum RouteArg { router, state, placement };
enum UpArg { weights, h, recv, peers, recvOffset, fd, fdOffset, offsets };

std::function<Bytes()> kernel(std::function<void(Kernel &)> change) {
  return kernels([change = std::move(change)](KernelSet &k) { change(k.kernels[up128]); });
}
std::function<Bytes()> arg(UpArg position, std::function<void(KernelArg &)> change) {
  return kernel([=](Kernel &k) { change(k.args[position]); });
}
std::function<Bytes()> map(std::function<void(TensorMap &)> change) {
  return arg(h, [change = std::move(change)](KernelArg &a) { change(a.map); });
}
std::function<Bytes()> launch(std::function<void(Launch &)> change) {
  return kernels([change = std::move(change)](KernelSet &k) { change(k.launches[1]); });
}

/// The sections of the good module, changed: 2 is KRNL, then PTX, CUBN, KIR.
std::function<Bytes()> sections(std::function<void(std::vector<codegen::Section> &)> change) {
  return [change = std::move(change)] {
    std::vector<codegen::Section> all = codegen::encodeSections(goodContents());
    change(all);
    return codegen::layOut(all);
  };
}

/// KRNL with one kernel made by hand, where the encoder could not: `make` gives its
/// argument or nothing.
std::function<Bytes()> rawTable(
    const char *feature,
    std::function<flatbuffers::Offset<wire::KernelArg>(flatbuffers::FlatBufferBuilder &)> make) {
  return sections([=](std::vector<codegen::Section> &all) {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<flatbuffers::Offset<wire::KernelArg>> args = {make(builder)};
    auto name = builder.CreateString("k");
    auto list = builder.CreateVector(args);
    std::vector<flatbuffers::Offset<wire::Kernel>> one = {
        wire::CreateKernel(builder, name, 0, 0, 0, 384, 0, 128, list)};
    auto kernelList = builder.CreateVector(one);
    std::vector<flatbuffers::Offset<flatbuffers::String>> features;
    if (*feature)
      features.push_back(builder.CreateString(feature));
    auto featureList = builder.CreateVector(features);
    auto root = wire::CreateKernelSet(builder, 0, 0, 0, kernelList, 0, featureList);
    all[2].bytes = codegen::finish(builder, root, wire::KernelSetIdentifier());
  });
}

/// An argument of `kind` with a map whose lists have these lengths.
auto argWithMap(wire::KernelArgKind kind, uint32_t dims, uint32_t strides, uint32_t box) {
  return [=](flatbuffers::FlatBufferBuilder &builder) {
    std::vector<flatbuffers::Offset<wire::Extent>> extents;
    for (uint32_t i = 0; i < dims; ++i)
      extents.push_back(wire::CreateExtent(builder, 1));
    auto dimList = builder.CreateVector(extents);
    auto strideList = builder.CreateVector(std::vector<uint64_t>(strides, 16));
    auto boxList = builder.CreateVector(std::vector<uint32_t>(box, 16));
    auto map = wire::CreateTensorMap(builder, wire::DType::BF16, dimList, strideList, boxList);
    return wire::CreateKernelArg(builder, 0, kind, 0, wire::KernelObject::Buffer, 0, map);
  };
}

} // namespace

static std::vector<Breakage> rawBreakages() {
  using enum wire::KernelArgKind;
  auto withoutMap = [](flatbuffers::FlatBufferBuilder &builder) {
    return wire::CreateKernelArg(builder, 0, View);
  };
  return {
      {"kernels-feature", rawTable("clusters", withoutMap)},
      {"kernel-arg-view-without-map", rawTable("", withoutMap)},
      {"kernel-arg-pointer-with-map", rawTable("", argWithMap(Pointer, 2, 2, 2))},
      {"kernel-map-dims-many", rawTable("", argWithMap(View, 6, 6, 6))},
      {"kernel-map-strides-missing", rawTable("", argWithMap(View, 2, 1, 2))},
      {"kernel-map-box-missing", rawTable("", argWithMap(View, 2, 2, 1))},
  };
}

static std::vector<Breakage> setBreakages() {
  return {
      {"kernels-arch-empty", kernels([](KernelSet &k) { k.arch.clear(); })},
      {"kernels-arch-other", kernels([](KernelSet &k) { k.arch = "sm_90"; })},
      {"kernels-form-empty", kernels([](KernelSet &k) { k.form.clear(); })},
      {"kernels-none", kernels([](KernelSet &k) { k.kernels.clear(); })},
      {"kernels-workspace-name-twice",
       kernels([](KernelSet &k) { k.workspaces[1].name = "offsets"; })},
      {"kernels-bias-row-uneven", kernels([](KernelSet &k) { k.biasRowBytes = 48; })},
      {"kernels-bias-row-narrow", kernels([](KernelSet &k) { k.biasRowBytes = 8; })},
      {"kernels-workspace-empty", kernels([](KernelSet &k) { k.workspaces[1].bytes = {}; })},
      {"kernels-workspace-large",
       kernels([](KernelSet &k) { k.workspaces[1].bytes.perRow = (1ull << 40) + 1; })},
      {"kernels-identifier", sections([](auto &s) { s[2].bytes = s[0].bytes; })},
      {"kernels-ptx-cut", sections([](auto &s) { s[3].bytes.pop_back(); })},
      {"kernels-cubin-long", sections([](auto &s) { s[4].bytes.push_back(0); })},
      {"kernels-no-ptx", sections([](auto &s) { s.erase(s.begin() + 3); })},
      {"kernels-code-without-table", sections([](auto &s) { s.erase(s.begin() + 2); })},
  };
}

static std::vector<Breakage> oneKernelBreakages() {
  return {
      {"kernel-name-empty", kernel([](Kernel &k) { k.name.clear(); })},
      {"kernel-name-no-identifier", kernel([](Kernel &k) { k.name = "up-128"; })},
      {"kernel-name-twice", kernel([](Kernel &k) { k.name = "up16"; })},
      {"kernel-stages-none", kernel([](Kernel &k) { k.stages.clear(); })},
      {"kernel-stages-many", kernel([](Kernel &k) { k.stages.assign(17, "route"); })},
      {"kernel-stage-control", kernel([](Kernel &k) { k.stages[0] = "\x1b"; })},
      {"kernel-tile-control", kernel([](Kernel &k) { k.tile = "\n"; })},
      {"kernel-slots-many", kernel([](Kernel &k) { k.pipeSlots = 257; })},
      {"kernel-threads-zero", kernel([](Kernel &k) { k.threads = 0; })},
      {"kernel-threads-large", kernel([](Kernel &k) { k.threads = 1056; })},
      {"kernel-threads-no-warps", kernel([](Kernel &k) { k.threads = 100; })},
      {"kernel-shared-large", kernel([](Kernel &k) { k.sharedBytes = 232449; })},
      {"kernel-args-zero", kernel([](Kernel &k) { k.argBytes = 0; })},
      {"kernel-args-unaligned", kernel([](Kernel &k) { k.argBytes = 576; })},
      {"kernel-args-large", kernel([](Kernel &k) { k.argBytes = 1 << 17; })},
      {"kernel-ptx-empty", kernel([](Kernel &k) { k.ptx.clear(); })},
      {"kernel-ptx-binary", kernel([](Kernel &k) { k.ptx[3] = 0; })},
      {"kernel-not-launched", launch([](Launch &l) { l.variants.erase(l.variants.begin()); })},
  };
}

static std::vector<Breakage> argBreakages() {
  using enum KernelObject;
  return {
      {"kernel-arg-name-empty", arg(h, [](KernelArg &a) { a.name.clear(); })},
      {"kernel-arg-name-twice", arg(h, [](KernelArg &a) { a.name = "weights"; })},
      {"kernel-arg-kind", arg(fd, [](KernelArg &a) { a.kind = KernelArgKind(3); })},
      {"kernel-arg-object", arg(fd, [](KernelArg &a) { a.object = KernelObject(11); })},
      {"kernel-arg-view-of-flags", arg(h, [](KernelArg &a) { a.object = Flag; })},
      {"kernel-arg-pointer-to-offset", arg(fd, [](KernelArg &a) { a.object = FlagOffset; })},
      {"kernel-arg-scalar-of-buffer", arg(recvOffset, [](KernelArg &a) { a.object = Buffer; })},
      {"kernel-arg-view-unaligned", arg(h, [](KernelArg &a) { a.offset += 32; })},
      {"kernel-arg-pointer-unaligned", arg(fd, [](KernelArg &a) { a.offset += 4; })},
      {"kernel-arg-outside", arg(offsets, [](KernelArg &a) { a.offset = 384; })},
      {"kernel-arg-view-outside", arg(h, [](KernelArg &a) { a.offset = 320; })},
      {"kernel-arg-overlap", arg(h, [](KernelArg &a) { a.offset = 64; })},
      {"kernel-arg-buffer-unknown", arg(recv, [](KernelArg &a) { a.index = 8; })},
      {"kernel-arg-buffer-local", arg(recvOffset, [](KernelArg &a) { a.index = 1; })},
      {"kernel-arg-flag-unknown", arg(fd, [](KernelArg &a) { a.index = 2; })},
      {"kernel-arg-weight-unknown", arg(weights, [](KernelArg &a) { a.index = 1; })},
      {"kernel-arg-weight-up",
       arg(weights, [](KernelArg &a) { a.index = uint32_t(WeightRole::ExpertUp); })},
      {"kernel-arg-workspace-unknown", arg(offsets, [](KernelArg &a) { a.index = 2; })},
      {"kernel-arg-index-of-peers", arg(peers, [](KernelArg &a) { a.index = 1; })},
      {"kernel-args-many", kernel([](Kernel &k) { k.args.resize(257, k.args[0]); })},
  };
}

static std::vector<Breakage> mapBreakages() {
  return {
      {"kernel-map-element", map([](TensorMap &m) { m.element = DType(9); })},
      {"kernel-map-no-dims", map([](TensorMap &m) { m.rank = 0; })},
      {"kernel-map-dim-zero", map([](TensorMap &m) { m.dims[1] = {}; })},
      {"kernel-map-dim-large", map([](TensorMap &m) { m.dims[0].constant = 1ull << 41; })},
      {"kernel-map-stride-of-element", map([](TensorMap &m) { m.strides[0] = 4; })},
      {"kernel-map-stride-unaligned", map([](TensorMap &m) { m.strides[1] = 24; })},
      {"kernel-map-stride-large", map([](TensorMap &m) { m.strides[1] = 1ull << 40; })},
      {"kernel-map-box-zero", map([](TensorMap &m) { m.box[1] = 0; })},
      {"kernel-map-box-large", map([](TensorMap &m) { m.box[1] = 257; })},
      {"kernel-map-box-unaligned", map([](TensorMap &m) { m.box[0] = 12; })},
      {"kernel-map-box-beyond-swizzle", map([](TensorMap &m) { m.box[0] = 72; })},
      {"kernel-map-swizzle", map([](TensorMap &m) { m.swizzle = 96; })},
      {"kernel-map-base-unaligned", map([](TensorMap &m) { m.baseOffset = 8; })},
      {"kernel-map-base-far", map([](TensorMap &m) { m.baseOffset = INT64_MIN; })},
  };
}

static std::vector<Breakage> launchBreakages() {
  return {
      {"launch-none", kernels([](KernelSet &k) { k.launches.clear(); })},
      {"launch-name-twice", launch([](Launch &l) { l.name = "route"; })},
      {"launch-no-variants", launch([](Launch &l) { l.variants.clear(); })},
      {"launch-kernel-unknown", launch([](Launch &l) { l.variants[1].kernel = 3; })},
      {"launch-last-with-limit", launch([](Launch &l) { l.variants[1].maxRowsPerExpert = 32; })},
      {"launch-first-without-limit",
       launch([](Launch &l) { l.variants[0].maxRowsPerExpert = UINT32_MAX; })},
      {"launch-limits-falling",
       launch([](Launch &l) { l.variants.insert(l.variants.begin(), {1, 16}); })},
      {"launch-op-unknown", launch([](Launch &l) { l.ops[0] = 11; })},
      {"launch-op-twice", launch([](Launch &l) { l.ops[0] = l.ops[1]; })},
      {"launch-op-in-none", launch([](Launch &l) { l.ops.pop_back(); })},
  };
}

std::vector<Breakage> kernelBreakages() {
  std::vector<Breakage> all = setBreakages();
  for (const auto &more :
       {rawBreakages(), oneKernelBreakages(), argBreakages(), mapBreakages(), launchBreakages()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

} // namespace moec::test
