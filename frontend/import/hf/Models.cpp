//===- Models.cpp - The models that can be imported -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A config says sizes; the architecture says what is done with them. So there is
// one function for each kind of architecture, and fields that a kind does not
// read are checked where they would contradict it.
//===----------------------------------------------------------------------===//

#include "frontend/import/hf/Models.h"
#include "frontend/parser/Ast.h"

namespace moec::frontend {

static constexpr uint32_t maxLayers = 4096;

static uint32_t readLayerCount(HfConfig &config) {
  uint32_t layers = config.count("num_hidden_layers");
  if (layers > maxLayers)
    config.unsupported("num_hidden_layers", "a model of more than 4096 layers");
  return layers > maxLayers ? 0 : layers;
}

static void readCommon(HfConfig &config, HfLayer &layer, const char *experts, const char *topK,
                       const char *width) {
  layer.hidden = config.count("hidden_size");
  layer.experts = config.count(experts);
  layer.router.topK = config.count(topK);
  layer.width = config.count(width);
  std::string activation = config.text("hidden_act");
  if (activation == "silu" || activation == "swish")
    layer.activation = "silu(gate) * up";
  else if (activation == "gelu_pytorch_tanh" || activation == "gelu_new")
    layer.activation = "gelu_tanh(gate) * up";
  else if (!activation.empty())
    config.unsupported("hidden_act", "the activation \"" + activation + "\"");
}

static void everyLayer(HfConfig &config, HfLayer &layer) {
  layer.isMoe.assign(readLayerCount(config), true);
}

static void setTypes(HfLayer &layer, DType logits, DType weights) {
  layer.router.logitsType = logits;
  layer.router.weightsType = weights;
}

//===- softmax, then top-k ------------------------------------------------===//

static void readMixtral(HfConfig &config, HfLayer &layer) {
  readCommon(config, layer, "num_local_experts", "num_experts_per_tok", "intermediate_size");
  layer.router.normalize = true;
  setTypes(layer, DType::BF16, DType::F32);
  everyLayer(config, layer);
}

/// hidden_act says "silu" there, which is not the whole truth; alpha is in no released file.
static void readGptOss(HfConfig &config, HfLayer &layer) {
  readCommon(config, layer, "num_local_experts", "num_experts_per_tok", "intermediate_size");
  config.expectText("hidden_act", "silu");
  std::string limit = formatNumber(config.numberOr("swiglu_limit", 7));
  std::string alpha =
      formatNumber(config.value("swiglu_alpha") ? config.numberOr("swiglu_alpha", 1.702) : 1.702);
  std::string gate = "min(gate, " + limit + ")";
  layer.activation = gate + " * sigmoid(" + alpha + " * " + gate + ") * (clamp(up, -" + limit +
                     ", " + limit + ") + 1)";
  layer.expertBiases = true;
  layer.router.logitsBias = true;
  layer.router.scoreAfterTopK = true;
  setTypes(layer, DType::BF16, DType::BF16);
  everyLayer(config, layer);
}

static void readMiniMax(HfConfig &config, HfLayer &layer) {
  readMixtral(config, layer);
  config.expectUnset("shared_intermediate_size", "a convex mix with a shared expert");
}

static void readOlmoe(HfConfig &config, HfLayer &layer) {
  readCommon(config, layer, "num_experts", "num_experts_per_tok", "intermediate_size");
  layer.router.normalize = config.flag("norm_topk_prob");
  setTypes(layer, DType::BF16, DType::BF16);
  everyLayer(config, layer);
}

static void readJamba(HfConfig &config, HfLayer &layer) {
  readCommon(config, layer, "num_experts", "num_experts_per_tok", "intermediate_size");
  setTypes(layer, DType::BF16, DType::BF16);
  uint32_t period = config.count("expert_layer_period");
  uint32_t offset = config.countOrNone("expert_layer_offset");
  uint32_t layers = readLayerCount(config);
  for (uint32_t i = 0; period && i < layers; ++i)
    layer.isMoe.push_back(i % period == offset);
}

/// Layers i with (i + 1) % decoder_sparse_step == 0 that mlp_only_layers does not list.
static void readQwenLayers(HfConfig &config, HfLayer &layer) {
  uint32_t step = config.count("decoder_sparse_step");
  uint32_t layers = readLayerCount(config);
  for (uint32_t i = 0; step && i < layers; ++i)
    layer.isMoe.push_back((i + 1) % step == 0);
  const JsonValue *dense = config.value("mlp_only_layers");
  if (!dense)
    return;
  if (!dense->is(JsonValue::Kind::Array))
    return config.wrong(*dense, "mlp_only_layers", "a list of layer numbers");
  for (const JsonValue &index : dense->elements) {
    if (!index.is(JsonValue::Kind::Integer))
      return config.wrong(index, "mlp_only_layers", "a list of layer numbers");
    if (index.integer < layer.isMoe.size())
      layer.isMoe[index.integer] = false;
  }
}

static void readQwen(HfConfig &config, HfLayer &layer, const char *experts) {
  readCommon(config, layer, experts, "num_experts_per_tok", "moe_intermediate_size");
  layer.router.normalize = config.flag("norm_topk_prob");
  setTypes(layer, DType::BF16, DType::BF16);
  readQwenLayers(config, layer);
}

static void readQwen3(HfConfig &config, HfLayer &layer) {
  // The releases say num_experts; transformers 5 saves the other name.
  bool isSavedBy5 = !config.has("num_experts") && config.has("num_local_experts");
  readQwen(config, layer, isSavedBy5 ? "num_local_experts" : "num_experts");
  // Some files carry the field of the older family; 0 is what they should say.
  config.expectUnset("shared_expert_intermediate_size", "a shared expert");
}

static void readQwenShared(HfConfig &config, HfLayer &layer) {
  readQwen(config, layer, "num_experts");
  layer.sharedWidth = config.countOrNone("shared_expert_intermediate_size");
  layer.sharedCount = layer.sharedWidth ? 1 : 0;
  layer.sharedGate = layer.sharedWidth != 0;
}

//===- sigmoid and selection bias -----------------------------------------===//

static void readMiniMaxM2(HfConfig &config, HfLayer &layer) {
  readCommon(config, layer, "num_local_experts", "num_experts_per_tok", "intermediate_size");
  config.expectText("scoring_func", "sigmoid");
  config.expectUnset("shared_intermediate_size", "a shared expert");
  const JsonValue *bias = config.value("use_routing_bias");
  if (bias && !(bias->is(JsonValue::Kind::Boolean) && bias->boolean))
    config.unsupported("use_routing_bias", "a router without its selection bias");
  layer.router.score = ScoreFunction::Sigmoid;
  layer.router.selectionBias = true;
  layer.router.normalize = true;
  setTypes(layer, DType::BF16, DType::F32);
  everyLayer(config, layer);
}

/// One entry a layer: 1 or "sparse" if it has experts.
static void readLayerList(HfConfig &config, const char *field, uint32_t layers, HfLayer &layer) {
  const JsonValue &list = *config.value(field);
  for (const JsonValue &entry : list.elements)
    layer.isMoe.push_back((entry.isNumber() && entry.number == 1) || entry.text == "sparse");
  if (layer.isMoe.size() != layers)
    config.wrong(list, field, "a list of " + std::to_string(layers) + " layers");
}

/// Layers from first_k_dense_replace on, or a list.
static void readDeepSeekLayers(HfConfig &config, HfLayer &layer) {
  uint32_t layers = readLayerCount(config);
  const JsonValue *frequency = config.value("moe_layer_freq");
  if (config.value("mlp_layer_types"))
    return readLayerList(config, "mlp_layer_types", layers, layer);
  if (frequency && frequency->is(JsonValue::Kind::Array))
    return readLayerList(config, "moe_layer_freq", layers, layer);
  bool isOne = !frequency || (frequency->isNumber() && frequency->number == 1);
  if (!isOne)
    config.unsupported("moe_layer_freq", "a moe_layer_freq other than 1");
  uint32_t first = config.countOrNone("first_k_dense_replace");
  for (uint32_t i = 0; i < layers; ++i)
    layer.isMoe.push_back(i >= first);
}

static void readDeepSeekCommon(HfConfig &config, HfLayer &layer) {
  readCommon(config, layer, "n_routed_experts", "num_experts_per_tok", "moe_intermediate_size");
  layer.sharedCount = config.countOrNone("n_shared_experts");
  layer.sharedWidth = layer.width;
  layer.router.scale = config.numberOr("routed_scaling_factor", 1.0);
  setTypes(layer, DType::F32, DType::F32);
  readDeepSeekLayers(config, layer);
}

static void readGroups(HfConfig &config, HfLayer &layer, GroupScore score, RejectedValue rejected) {
  uint32_t count = config.countOrNone("n_group"), kept = config.countOrNone("topk_group");
  // One group, or all kept: nothing is ever rejected.
  if (count > 1 && kept < count)
    layer.router.groups = GroupLimit{count, kept, score, rejected};
}

/// Rejected groups get -inf, as in the published inference code.
static void readDeepSeekV3(HfConfig &config, HfLayer &layer) {
  readDeepSeekCommon(config, layer);
  config.expectText("scoring_func", "sigmoid");
  config.expectText("topk_method", "noaux_tc");
  readGroups(config, layer, GroupScore::SumOfTop2, RejectedValue::MinusInfinity);
  layer.router.score = ScoreFunction::Sigmoid;
  layer.router.selectionBias = true;
  layer.router.normalize = config.flag("norm_topk_prob");
  layer.router.normalizeEpsilon = layer.router.normalize ? 1e-20 : 0.0;
}

/// The probabilities of rejected groups become 0. Implementations differ on what
/// norm_topk_prob does; no release sets it.
static void readDeepSeekV2(HfConfig &config, HfLayer &layer) {
  readDeepSeekCommon(config, layer);
  config.expectText("scoring_func", "softmax");
  if (config.flag("norm_topk_prob"))
    config.unsupported("norm_topk_prob",
                       "norm_topk_prob, on which published implementations disagree");
  std::string method = config.text("topk_method");
  if (method == "group_limited_greedy")
    readGroups(config, layer, GroupScore::Max, RejectedValue::Zero);
  else if (method != "greedy" && !method.empty())
    config.unsupported("topk_method", "the topk_method \"" + method + "\"");
}

//===- the tables ---------------------------------------------------------===//

const std::vector<HfModel> &hfModels() {
  static const std::vector<HfModel> models = {
      {"mixtral", "MixtralForCausalLM", readMixtral},
      {"gpt_oss", "GptOssForCausalLM", readGptOss},
      {"olmoe", "OlmoeForCausalLM", readOlmoe},
      {"qwen2_moe", "Qwen2MoeForCausalLM", readQwenShared},
      {"qwen3_moe", "Qwen3MoeForCausalLM", readQwen3},
      {"qwen3_next", "Qwen3NextForCausalLM", readQwenShared},
      {"deepseek_v2", "DeepseekV2ForCausalLM", readDeepSeekV2},
      {"deepseek_v3", "DeepseekV3ForCausalLM", readDeepSeekV3},
      {"deepseek_v32", "DeepseekV32ForCausalLM", readDeepSeekV3},
      {"kimi_k2", "DeepseekV3ForCausalLM", readDeepSeekV3},
      {"glm4_moe", "Glm4MoeForCausalLM", readDeepSeekV3},
      {"glm_moe_dsa", "GlmMoeDsaForCausalLM", readDeepSeekV3},
      {"dots1", "Dots1ForCausalLM", readDeepSeekV3},
      {"mimo_v2_flash", "MiMoV2FlashForCausalLM", readDeepSeekV3},
      {"jamba", "JambaForCausalLM", readJamba},
      {"minimax", "MiniMaxForCausalLM", readMiniMax},
      {"minimax_m1", "MiniMaxM1ForCausalLM", readMiniMax},
      {"minimax_m2", "MiniMaxM2ForCausalLM", readMiniMaxM2},
  };
  return models;
}

const std::vector<HfRefusedModel> &hfRefusedModels() {
  static const std::vector<HfRefusedModel> models = {
      {"arctic", "a dense residual branch beside the experts"},
      {"aria", "stacked experts in the checkpoint"},
      {"aria_text", "stacked experts in the checkpoint"},
      {"cohere2_moe", "a halved sum of routed and shared experts"},
      {"dbrx", "experts flattened into one matrix in the checkpoint"},
      {"deepseek_v4", "sqrt(softplus) scores, table look-up routing and clamped activations"},
      {"doge", "product keys and experts of two embedding rows"},
      {"ernie4_5_moe", "division by max(sum, moe_norm_min)"},
      {"ernie4_5_vl_moe", "two sets of experts chosen by token type"},
      {"gemma4", "a router with its own norm, learned scales and a dense branch"},
      {"gemma4_text", "a router with its own norm, learned scales and a dense branch"},
      {"granitemoe", "stacked experts in the checkpoint"},
      {"granitemoeshared", "stacked experts in the checkpoint"},
      {"granitemoehybrid", "stacked experts in the checkpoint"},
      {"grok-1", "a router on which published implementations disagree"},
      {"hunyuan", "a capacity of experts in the model's own code, which others leave out"},
      {"hunyuan_v1_moe", "a capacity of experts in the model's own code, which others leave out"},
      {"inkling", "routing weights shared with the shared experts"},
      {"jetmoe", "stacked experts and a bias on the layer's result"},
      {"kimi_k3", "a latent width of the experts and the SiTU activation"},
      {"kimi_linear", "a latent width of the experts and the SiTU activation"},
      {"lfm2_moe", "a score computed in bf16"},
      {"llama4", "routing weights on the experts' input, stacked experts"},
      {"llama4_text", "routing weights on the experts' input, stacked experts"},
      {"longcat_flash", "experts without weights"},
      {"minimax_m3", "clamped activations and a scaled routed sum"},
      {"minimax_m3_vl", "clamped activations and a scaled routed sum"},
      {"mistral4", "a score computed in bf16 and stacked experts"},
      {"nemotron_h", "experts without a gate, some with a latent width"},
      {"nllb-moe", "two choices with a capacity, experts without a gate"},
      {"phimoe", "sparsemixer routing"},
      {"qwen3_5_moe", "stacked experts in the checkpoint"},
      {"qwen3_5_moe_text", "stacked experts in the checkpoint"},
      {"qwen3_vl_moe", "stacked experts in the checkpoint"},
      {"step3p7", "clamped activations that differ by layer, stacked experts"},
      {"switch_transformers", "a capacity of experts, experts without a gate"},
      {"zaya", "a router whose state goes from layer to layer"},
  };
  return models;
}

} // namespace moec::frontend
