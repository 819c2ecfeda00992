//===- Campaign.cpp - Many seeds of modules that must give the same bits ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   moec-campaign BACKEND FIRST LAST WEIGHTS INPUT OUTPUT MODULE...
//
// Runs every module without a seed and with test seeds FIRST to LAST, and holds all
// results to those of the first module without a seed, which go to OUTPUT. One JSON
// line a module on standard output; exit code 1 if one run failed or differed.
//===----------------------------------------------------------------------===//

#include "moec/moec.hpp"
#include "runtime/data/Safetensors.h"
#include "runtime/data/WeightSource.h"
#include "runtime/tools/Tokens.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace moec::test {
namespace {

struct Campaign {
  std::string backend;
  uint64_t first = 1, last = 0;
  std::unique_ptr<rt::WeightSource> weights;
  std::string input, output;
  std::optional<run::Results> expected;
};

template <typename T> T must(rt::Result<T> result) {
  if (!result)
    throw Error(MOEC_INVALID, result.status().message());
  return *std::move(result);
}

moec_tensor asTensor(const rt::TensorView &view) {
  moec_tensor tensor{};
  tensor.dtype = view.type == rt::ElementType::F32    ? MOEC_F32
                 : view.type == rt::ElementType::BF16 ? MOEC_BF16
                                                      : MOEC_F16;
  tensor.dims = static_cast<uint32_t>(view.shape.size());
  for (size_t i = 0; i < view.shape.size(); ++i)
    tensor.shape[i] = view.shape[i];
  tensor.data = view.bytes.data();
  return tensor;
}

/// Two steps, so that what the first leaves behind is seen by the second.
run::Results runOnce(Campaign &campaign, const Module &module, uint64_t seed) {
  moec_layer_info layer = module.layer();
  Session session(module, {campaign.backend, 0, 0, seed});
  session.loadWeights(
      [&](const std::string &name) { return asTensor(must(campaign.weights->find(name))); });
  rt::SafetensorsFile file = must(rt::SafetensorsFile::open(campaign.input));
  const rt::TensorEntry *entry = file.find("input");
  rt::TensorView view = file.view(*entry);
  uint64_t tokens = view.bytes.size() / layer.hidden / (view.type == rt::ElementType::F32 ? 4 : 2);
  uint64_t rowBytes = tokens ? view.bytes.size() / tokens : 0;
  run::Results results;
  results.output.resize(tokens * layer.hidden);
  results.indices.resize(tokens * layer.top_k);
  results.weights.resize(tokens * layer.top_k);
  std::vector<moec_rank_io> io;
  uint64_t first = 0;
  for (int64_t count : run::dealTokens(tokens, layer.ranks)) {
    io.push_back({view.bytes.data() + first * rowBytes, asTensor(view).dtype, count,
                  results.output.data() + first * layer.hidden,
                  results.indices.data() + first * layer.top_k,
                  results.weights.data() + first * layer.top_k});
    first += count;
  }
  session.step(io);
  session.step(io);
  return results;
}

bool same(const run::Results &a, const run::Results &b) {
  return a.indices == b.indices &&
         std::memcmp(a.output.data(), b.output.data(), a.output.size() * 4) == 0 &&
         std::memcmp(a.weights.data(), b.weights.data(), a.weights.size() * 4) == 0;
}

/// False if the run failed or differed; says so on standard error.
bool runSeed(Campaign &campaign, const Module &module, const char *path, uint64_t seed) {
  try {
    run::Results results = runOnce(campaign, module, seed);
    if (!campaign.expected)
      campaign.expected = std::move(results);
    else if (!same(results, *campaign.expected))
      throw Error(MOEC_INTERNAL, "other bits");
    return true;
  } catch (const Error &error) {
    std::fprintf(stderr, "%s, seed %llu: %s\n", path, (unsigned long long)seed, error.what());
    return false;
  }
}

bool runModule(Campaign &campaign, const char *path) {
  Module module(path);
  auto start = std::chrono::steady_clock::now();
  uint64_t bad = !runSeed(campaign, module, path, 0);
  for (uint64_t seed = campaign.first; seed <= campaign.last; ++seed)
    bad += !runSeed(campaign, module, path, seed);
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("{\"module\": \"%s\", \"backend\": \"%s\", \"ranks\": %u, \"first\": %llu, "
              "\"last\": %llu, \"failures\": %llu, \"seconds\": %.2f}\n",
              path, campaign.backend.c_str(), module.layer().ranks,
              (unsigned long long)campaign.first, (unsigned long long)campaign.last,
              (unsigned long long)bad, seconds.count());
  std::fflush(stdout);
  return bad == 0;
}

int runAll(int argc, char **argv) {
  if (argc < 8) {
    std::fprintf(stderr,
                 "usage: moec-campaign BACKEND FIRST LAST WEIGHTS INPUT OUTPUT MODULE...\n");
    return 1;
  }
  Campaign campaign;
  campaign.backend = argv[1];
  campaign.first = std::strtoull(argv[2], nullptr, 10);
  campaign.last = std::strtoull(argv[3], nullptr, 10);
  campaign.weights = must(rt::openCheckpoint(argv[4]));
  campaign.input = argv[5];
  campaign.output = argv[6];
  bool good = true;
  for (int i = 7; i < argc; ++i)
    good = runModule(campaign, argv[i]) && good;
  if (!campaign.expected)
    return 1;
  moec_layer_info info = Module(argv[7]).layer();
  Layer layer;
  layer.hidden = info.hidden;
  layer.router.topK = info.top_k;
  uint64_t tokens = campaign.expected->output.size() / info.hidden;
  auto file = must(run::ResultsFile::create(campaign.output, layer, tokens));
  if (rt::Status status = file.commit(*campaign.expected); !status.ok())
    throw Error(MOEC_INVALID, status.message());
  return good ? 0 : 1;
}

} // namespace
} // namespace moec::test

int main(int argc, char **argv) {
  try {
    return moec::test::runAll(argc, argv);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "moec-campaign: %s\n", error.what());
    return 1;
  }
}
