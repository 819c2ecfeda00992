//===- GoldenTest.cpp - The reference beside transformers -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each family's rule is written down here once more, by hand, in the reference's
// own terms: neither the importer nor the compiler has a part in it.
//===----------------------------------------------------------------------===//

#include "runtime/base/File.h"
#include "runtime/data/Convert.h"
#include "runtime/data/Safetensors.h"
#include "test/reference/Compare.h"
#include "test/reference/Numbers.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace reference;
using moec::rt::SafetensorsFile;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {
/// How a family names its weights.
struct Names {
  std::string block, gate, up, down, shared, router = "gate.", bias = "gate.";
};

struct Golden {
  explicit Golden(const fs::path &folder);
  Tensor find(Weight weight, size_t expert) const;
  SafetensorsFile open(const char *file) const {
    return *SafetensorsFile::open((folder / file).string());
  }
  Tensor tensor(const SafetensorsFile &file, const std::string &name) const;
  Tensor findGptOss(Weight weight, size_t expert) const;

  fs::path folder;
  Json config;
  std::string layerNumber;
  Layer layer;
  Names names;
  SafetensorsFile weights;
  mutable std::vector<float> part; ///< of a tensor that holds more than one weight
};
} // namespace

static std::string textOf(const fs::path &path) {
  auto text = moec::rt::readFile(path.string());
  EXPECT_TRUE(text.ok());
  return *text;
}

/// What the DeepSeek-like families have in common: f32 routing, a plain shared expert.
static void describeDeepSeek(const Json &config, Layer &layer, Names &names) {
  bool isV2 = config["model_type"] == "deepseek_v2";
  names.shared = "shared_experts";
  layer.logitsType = layer.routingType = Type::F32;
  layer.experts = config["n_routed_experts"];
  layer.intermediate = config["moe_intermediate_size"];
  layer.sharedIntermediate = layer.intermediate * config["n_shared_experts"].get<size_t>();
  layer.score = isV2 ? Score::Softmax : Score::Sigmoid;
  layer.selectionBias = !isV2;
  layer.groups = config["n_group"];
  layer.groupsKept = config["topk_group"];
  layer.groupScore = isV2 ? GroupScore::Max : GroupScore::SumOfTop2;
  layer.rejectedIsZero = isV2;
  layer.normalizeEpsilon = isV2 ? 0 : 1e-20;
  layer.scale = config["routed_scaling_factor"];
}

/// Mixtral's kind: names of its own, weights that stay f32, always normalised.
static void describeMixtral(const Json &config, Layer &layer, Names &names) {
  names = {"block_sparse_moe.", "w1", "w3", "w2", "", "gate.", ""};
  layer.experts = config["num_local_experts"];
  layer.intermediate = config["intermediate_size"];
  layer.routingType = Type::F32;
  layer.normalize = true;
  layer.selectionBias = config["model_type"] == "minimax_m2";
  layer.score = layer.selectionBias ? Score::Sigmoid : Score::Softmax;
}

static void describeGptOss(const Json &config, Layer &layer, Names &names) {
  names = {"mlp.", "", "", "", "", "router.", ""};
  layer.experts = config["num_local_experts"];
  layer.intermediate = config["intermediate_size"];
  std::string limit = config["swiglu_limit"].dump();
  layer.activation =
      Activation("gate " + limit + " min 1.702 gate " + limit + " min mul sigmoid mul up -" +
                 limit + " " + limit + " clamp 1 add mul");
  layer.gateBias = layer.upBias = layer.downBias = layer.logitsBias = true;
  layer.scoreAfterTopK = true;
}

static void describeQwen(const Json &config, Layer &layer, Names &names) {
  if (config["model_type"] == "jamba")
    names.block = "feed_forward.", names.router = "router.";
  layer.experts = config["num_experts"];
  bool hasOwnWidth = config.contains("moe_intermediate_size");
  layer.intermediate = config[hasOwnWidth ? "moe_intermediate_size" : "intermediate_size"];
  layer.sharedIntermediate = config.value("shared_expert_intermediate_size", size_t(0));
  layer.sharedGate = layer.sharedIntermediate > 0;
}

static void describe(const Json &config, Layer &layer, Names &names) {
  Type type = config["torch_dtype"] == "bfloat16" ? Type::BF16 : Type::F32;
  layer.tokensType = layer.weightsType = layer.logitsType = layer.routingType = type;
  layer.hidden = config["hidden_size"];
  layer.topK = config["num_experts_per_tok"];
  layer.normalize = config.value("norm_topk_prob", false);
  if (config["hidden_act"] != "silu")
    layer.activation = Activation("gate gelu_tanh up mul");
  names = {"mlp.", "gate_proj", "up_proj", "down_proj", "shared_expert"};
  if (config["model_type"] == "gpt_oss")
    describeGptOss(config, layer, names);
  else if (config.contains("n_routed_experts"))
    describeDeepSeek(config, layer, names);
  else if (config.contains("num_local_experts"))
    describeMixtral(config, layer, names);
  else
    describeQwen(config, layer, names);
}

Golden::Golden(const fs::path &folder)
    : folder(folder), config(Json::parse(textOf(folder / "config.json"))),
      layerNumber(textOf(folder / "layer")), weights(open("weights.safetensors")) {
  layerNumber.erase(layerNumber.find_last_not_of("\n ") + 1);
  describe(config, layer, names);
}

Tensor Golden::tensor(const SafetensorsFile &file, const std::string &name) const {
  const moec::rt::TensorEntry *entry = file.find(name);
  if (!entry)
    throw std::runtime_error("no tensor " + name);
  bool isBF16 = entry->type == moec::rt::ElementType::BF16;
  return {file.view(*entry).bytes.data(), isBF16 ? Type::BF16 : Type::F32};
}

/// Experts in one tensor: gate_up_proj [experts, hidden, g0 u0 g1 u1 ..] and the like.
Tensor Golden::findGptOss(Weight weight, size_t expert) const {
  bool isUp = weight == Weight::ExpertUp || weight == Weight::ExpertUpBias;
  bool isDown = weight == Weight::ExpertDown || weight == Weight::ExpertDownBias;
  bool isBias = weight == Weight::ExpertGateBias || weight == Weight::ExpertUpBias ||
                weight == Weight::ExpertDownBias;
  size_t in = isBias ? 1 : isDown ? layer.intermediate : layer.hidden;
  size_t out = isDown ? layer.hidden : layer.intermediate;
  size_t parts = isDown ? 1 : 2;
  Tensor all =
      tensor(weights, "model.layers." + layerNumber + ".mlp.experts." +
                          (isDown ? "down_proj" : "gate_up_proj") + (isBias ? "_bias" : ""));
  part.resize(out * in);
  for (size_t o = 0; o < out; ++o)
    for (size_t i = 0; i < in; ++i)
      part[o * in + i] = load(all, ((expert * in + i) * out + o) * parts + isUp);
  return {part.data(), Type::F32};
}

Tensor Golden::find(Weight weight, size_t expert) const {
  bool isExpert = weight == Weight::ExpertGate || weight == Weight::ExpertUp ||
                  weight == Weight::ExpertDown || weight >= Weight::ExpertGateBias;
  if (isExpert && config["model_type"] == "gpt_oss")
    return findGptOss(weight, expert);
  std::string prefix = "model.layers." + layerNumber + "." + names.block;
  std::string mine = prefix + "experts." + std::to_string(expert) + ".";
  std::string shared = prefix + names.shared + ".";
  switch (weight) {
  case Weight::Router:
    return tensor(weights, prefix + names.router + "weight");
  case Weight::RouterBias:
    return tensor(weights, prefix + names.router + "bias");
  case Weight::SelectionBias:
    return tensor(weights, prefix + names.bias + "e_score_correction_bias");
  case Weight::ExpertGate:
    return tensor(weights, mine + names.gate + ".weight");
  case Weight::ExpertUp:
    return tensor(weights, mine + names.up + ".weight");
  case Weight::ExpertDown:
    return tensor(weights, mine + names.down + ".weight");
  case Weight::SharedGate:
    return tensor(weights, shared + names.gate + ".weight");
  case Weight::SharedUp:
    return tensor(weights, shared + names.up + ".weight");
  case Weight::SharedDown:
    return tensor(weights, shared + names.down + ".weight");
  case Weight::SharedScale:
    return tensor(weights, prefix + "shared_expert_gate.weight");
  case Weight::ExpertGateBias:
  case Weight::ExpertUpBias:
  case Weight::ExpertDownBias:
    break; // gpt-oss alone has them
  }
  return {};
}

/// transformers does not sort DeepSeek's choices: puts those of one token into the
/// reference's order where they are the same experts.
static void sortLike(const Result &result, size_t token, std::vector<int64_t> &indices,
                     std::vector<float> &weights) {
  size_t first = token * result.topK;
  for (size_t k = first; k < first + result.topK; ++k)
    for (size_t j = k; j < first + result.topK; ++j)
      if (indices[j] == result.indices[k]) {
        std::swap(indices[j], indices[k]);
        std::swap(weights[j], weights[k]);
      }
}

class GoldenTest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, agrees_with_the_reference) {
  Golden golden(fs::path(MOEC_TEST_DIR) / "goldens" / GetParam());
  SafetensorsFile inputs = golden.open("input.safetensors");
  SafetensorsFile expected = golden.open("expected.safetensors");
  auto view = [&](const char *name) { return expected.view(*expected.find(name)); };
  std::vector<float> output = *moec::rt::toF32(view("output"));
  std::vector<int64_t> indices = *moec::rt::toI64(view("topk_indices"));
  std::vector<float> weights = *moec::rt::toF32(view("topk_weights"));
  size_t tokens = output.size() / golden.layer.hidden;

  Result result = run(golden.layer, golden.tensor(inputs, "input"), tokens,
                      [&](Weight weight, size_t expert) { return golden.find(weight, expert); });
  for (size_t t = 0; t < tokens; ++t)
    sortLike(result, t, indices, weights);
  Comparison comparison = compare(result, {output.data(), indices.data(), weights.data()});
  bool isF32 = golden.layer.tokensType == Type::F32;
  EXPECT_EQ(comparison.mismatches, 0u) << "token " << comparison.firstToken;
  EXPECT_LE(comparison.outputError, isF32 ? 1e-6 : 1e-2); // theirs rounds after every expert
  EXPECT_LE(comparison.weightsError, isF32 ? 1e-6 : 3e-3);
  EXPECT_LE(comparison.unsureTokens, isF32 ? 0u : tokens / 8);
}

static std::vector<std::string> goldens() {
  std::vector<std::string> names;
  for (const auto &entry : fs::directory_iterator(fs::path(MOEC_TEST_DIR) / "goldens"))
    if (entry.is_directory() && fs::exists(entry.path() / "config.json"))
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Reference, GoldenTest, testing::ValuesIn(goldens()), [](const auto &info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});
