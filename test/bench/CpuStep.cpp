//===- CpuStep.cpp - The cpu backend's step beside the machine's limits ----===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One JSON line a case: the step, its phases, and in the same run what the cores
// can do at most: read memory, and multiply matrices (oneDNN, f32).
//
//   cpu-step [--model olmoe|qwen3] [--dtype bf16|f32] [--tokens N] [--ranks N]
//            [--repeat N] [--threads N]
// What is not given runs through all values.
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/CpuSession.h"
#include "test/runtime/module/Sample.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dnnl.h>
#include <random>
#include <string>
#include <thread>

using namespace moec;
using namespace moec::rt;
using Clock = std::chrono::steady_clock;

namespace {

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Spread {
  double median, min, max;
};
Spread spreadOf(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  return {seconds[seconds.size() / 2], seconds.front(), seconds.back()};
}

// --- The machine's limits ------------------------------------------------------------

/// GB/s of reading one GiB with all threads, in huge pages and prefetched as the
/// kernels do it; the best of some runs.
double readBandwidth(uint32_t threads) {
  size_t bytes = size_t(1) << 30;
  auto memory = cpu::Reservation::create(bytes, true, "reading");
  std::memset(memory->data(), 1, bytes);
  double best = 0;
  for (int run = 0; run < 8; ++run) {
    auto start = Clock::now();
    std::vector<std::thread> pool;
    std::vector<uint64_t> sums(threads * 8);
    size_t share = bytes / threads / 64 * 64;
    for (uint32_t thread = 0; thread < threads; ++thread)
      pool.emplace_back([&, thread] {
        const std::byte *data = memory->data() + thread * share;
        uint64_t sum[8] = {};
        for (size_t i = 0; i < share; i += 64) {
          __builtin_prefetch(data + i + 4096);
          for (size_t lane = 0; lane < 8; ++lane)
            sum[lane] += *reinterpret_cast<const uint64_t *>(data + i + lane * 8);
        }
        for (uint64_t value : sum)
          sums[thread * 8] += value;
      });
    for (std::thread &thread : pool)
      thread.join();
    best = std::max(best, bytes / since(start) / 1e9);
  }
  return best;
}

/// GFLOP/s of a plain f32 product of 1024 x 2048 x 2048.
double matmulRate() {
  const dnnl_dim_t rows = 1024, size = 2048;
  std::vector<float> a(rows * size, .5f), b(size * size, .25f), c(rows * size);
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    auto start = Clock::now();
    dnnl_sgemm('N', 'N', rows, size, size, 1, a.data(), size, b.data(), size, 0, c.data(), size);
    best = std::max(best, 2. * rows * size * size / since(start) / 1e9);
  }
  return best;
}

// --- A case ----------------------------------------------------------------------------

struct Case {
  std::string model;
  DType type;
  uint32_t tokens, ranks;
};

Layer layerOf(const Case &one) {
  Layer layer = test::sampleLayer();
  bool isOlmoe = one.model == "olmoe";
  layer.name = one.model;
  layer.hidden = 2048;
  layer.experts = isOlmoe ? 64 : 128;
  layer.expert.intermediate = isOlmoe ? 1024 : 768;
  layer.router.topK = 8;
  layer.router.normalize = !isOlmoe;
  layer.tokensType = layer.weightsType = layer.router.logitsType = one.type;
  layer.weights = test::sampleWeights(layer);
  return layer;
}

/// One large random array; a weight is a part of it, from a place that depends on
/// its name.
class RandomTensors {
public:
  explicit RandomTensors(DType type) : type(type), bytes((size_t(64) << 20) + (1 << 16)) {
    std::mt19937 random(1);
    for (size_t i = 0; i < bytes.size() / 4; ++i) {
      float value = (float(random()) / 4294967296.f - .5f) / 13; // deviation 1 / sqrt(2048)
      uint32_t bits;
      std::memcpy(&bits, &value, 4);
      if (type == DType::BF16)
        bits = (bits & 0xffff0000) | ((bits ^ (random() & 0x80000000)) >> 16);
      std::memcpy(bytes.data() + i * 4, &bits, 4);
    }
  }
  Status find(const std::string &name, const std::vector<int64_t> &shape,
              moec_tensor &tensor) const {
    size_t offset = std::hash<std::string>()(name) % (1 << 16) / 64 * 64;
    tensor.dtype = type == DType::F32 ? MOEC_F32 : MOEC_BF16;
    tensor.dims = static_cast<uint32_t>(shape.size());
    std::copy(shape.begin(), shape.end(), tensor.shape);
    tensor.data = bytes.data() + offset;
    return Status();
  }

private:
  DType type;
  std::vector<std::byte> bytes;
};

struct Tokens {
  Tokens(const Case &one, const Layer &layer)
      : output(size_t(one.tokens) * layer.hidden), indices(size_t(one.tokens) * 8) {
    std::mt19937 random(2);
    std::normal_distribution<float> normal;
    for (size_t i = 0; i < output.size(); ++i) {
      float value = normal(random);
      uint32_t bits;
      std::memcpy(&bits, &value, 4);
      size_t size = cpu::sizeOf(one.type);
      input.resize(output.size() * size);
      uint32_t upper = bits >> 16;
      std::memcpy(input.data() + i * size, one.type == DType::F32 ? &bits : &upper, size);
    }
    for (uint32_t rank = 0, first = 0; rank < one.ranks; ++rank) {
      uint32_t share = one.tokens / one.ranks + (rank < one.tokens % one.ranks);
      io.push_back({input.data() + size_t(first) * layer.hidden * cpu::sizeOf(one.type),
                    one.type == DType::F32 ? MOEC_F32 : MOEC_BF16, share,
                    output.data() + size_t(first) * layer.hidden, indices.data() + first * 8,
                    nullptr});
      first += share;
    }
  }
  std::vector<std::byte> input;
  std::vector<float> output;
  std::vector<int64_t> indices;
  std::vector<moec_rank_io> io;
};

void print(const Case &one, const Layer &layer, Spread step, const StepReport &report,
           const plan::Plan &plan, double bandwidth, double rate) {
  size_t hit = std::count_if(report.expertTokens.begin(), report.expertTokens.end(),
                             [](uint64_t rows) { return rows > 0; });
  double perExpert = 3. * layer.hidden * layer.expert.intermediate;
  std::printf("{\"model\": \"%s\", \"dtype\": \"%s\", \"tokens\": %u, \"ranks\": %u, "
              "\"experts_hit\": %zu, \"median_ms\": %.3f, \"min_ms\": %.3f, \"max_ms\": %.3f, "
              "\"gb_s\": %.1f, \"gflop_s\": %.1f, \"read_gb_s\": %.1f, \"sgemm_gflop_s\": %.1f, "
              "\"phases_ms\": {",
              one.model.c_str(), one.type == DType::F32 ? "f32" : "bf16", one.tokens, one.ranks,
              hit, step.median * 1e3, step.min * 1e3, step.max * 1e3,
              hit * perExpert * cpu::sizeOf(one.type) / step.median / 1e9,
              2 * perExpert * one.tokens * 8 / step.median / 1e9, bandwidth, rate);
  for (size_t i = 0; i < plan.ops.size(); ++i)
    std::printf("%s\"%s\": %.3f", i ? ", " : "", plan.ops[i].name.c_str(),
                report.phaseSeconds[i] * 1e3);
  std::printf("}}\n");
  std::fflush(stdout);
}

Status run(const Case &one, uint32_t threads, int repeat, double bandwidth, double rate) {
  Layer layer = layerOf(one);
  Manifest manifest;
  manifest.ranks = one.ranks;
  manifest.layer = layer;
  manifest.placement = test::linearPlacement(layer.experts, one.ranks);
  plan::Plan plan = test::directRowsPlan(layer, one.ranks);
  MOEC_ASSIGN_OR_RETURN(auto session, cpu::CpuSession::create(manifest, plan, {threads, 0, 0}));
  RandomTensors tensors(one.type);
  std::vector<WeightEntry> table = tensorTable(manifest);
  MOEC_RETURN_IF_ERROR(session->loadWeights([&](const std::string &name, moec_tensor &tensor) {
    for (const WeightEntry &entry : table)
      if (entry.name == name)
        return tensors.find(name, entry.shape, tensor);
    return internalError("no weight ", name);
  }));
  Tokens tokens(one, layer);
  std::vector<double> seconds;
  auto start = Clock::now();
  for (int i = 0; i <= repeat && (i < 4 || since(start) < 20); ++i) {
    MOEC_RETURN_IF_ERROR(session->step(tokens.io));
    if (i)
      seconds.push_back(session->report().seconds);
  }
  print(one, layer, spreadOf(seconds), session->report(), plan, bandwidth, rate);
  return Status();
}

} // namespace

int main(int argc, char **argv) {
  std::vector<std::string> models = {"olmoe", "qwen3"};
  std::vector<DType> types = {DType::BF16, DType::F32};
  std::vector<uint32_t> tokens = {1, 64, 1024}, ranks = {1, 8};
  uint32_t threads = std::thread::hardware_concurrency();
  int repeat = 20;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string option = argv[i], value = argv[i + 1];
    if (option == "--model")
      models = {value};
    else if (option == "--dtype")
      types = {value == "f32" ? DType::F32 : DType::BF16};
    else if (option == "--tokens")
      tokens = {uint32_t(std::stoul(value))};
    else if (option == "--ranks")
      ranks = {uint32_t(std::stoul(value))};
    else if (option == "--repeat")
      repeat = std::stoi(value);
    else if (option == "--threads")
      threads = std::stoi(value);
  }
  double bandwidth = readBandwidth(threads), rate = matmulRate();
  for (const std::string &model : models)
    for (DType type : types)
      for (uint32_t count : tokens)
        for (uint32_t rank : ranks)
          if (Status status = run({model, type, count, rank}, threads, repeat, bandwidth, rate);
              !status.ok()) {
            std::fprintf(stderr, "cpu-step: %s\n", status.message().c_str());
            return status.exitCode();
          }
  return 0;
}
