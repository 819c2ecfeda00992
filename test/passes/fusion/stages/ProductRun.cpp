//===- ProductRun.cpp - Runs the stages that multiply ---------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/passes/fusion/stages/ProductRun.h"

#include "runtime/backends/emulator/device/EmulatorDevice.h"

#include <algorithm>
#include <random>

namespace moec::stages {

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

float roundToBf16(float value) { return floatOf(bf16Of(value)); }

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
    if (!layer.expert.gateBias)
      continue;
    for (const char *what : {".gate bias", ".up bias", ".down bias"}) {
      int64_t rows = what == std::string(".down bias") ? h : layer.expert.intermediate;
      tensors[number + what] = drawn(random, rows, 8, product.exact);
      shapes[number + what] = {rows};
    }
  }
  manifest.layer.weights = {{WeightRole::ExpertUp, "{expert}.up"},
                            {WeightRole::ExpertDown, "{expert}.down"}};
  if (layer.expert.activation.usesGate())
    manifest.layer.weights.insert(manifest.layer.weights.begin(),
                                  {WeightRole::ExpertGate, "{expert}.gate"});
  if (layer.expert.gateBias)
    manifest.layer.weights.insert(manifest.layer.weights.end(),
                                  {{WeightRole::ExpertGateBias, "{expert}.gate bias"},
                                   {WeightRole::ExpertUpBias, "{expert}.up bias"},
                                   {WeightRole::ExpertDownBias, "{expert}.down bias"}});
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

ProductRun::ProductRun(const ProductCase &product)
    : StageRun(
          {product.name, product.layer, product.ranks(), product.depth, product.layer.router.topK}),
      product(product), topK(product.layer.router.topK) {
  makeKernels([&](const MakeKernel &make) {
    const fusion::GemmForm &form = product.form;
    auto add = [&](const char *name, auto build, const fusion::GemmTile &tile) {
      make(name, [&](fusion::KernelBuilder &kernel) { return build(kernel, tile); });
    };
    add("expert_up", fusion::buildExpertUp, form.up);
    add("expert_down", fusion::buildExpertDown, form.down);
    if (product.layer.shared) {
      add("shared_up", fusion::buildSharedUp, form.up);
      add("shared_down", fusion::buildSharedDown, form.down);
    }
  });
  makeData();
  makeWeights();
  manifest.layer.experts = uint32_t(experts.size());
  rt::emulator::DeviceOptions options;
  options.seed = product.seed;
  options.ctasPerRank = product.ctas;
  open(std::make_unique<PresetDevice>(plan, options), maxTokens,
       [&](const std::string &name, moec_tensor &tensor) {
         tensor.dtype = MOEC_F32;
         tensor.data = tensors.at(name).data();
         tensor.dims = uint32_t(shapes[name].size());
         std::copy(shapes[name].begin(), shapes[name].end(), tensor.shape);
         return rt::Status();
       });
  writeInputs();
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
    writeState(rank, maxTokens, product.tokens[rank], epoch);
    writeRank(rank);
  }
}

void ProductRun::run(const std::string &kernel) {
  launch(kernel, product.ctas);
  synchronize();
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
  uint64_t cells = flag(rank, ReturnedFlag);
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
