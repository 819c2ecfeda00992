//===- ProductRun.cpp - Runs the stages that multiply ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/passes/fusion/stages/ProductRun.h"

#include "frontend/driver/Dialects.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Pipelines.h"
#include "passes/emit/Kernels.h"
#include "passes/fusion/stages/StageBuilder.h"
#include "runtime/backends/emulator/device/EmulatorDevice.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>

namespace moec::stages {
using plan::Buffer;
using plan::BufferLayout;
using plan::BufferSpace;

enum Buffers : uint32_t { Tokens, Routes, Packed, Received, Records, Rows, Returned, Shared, Out };
enum Flags : uint32_t { RowsFlag, ReturnedFlag };

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

namespace {
/// The emulator, but for this: what the host writes into the symmetric heap is there
/// when a kernel runs. (The emulator takes it for what is left of the last step.)
class PresetDevice final : public rt::Device {
public:
  PresetDevice(const plan::Plan &plan, const rt::emulator::DeviceOptions &options)
      : device(plan, options) {}
  rt::Status load(const KernelSet &kernels) override { return device.load(kernels); }
  rt::Result<uint32_t> residentCtas(uint32_t kernel) override {
    return device.residentCtas(kernel);
  }
  rt::Result<uint64_t> allocate(uint64_t bytes, rt::MemoryKind kind, uint32_t owner,
                                const std::string &name) override {
    bool symmetric = kind == rt::MemoryKind::Symmetric;
    return device.allocate(bytes, symmetric ? rt::MemoryKind::Local : kind, owner, name);
  }
  void free(uint64_t address) override { device.free(address); }
  rt::Status copyIn(uint64_t to, const void *from, uint64_t bytes) override {
    return device.copyIn(to, from, bytes);
  }
  rt::Status copyOut(void *to, uint64_t from, uint64_t bytes) override {
    return device.copyOut(to, from, bytes);
  }
  rt::Status encodeTensorMap(const rt::TensorMapRequest &request, void *map) override {
    return device.encodeTensorMap(request, map);
  }
  rt::Status launch(const rt::LaunchRequest &request) override { return device.launch(request); }
  rt::Status synchronize() override { return device.synchronize(); }

private:
  rt::emulator::EmulatorDevice device;
};
} // namespace

//===----------------------------------------------------------------------===//
// bf16
//===----------------------------------------------------------------------===//

static uint16_t bf16Of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
static float floatOf(uint16_t bf16) {
  uint32_t bits = uint32_t(bf16) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
float roundToBf16(float value) { return floatOf(bf16Of(value)); }

//===----------------------------------------------------------------------===//
// What the kernels are made for
//===----------------------------------------------------------------------===//

/// Buffers and flags as the scheduler makes them, and of its ops what tells records
/// from rows.
void ProductRun::makePlan() {
  const Layer &layer = product.layer;
  uint32_t combine = layer.combineType == DType::BF16 ? 2 : 4, record = 4 * (2 + 2 * topK);
  std::vector<uint32_t> sources = {product.depth, product.ranks()};
  plan.name = "step";
  plan.ranks = product.ranks();
  plan.depth = product.depth;
  plan.topK = topK;
  plan.buffers = {
      {"x", BufferSpace::Input, BufferLayout::Slot, {}, 1, layer.hidden * 2},
      {"route", BufferSpace::Local, BufferLayout::Slot, {}, 1, 12 * topK},
      {"record", BufferSpace::Local, BufferLayout::Seq, {plan.ranks}, 1, record},
      {"recv", BufferSpace::Symmetric, BufferLayout::Seq, sources, 1, layer.hidden * 2},
      {"meta", BufferSpace::Symmetric, BufferLayout::Seq, sources, 1, record},
      {"y", BufferSpace::Local, BufferLayout::Slot, {}, topK, layer.hidden * combine},
      {"back",
       BufferSpace::Symmetric,
       BufferLayout::Slot,
       {product.depth},
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
  step.layer.router.topK = topK;
  step.ranks = plan.ranks;
  step.depth = plan.depth;
  step.buffers = {Tokens, Routes, Packed, Received, Records, Rows, Returned, Shared, Out};
  step.rowsFlag = RowsFlag;
  step.returnedFlag = ReturnedFlag;
}

void ProductRun::makeKernels() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  mlir::Location loc = mlir::UnknownLoc::get(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(loc);
  (*module)->setAttr(tile::kArchAttrName, mlir::StringAttr::get(&context, "sm_90a"));
  auto make = [&](const char *name, auto build, const fusion::GemmTile &tile) {
    fusion::KernelBuilder kernel(*module, step, name, loc);
    if (failed(build(kernel, tile)))
      throw std::runtime_error(name);
    kernel.finish();
  };
  make("expert_up", fusion::buildExpertUp, product.form.up);
  make("expert_down", fusion::buildExpertDown, product.form.down);
  if (product.layer.shared) {
    make("shared_up", fusion::buildSharedUp, product.form.up);
    make("shared_down", fusion::buildSharedDown, product.form.down);
  }
  mlir::PassManager passes(&context);
  addPhase(passes, Phase::Lower);
  if (failed(passes.run(*module)))
    throw std::runtime_error("kernels are not lowered");
  auto set = buildKernelSet(*module);
  if (failed(set))
    throw std::runtime_error("no kernel set");
  kernels = std::move(*set);
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// Multiples of 1/8: products are exact, sums nearly so. Or any bf16 below `most` / 8.
static std::vector<float> drawn(std::mt19937_64 &random, size_t count, int most, bool exact) {
  std::vector<float> values(count);
  for (float &value : values)
    value = exact ? float(int(random() % (2 * most + 1)) - most) / 8
                  : roundToBf16(float(int64_t(random() % 2'000'001) - 1'000'000) * 1e-6f *
                                float(most) / 8);
  return values;
}

uint32_t ProductRun::logical(uint32_t rank, uint32_t local) const {
  return manifest.placement.slots[rank][local];
}

void ProductRun::makeData() {
  std::mt19937_64 random(product.seed);
  const Layer &layer = product.layer;
  uint32_t all = 0;
  for (const std::vector<uint32_t> &rows : product.rows)
    for (uint32_t count : rows)
      all += count;
  maxTokens = *std::max_element(product.tokens.begin(), product.tokens.end());
  maxTokens = std::max({maxTokens, (all + topK - 1) / topK, 1u}) + 3;
  std::vector<uint32_t> nextSlot(product.ranks());
  for (uint32_t rank = 0; rank < product.ranks(); ++rank) {
    index.emplace_back();
    for (uint32_t expert = 0; expert < product.rows[rank].size(); ++expert)
      for (uint32_t i = 0; i < product.rows[rank][expert]; ++i) {
        uint32_t source = uint32_t(random() % product.ranks());
        float weight = float(random() % 16 + 1) / 16;
        index.back().push_back(
            {expert, source, uint32_t(random() % maxTokens), source, nextSlot[source]++, weight});
      }
    received.emplace_back();
    for (uint32_t i = 0; i < maxTokens * product.ranks(); ++i)
      received.back().push_back(drawn(random, layer.hidden, 8, product.exact));
    tokens.emplace_back();
    for (uint32_t i = 0; i < product.tokens[rank]; ++i)
      tokens.back().push_back(drawn(random, layer.hidden, 8, product.exact));
    gates.push_back(drawn(random, product.tokens[rank], 8, product.exact));
  }
}

void ProductRun::makeWeights() {
  std::mt19937_64 random(product.seed + 1);
  const Layer &layer = product.layer;
  uint32_t h = layer.hidden, next = 0;
  for (const std::vector<uint32_t> &rows : product.rows) {
    std::vector<uint32_t> slots;
    for (size_t i = 0; i < rows.size(); ++i)
      slots.push_back(next++);
    manifest.placement.slots.push_back(slots);
  }
  auto draw = [&](uint32_t intermediate) {
    size_t count = size_t(intermediate) * h;
    return Matrices{intermediate,
                    drawn(random, count, 3, product.exact),
                    drawn(random, count, 3, product.exact),
                    drawn(random, count, 3, product.exact),
                    {},
                    {},
                    {}};
  };
  auto name = [&](const std::string &what, const std::vector<float> &values, int64_t rows) {
    tensors[what] = values;
    shapes[what] = {rows, int64_t(values.size()) / rows};
  };
  for (uint32_t expert = 0; expert < next; ++expert) {
    experts.push_back(draw(layer.expert.intermediate));
    std::string number = std::to_string(expert);
    name(number + ".gate", experts.back().gate, layer.expert.intermediate);
    name(number + ".up", experts.back().up, layer.expert.intermediate);
    name(number + ".down", experts.back().down, h);
  }
  manifest.layer.weights = {{WeightRole::ExpertUp, "{expert}.up"},
                            {WeightRole::ExpertDown, "{expert}.down"}};
  if (layer.expert.activation.usesGate())
    manifest.layer.weights.insert(manifest.layer.weights.begin(),
                                  {WeightRole::ExpertGate, "{expert}.gate"});
  if (!layer.shared)
    return;
  shared = draw(layer.shared->mlp.intermediate);
  name("gate", shared.gate, shared.intermediate);
  name("up", shared.up, shared.intermediate);
  name("down", shared.down, h);
  manifest.layer.weights.insert(manifest.layer.weights.end(), {{WeightRole::SharedGate, "gate"},
                                                               {WeightRole::SharedUp, "up"},
                                                               {WeightRole::SharedDown, "down"}});
}

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

void ProductRun::makeDevice() {
  rt::emulator::DeviceOptions options;
  options.seed = product.seed;
  options.ctasPerRank = product.ctas;
  device = std::make_unique<PresetDevice>(plan, options);
  need(device->load(kernels), "kernels");
  rt::ModuleParts parts{manifest, plan, kernels};
  memory = std::make_unique<rt::DeviceMemory>(
      need(rt::DeviceMemory::create(*device, parts, maxTokens), "memory"));
  weights = std::make_unique<rt::DeviceWeights>(
      need(rt::DeviceWeights::create(*device, manifest, kernels), "weights"));
  auto lookup = [&](const std::string &name, moec_tensor &tensor) -> rt::Status {
    tensor.dtype = MOEC_F32;
    tensor.data = tensors.at(name).data();
    tensor.dims = uint32_t(shapes[name].size());
    std::copy(shapes[name].begin(), shapes[name].end(), tensor.shape);
    return rt::Status();
  };
  need(weights->load(lookup), "weights");
  std::vector<uint32_t> table = rt::placementTable(manifest);
  owners = need(rt::DeviceAllocation::create(*device, table.size() * 4, rt::MemoryKind::Table, 0,
                                             "placement"),
                "placement");
  write(owners.address(), table);
  for (const Kernel &kernel : kernels.kernels)
    tables[kernel.name] =
        need(rt::makeArgumentTable(*device, parts, kernel, {*memory, *weights, owners.address()}),
             "arguments");
}

ProductRun::ProductRun(const ProductCase &product) : product(product) {
  topK = product.layer.router.topK;
  manifest.ranks = product.ranks();
  manifest.layer = product.layer;
  makePlan();
  makeKernels();
  makeData();
  makeWeights();
  manifest.layer.experts = uint32_t(experts.size());
  makeDevice();
  writeInputs();
}

ProductRun::~ProductRun() = default;

uint64_t ProductRun::workspace(uint32_t rank, const std::string &name) const {
  for (uint32_t i = 0; i < kernels.workspaces.size(); ++i)
    if (kernels.workspaces[i].name == name)
      return memory->workspace(rank, i);
  throw std::runtime_error("no workspace " + name);
}

template <typename T> void ProductRun::write(uint64_t address, const std::vector<T> &values) {
  if (!values.empty())
    need(device->copyIn(address, values.data(), values.size() * sizeof(T)), "copy in");
}
template <typename T> std::vector<T> ProductRun::read(uint64_t address, size_t count) {
  std::vector<T> values(count);
  need(device->copyOut(values.data(), address, count * sizeof(T)), "copy out");
  return values;
}

/// A row as the device holds it, its padding zero.
static std::vector<uint16_t> toRow(const std::vector<float> &values, uint64_t pitch) {
  std::vector<uint16_t> row(pitch / 2);
  std::transform(values.begin(), values.end(), row.begin(), bf16Of);
  return row;
}

void ProductRun::writeRank(uint32_t rank) {
  uint64_t pitch = step.tokenPitch();
  uint64_t copy = epoch % product.depth * product.ranks() * maxTokens;
  for (size_t i = 0; i < received[rank].size(); ++i)
    write(memory->buffer(rank, Received) + (copy + i) * pitch, toRow(received[rank][i], pitch));
  for (size_t i = 0; i < tokens[rank].size(); ++i)
    write(memory->buffer(rank, Tokens) + i * pitch, toRow(tokens[rank][i], pitch));
  std::vector<uint32_t> offsets = {0}, sources, targets;
  std::vector<float> factors;
  for (uint32_t count : product.rows[rank])
    offsets.push_back(offsets.back() + count);
  for (const IndexedRow &row : index[rank]) {
    sources.push_back(row.source * maxTokens + row.position);
    targets.insert(targets.end(), {row.target, row.slot});
    factors.push_back(row.weight);
  }
  write(workspace(rank, "offsets"), offsets);
  write(workspace(rank, "row_source"), sources);
  write(workspace(rank, "row_target"), targets);
  write(workspace(rank, "row_weight"), factors);
  if (product.layer.shared && product.layer.shared->gate)
    write(workspace(rank, "shared_gate"), gates[rank]);
}

void ProductRun::writeInputs() {
  for (uint32_t rank = 0; rank < product.ranks(); ++rank) {
    RankState state;
    state.step = epoch - 1;
    state.rank = rank;
    state.ranks = product.ranks();
    state.localExperts = uint32_t(product.rows[rank].size());
    state.maxTokens = maxTokens;
    state.tokens = product.tokens[rank];
    state.deadlineNs = 1'000'000'000;
    write(memory->state(rank), std::vector<RankState>{state});
    writeRank(rank);
  }
}

void ProductRun::run(const std::string &name) {
  for (uint32_t i = 0; i < kernels.kernels.size(); ++i) {
    if (kernels.kernels[i].name != name)
      continue;
    need(device->launch({i, product.ctas, product.ranks(), tables[name].address()}),
         product.name + ": " + name);
    need(device->synchronize(), product.name + ": " + name);
    return;
  }
  throw std::runtime_error("no kernel " + name);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

std::vector<float> ProductRun::returnedRow(uint32_t rank, uint32_t slot) {
  uint64_t pitch = step.returnedPitch();
  uint64_t record = epoch % product.depth * maxTokens * topK + slot;
  uint64_t address = memory->buffer(rank, Returned) + record * pitch;
  uint32_t hidden = product.layer.hidden;
  if (product.layer.combineType == DType::F32)
    return read<float>(address, hidden);
  std::vector<float> row;
  for (uint16_t value : read<uint16_t>(address, hidden))
    row.push_back(floatOf(value));
  return row;
}

std::vector<float> ProductRun::sharedRow(uint32_t rank, uint32_t token) {
  return read<float>(memory->buffer(rank, Shared) + token * step.resultPitch(),
                     product.layer.hidden);
}

uint64_t ProductRun::flagCell(uint32_t rank, uint32_t source) {
  uint64_t cells = memory->heap(rank) + memory->layout().flags[ReturnedFlag];
  uint32_t cell = epoch % product.depth * product.ranks() + source;
  return read<uint64_t>(cells + 8 * cell, 1)[0];
}

std::vector<float> ProductRun::hiddenRow(uint32_t rank, uint32_t row, bool ofShared) {
  uint32_t intermediate = ofShared ? shared.intermediate : product.layer.expert.intermediate;
  uint64_t pitch = paddedRowBytes(intermediate, 2);
  uint64_t rows = workspace(rank, ofShared ? "shared_hidden" : "hidden");
  std::vector<float> values;
  for (uint16_t value : read<uint16_t>(rows + row * pitch, intermediate))
    values.push_back(floatOf(value));
  return values;
}

} // namespace moec::stages
