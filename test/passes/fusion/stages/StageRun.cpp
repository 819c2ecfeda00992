//===- StageRun.cpp - Stages of a step on the emulator --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/passes/fusion/stages/StageRun.h"

#include "frontend/driver/Dialects.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "passes/emit/Kernels.h"

#include <cstring>
#include <gtest/gtest.h>
#include <stdexcept>

namespace moec::stages {
using plan::BufferLayout;
using plan::BufferSpace;

void need(const rt::Status &status, const std::string &what) {
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

uint16_t bf16Of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
float floatOf(uint16_t bf16) {
  uint32_t bits = uint32_t(bf16) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

//===----------------------------------------------------------------------===//
// What the kernels are made for
//===----------------------------------------------------------------------===//

StageRun::StageRun(const StageShape &shape) : name(shape.name) {
  manifest.ranks = shape.ranks;
  manifest.layer = shape.layer;
  makePlan(shape);
  step.layer = shape.layer;
  step.layer.router.topK = shape.topK;
  step.ranks = plan.ranks;
  step.depth = plan.depth;
  step.buffers = {Tokens, Routes, Packed, Received, Records, Rows, Returned, {}, Out};
  if (shape.layer.shared)
    step.buffers.shared = Shared;
  step.rowsFlag = RowsFlag;
  step.returnedFlag = ReturnedFlag;
}

/// Buffers and flags as the scheduler makes them, and of its ops what tells records
/// from rows.
void StageRun::makePlan(const StageShape &shape) {
  uint32_t hidden = shape.layer.hidden, record = 4 * (2 + 2 * shape.topK);
  uint32_t returned = hidden * (shape.layer.combineType == DType::BF16 ? 2 : 4);
  std::vector<uint32_t> sources = {shape.depth, shape.ranks}, copies = {shape.depth};
  plan.name = "step";
  plan.ranks = shape.ranks;
  plan.depth = shape.depth;
  plan.topK = shape.topK;
  plan.buffers = {
      {"x", BufferSpace::Input, BufferLayout::Slot, {}, 1, hidden * 2},
      {"route", BufferSpace::Local, BufferLayout::Slot, {}, 1, 12 * shape.topK},
      {"record", BufferSpace::Local, BufferLayout::Seq, {shape.ranks}, 1, record},
      {"recv", BufferSpace::Symmetric, BufferLayout::Seq, sources, 1, hidden * 2},
      {"meta", BufferSpace::Symmetric, BufferLayout::Seq, sources, 1, record},
      {"y", BufferSpace::Local, BufferLayout::Slot, {}, shape.topK, returned},
      {"back", BufferSpace::Symmetric, BufferLayout::Slot, copies, shape.topK, returned},
      {"shared", BufferSpace::Local, BufferLayout::Slot, {}, 1, hidden * 4},
      {"out", BufferSpace::Output, BufferLayout::Slot, {}, 1, hidden * 4},
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
}

void StageRun::makeKernels(const std::function<void(const MakeKernel &)> &build) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::Location loc = mlir::UnknownLoc::get(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(loc);
  (*module)->setAttr(tile::kArchAttrName, mlir::StringAttr::get(&context, "sm_90a"));
  auto refuse = [&](bool hasFailed, const char *what) {
    if (hasFailed)
      need(rt::internalError("the compiler refuses it"), name + ": " + what);
  };
  build([&](const char *kernelName, const Stage &stage) {
    fusion::KernelBuilder kernel(*module, step, kernelName, loc);
    refuse(failed(stage(kernel)), kernelName);
    kernel.finish();
  });
  mlir::PassManager passes(&context);
  addPhase(passes, Phase::Lower);
  refuse(failed(passes.run(*module)), "lower");
  auto set = buildKernelSet(*module);
  refuse(failed(set), "kernel set");
  kernels = std::move(*set);
}

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

void StageRun::open(std::unique_ptr<rt::Device> opened, uint32_t maxTokens,
                    const FindWeight &find) {
  device = std::move(opened);
  need(device->load(kernels), "kernels");
  rt::ModuleParts parts{manifest, plan, kernels};
  memory = std::make_unique<rt::DeviceMemory>(
      need(rt::DeviceMemory::create(*device, parts, maxTokens), "memory"));
  weights = std::make_unique<rt::DeviceWeights>(
      need(rt::DeviceWeights::create(*device, manifest, kernels), "weights"));
  need(weights->load(find), "weights");
  std::vector<uint32_t> table = rt::placementTables(manifest).words;
  owners = need(rt::DeviceAllocation::create(*device, table.size() * 4, rt::MemoryKind::Table, 0,
                                             "placement"),
                "placement");
  write(owners.address(), table);
  for (const Kernel &kernel : kernels.kernels)
    tables[kernel.name] =
        need(rt::makeArgumentTable(*device, parts, kernel, {*memory, *weights, owners.address()}),
             "arguments");
}

void StageRun::writeState(uint32_t rank, uint32_t maxTokens, uint32_t tokens, uint32_t epoch) {
  RankState state;
  state.step = epoch - 1;
  state.rank = rank;
  state.ranks = plan.ranks;
  state.localExperts = uint32_t(manifest.placement.slots[rank].size());
  state.maxTokens = maxTokens;
  state.tokens = tokens;
  state.deadlineNs = 1'000'000'000;
  write(memory->state(rank), std::vector<RankState>{state});
}

void StageRun::launch(const std::string &kernel, uint32_t ctas) {
  for (uint32_t i = 0; i < kernels.kernels.size(); ++i) {
    if (kernels.kernels[i].name != kernel)
      continue;
    need(device->launch({i, ctas, plan.ranks, tables[kernel].address()}), name + ": " + kernel);
    return;
  }
  throw std::runtime_error("no kernel " + kernel);
}

void StageRun::synchronize() { need(device->synchronize(), name); }

uint64_t StageRun::flag(uint32_t rank, uint32_t number) const {
  return memory->heap(rank) + memory->layout().flags[number];
}

uint64_t StageRun::workspace(uint32_t rank, const std::string &wanted) const {
  for (uint32_t i = 0; i < kernels.workspaces.size(); ++i)
    if (kernels.workspaces[i].name == wanted)
      return memory->workspace(rank, i);
  throw std::runtime_error("no workspace " + wanted);
}

void StageRun::copyIn(uint64_t address, const void *from, size_t bytes) {
  if (bytes)
    need(device->copyIn(address, from, bytes), "copy in");
}
void StageRun::copyOut(void *to, uint64_t address, size_t bytes) {
  need(device->copyOut(to, address, bytes), "copy out");
}

} // namespace moec::stages
