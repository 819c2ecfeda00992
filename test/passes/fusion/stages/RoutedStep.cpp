//===- RoutedStep.cpp - Runs route, dispatch and reduce -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/passes/fusion/stages/RoutedStep.h"

#include "frontend/driver/Dialects.h"
#include "passes/Pipelines.h"
#include "passes/emit/Kernels.h"
#include "passes/fusion/stages/StageBuilder.h"
#include "runtime/backends/emulator/device/EmulatorDevice.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>

namespace moec::stages {
using plan::Buffer;
using plan::BufferLayout;
using plan::BufferSpace;

Placement evenPlacement(uint32_t experts, uint32_t ranks) {
  Placement placement;
  uint32_t next = 0;
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    std::vector<uint32_t> slots;
    uint32_t end = next + experts / ranks + (rank < experts % ranks);
    while (next < end)
      slots.push_back(next++);
    placement.slots.push_back(slots);
  }
  return placement;
}

static void need(const rt::Status &status, const std::string &what) {
  if (status.ok())
    return;
  ADD_FAILURE() << what << ": " << status.message();
  throw std::runtime_error(what);
}
template <typename T> static T need(rt::Result<T> result, const std::string &what) {
  if (!result)
    need(result.status(), what);
  return std::move(*result);
}

//===----------------------------------------------------------------------===//
// What the kernels are made for
//===----------------------------------------------------------------------===//

/// Buffers and flags as the scheduler makes them, and of its ops what tells records
/// from rows.
void RoutedStep::makePlan() {
  const Layer &layer = routed.layer;
  uint32_t topK = layer.router.topK, combine = layer.combineType == DType::BF16 ? 2 : 4;
  uint32_t record = 4 * (2 + 2 * topK);
  std::vector<uint32_t> sources = {routed.depth, routed.ranks};
  plan.name = "step";
  plan.ranks = routed.ranks;
  plan.depth = routed.depth;
  plan.topK = topK;
  plan.buffers = {
      {"x", BufferSpace::Input, BufferLayout::Slot, {}, 1, layer.hidden * 2},
      {"route", BufferSpace::Local, BufferLayout::Slot, {}, 1, 12 * topK},
      {"record", BufferSpace::Local, BufferLayout::Seq, {routed.ranks}, 1, record},
      {"recv", BufferSpace::Symmetric, BufferLayout::Seq, sources, 1, layer.hidden * 2},
      {"meta", BufferSpace::Symmetric, BufferLayout::Seq, sources, 1, record},
      {"y", BufferSpace::Local, BufferLayout::Slot, {}, topK, layer.hidden * combine},
      {"back",
       BufferSpace::Symmetric,
       BufferLayout::Slot,
       {routed.depth},
       topK,
       layer.hidden * combine},
      {"shared", BufferSpace::Local, BufferLayout::Slot, {}, 1, layer.hidden * 4},
      {"out", BufferSpace::Output, BufferLayout::Slot, {}, 1, layer.hidden * 4},
  };
  plan.flags = {{"fd", sources, true, {}}, {"fc", sources, false, {}}};
  auto task = [&](plan::OpKind kind, plan::TaskKind what, uint32_t reads, uint32_t writes) {
    plan::Op op;
    op.kind = kind;
    op.task = what;
    op.reads = {{reads, {}, {}, {}}};
    op.writes = {{writes, {}, {}, {}}};
    plan.ops.push_back(op);
  };
  task(plan::OpKind::Compute, plan::TaskKind::Route, Tokens, Routes);
  task(plan::OpKind::Compute, plan::TaskKind::Pack, Routes, Packed);
  task(plan::OpKind::Put, plan::TaskKind::Pack, Tokens, Received);
  task(plan::OpKind::Put, plan::TaskKind::Pack, Packed, Records);

  step.layer = layer;
  step.ranks = routed.ranks;
  step.depth = routed.depth;
  step.buffers = {Tokens, Routes, Packed, Received, Records, Rows, Returned, {}, Out};
  if (layer.shared)
    step.buffers.shared = Shared;
  step.rowsFlag = RowsFlag;
  step.returnedFlag = ReturnedFlag;
}

void RoutedStep::makeKernels() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::Location loc = mlir::UnknownLoc::get(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(loc);
  auto make = [&](const char *name, auto build) {
    fusion::KernelBuilder kernel(*module, step, name, loc);
    if (failed(build(kernel)))
      throw std::runtime_error(name);
    kernel.finish();
  };
  make("route", fusion::buildRoute);
  make("dispatch", fusion::buildDispatch);
  make("reduce", fusion::buildReduce);
  (*module)->setAttr(tile::kArchAttrName, mlir::StringAttr::get(&context, "sm_90a"));
  mlir::PassManager passes(&context);
  addPhase(passes, Phase::Lower);
  if (failed(passes.run(*module))) {
    ADD_FAILURE() << routed.name << " is not lowered";
    throw std::runtime_error("lower");
  }
  auto set = buildKernelSet(*module);
  if (failed(set)) {
    ADD_FAILURE() << routed.name << " has no kernel set";
    throw std::runtime_error("kernel set");
  }
  kernels = std::move(*set);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// Multiples of 1/8 and few of them: sums are exact, and equal ones are frequent.
static std::vector<float> drawn(std::mt19937_64 &random, size_t count, int most) {
  std::vector<float> values(count);
  for (float &value : values)
    value = float(int(random() % (2 * most + 1)) - most) / 8;
  return values;
}

void RoutedStep::fillWeights() {
  const Layer &layer = routed.layer;
  auto lookup = [&](const std::string &name, moec_tensor &tensor) -> rt::Status {
    tensor.dtype = MOEC_F32;
    auto give = [&](const std::vector<float> &values, size_t rows, size_t columns) {
      tensor.data = values.data();
      tensor.dims = rows ? 2 : 1;
      tensor.shape[0] = int64_t(rows ? rows : columns);
      tensor.shape[1] = int64_t(columns);
      return rt::Status();
    };
    if (name == "router")
      return give(router, layer.experts, layer.hidden);
    if (name == "router_bias")
      return give(routerBias, 0, layer.experts);
    if (name == "selection_bias")
      return give(selectionBias, 0, layer.experts);
    return give(sharedScale, 1, layer.hidden);
  };
  need(weights->load(lookup), "weights");
}

RoutedStep::RoutedStep(const RoutedCase &routed) : routed(routed) {
  const Layer &layer = routed.layer;
  makePlan();
  makeKernels();
  std::mt19937_64 random(routed.seed);
  for (uint32_t tokens : routed.tokens)
    x.push_back(drawn(random, size_t(tokens) * layer.hidden, 4));
  router = drawn(random, size_t(layer.experts) * layer.hidden, 2);
  routerBias = drawn(random, layer.experts, 8);
  selectionBias = drawn(random, layer.experts, 2);
  sharedScale = drawn(random, layer.hidden, 4);

  manifest.ranks = routed.ranks;
  manifest.layer = layer;
  manifest.placement = routed.placement;
  manifest.layer.weights = {{WeightRole::Router, "router"}};
  if (layer.router.logitsBias)
    manifest.layer.weights.push_back({WeightRole::RouterBias, "router_bias"});
  if (layer.router.selectionBias)
    manifest.layer.weights.push_back({WeightRole::SelectionBias, "selection_bias"});
  if (layer.shared && layer.shared->gate)
    manifest.layer.weights.push_back({WeightRole::SharedScale, "shared_scale"});

  rt::emulator::DeviceOptions options;
  options.seed = routed.seed;
  device = std::make_unique<rt::emulator::EmulatorDevice>(plan, options);
  need(device->load(kernels), "kernels");
  rt::ModuleParts parts{manifest, plan, kernels};
  memory = std::make_unique<rt::DeviceMemory>(
      need(rt::DeviceMemory::create(*device, parts, routed.maxTokens), "memory"));
  weights = std::make_unique<rt::DeviceWeights>(
      need(rt::DeviceWeights::create(*device, manifest, kernels), "weights"));
  fillWeights();
  std::vector<uint32_t> table = rt::placementTable(manifest);
  owners = need(rt::DeviceAllocation::create(*device, table.size() * 4, rt::MemoryKind::Table, 0,
                                             "placement"),
                "placement");
  write(owners.address(), table);
  for (const Kernel &kernel : kernels.kernels)
    tables[kernel.name] =
        need(rt::makeArgumentTable(*device, parts, kernel, {*memory, *weights, owners.address()}),
             "arguments");
  for (uint32_t rank = 0; rank < routed.ranks; ++rank) {
    RankState state;
    state.rank = rank;
    state.ranks = routed.ranks;
    state.localExperts = uint32_t(routed.placement.slots[rank].size());
    state.maxTokens = routed.maxTokens;
    state.tokens = routed.tokens[rank];
    state.deadlineNs = 1'000'000'000;
    write(this->state(rank), std::vector<RankState>{state});
  }
}

RoutedStep::~RoutedStep() = default;

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static uint16_t toBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return uint16_t(bits >> 16); // the values that are drawn have no more bits
}

void RoutedStep::writeTokens() {
  uint64_t pitch = step.tokenPitch();
  for (uint32_t rank = 0; rank < routed.ranks; ++rank)
    for (uint32_t token = 0; token < routed.tokens[rank]; ++token) {
      std::vector<uint16_t> row(pitch / 2);
      for (uint32_t i = 0; i < step.layer.hidden; ++i)
        row[i] = toBf16(x[rank][size_t(token) * step.layer.hidden + i]);
      write(buffer(rank, Tokens) + token * pitch, row);
    }
}

void RoutedStep::launch(const std::string &name) {
  for (uint32_t i = 0; i < kernels.kernels.size(); ++i) {
    if (kernels.kernels[i].name != name)
      continue;
    rt::LaunchRequest request{i, routed.ctas, routed.ranks, tables[name].address()};
    need(device->launch(request), routed.name + ": " + name);
    return;
  }
  throw std::runtime_error("no kernel " + name);
}

void RoutedStep::finish() { need(device->synchronize(), routed.name); }

uint64_t RoutedStep::flag(uint32_t rank, uint32_t number) const {
  return memory->heap(rank) + memory->layout().flags[number];
}

uint64_t RoutedStep::workspace(uint32_t rank, const std::string &name) const {
  for (uint32_t i = 0; i < kernels.workspaces.size(); ++i)
    if (kernels.workspaces[i].name == name)
      return memory->workspace(rank, i);
  throw std::runtime_error("no workspace " + name);
}

void RoutedStep::copyIn(uint64_t address, const void *from, size_t bytes) {
  need(device->copyIn(address, from, bytes), "copy in");
}
void RoutedStep::copyOut(void *to, uint64_t address, size_t bytes) {
  need(device->copyOut(to, address, bytes), "copy out");
}

} // namespace moec::stages
