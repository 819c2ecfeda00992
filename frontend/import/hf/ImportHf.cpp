//===- ImportHf.cpp - From a checkpoint's config.json to a .moe file ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/import/hf/ImportHf.h"
#include "frontend/import/hf/Models.h"
#include "frontend/parser/Ast.h"
#include "frontend/parser/Lexer.h"
#include "frontend/parser/Program.h"
#include "frontend/parser/Suggest.h"

#include <algorithm>

namespace moec::frontend {

namespace {
class Importer {
public:
  Importer(uint32_t file, std::optional<uint32_t> wanted, Diagnostics &diagnostics)
      : file(file), wanted(wanted), diagnostics(diagnostics) {}
  std::optional<HfImport> run();

private:
  bool findModel(const JsonValue &root);
  const HfModel *modelOf(const JsonValue &config, bool &isKnown);
  void checkArchitecture(const JsonValue &config);
  bool readTypes(const JsonValue &root);
  bool checkStorage(const JsonValue &root, bool isDescribed);
  bool chooseLayer();
  std::string print() const;
  std::string printRouter() const;
  bool checkResult(const std::string &source);
  std::string baseName() const;

  uint32_t file;
  std::optional<uint32_t> wanted;
  Diagnostics &diagnostics;
  const JsonValue *config = nullptr; ///< the object with the model's fields
  const HfModel *model = nullptr;
  HfLayer layer;
  bool isFloat32 = false;
  uint32_t index = 0;
  std::string moeLayers;
};
} // namespace

/// `Infinity` and `NaN` are not JSON, but Python writes them. None of the fields
/// that matter can be one: null in their place keeps every other place right.
static std::string withoutPythonNumbers(std::string text) {
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (inString && text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] == '"')
      inString = !inString;
    if (inString)
      continue;
    for (std::string_view token : {"-Infinity", "Infinity"})
      if (text.compare(i, token.size(), token) == 0)
        text.replace(i, token.size(), "null" + std::string(token.size() - 4, ' '));
    if (text.compare(i, 3, "NaN") == 0)
      text.replace(i, 3, "0  ");
  }
  return text;
}

/// "3..60", "1, 3, .., 31", "1, 2, 4".
static std::string describeLayers(const std::vector<bool> &isMoe) {
  std::string result;
  std::vector<size_t> layers;
  for (size_t i = 0; i < isMoe.size(); ++i)
    if (isMoe[i])
      layers.push_back(i);
  size_t step = layers.size() > 3 ? layers[1] - layers[0] : 1;
  for (size_t i = 2; i < layers.size(); ++i)
    step = layers[i] - layers[i - 1] == step ? step : 1;
  if (step > 1)
    return std::to_string(layers[0]) + ", " + std::to_string(layers[1]) + ", .., " +
           std::to_string(layers.back());
  for (size_t i = 0; i < isMoe.size(); ++i) {
    if (!isMoe[i])
      continue;
    size_t last = i;
    while (last + 1 < isMoe.size() && isMoe[last + 1])
      ++last;
    result += (result.empty() ? "" : ", ") + std::to_string(i);
    if (last != i)
      result += ".." + std::to_string(last);
    i = last;
  }
  return result;
}

const HfModel *Importer::modelOf(const JsonValue &from, bool &isKnown) {
  const JsonValue *type = from.find("model_type");
  if (!type || !type->is(JsonValue::Kind::String))
    return nullptr;
  for (const HfModel &entry : hfModels())
    if (entry.type == type->text) {
      isKnown = true;
      return &entry;
    }
  for (const HfRefusedModel &entry : hfRefusedModels()) {
    if (entry.type != type->text)
      continue;
    diagnostics.report(DiagnosticId::HfUnsupported, type->location,
                       {type->text, std::string(entry.why)});
    isKnown = true;
    return nullptr;
  }
  return nullptr;
}

/// The architecture is what runs; some files carry the model_type of another.
void Importer::checkArchitecture(const JsonValue &from) {
  const JsonValue *list = from.find("architectures");
  if (!list || !list->is(JsonValue::Kind::Array) || list->elements.size() != 1)
    return;
  const JsonValue &name = list->elements.front();
  if (!name.is(JsonValue::Kind::String) || name.text == model->architecture)
    return;
  for (const HfModel &entry : hfModels()) {
    if (entry.architecture != name.text)
      continue;
    const JsonValue *type = from.find("model_type");
    diagnostics
        .report(DiagnosticId::HfArchitecture, name.location,
                {name.text, std::string(model->type), std::string(entry.type)})
        .at(type->location, "the model_type");
    model = &entry;
    return;
  }
}

/// Finds the object that holds the fields: the root, or the text part of a
/// multimodal model.
bool Importer::findModel(const JsonValue &root) {
  bool isKnown = false;
  const JsonValue *text = root.find("text_config");
  bool isNested = text && text->is(JsonValue::Kind::Object);
  config = &root;
  model = modelOf(root, isKnown);
  if (!model && !isKnown && isNested) {
    config = text;
    model = modelOf(*text, isKnown);
  }
  if (model) {
    checkArchitecture(*config);
    if (config != &root)
      diagnostics.report(DiagnosticId::HfNested, text->location);
    return true;
  }
  if (isKnown)
    return false;
  const JsonValue *type = root.find("model_type");
  if (!type || !type->is(JsonValue::Kind::String)) {
    diagnostics.report(DiagnosticId::HfMissingField, root.location, {"model_type", "an import"});
    return false;
  }
  diagnostics.report(DiagnosticId::HfUnknownModel, type->location, {type->text})
      .help("known: " + listOf(importableModels()));
  return false;
}

/// The type that the model computes in.
bool Importer::readTypes(const JsonValue &root) {
  const JsonValue *type = nullptr;
  std::string field = "torch_dtype";
  for (const JsonValue *object : {config, &root})
    for (const char *name : {"torch_dtype", "dtype"})
      if (const JsonValue *found = object->find(name);
          found && !type && !found->is(JsonValue::Kind::Null)) {
        type = found;
        field = name;
      }
  if (!type) {
    diagnostics.report(DiagnosticId::HfAssumed, config->location, {"torch_dtype", "bfloat16"});
    return true;
  }
  isFloat32 = type->text == "float32";
  if (isFloat32 || type->text == "bfloat16")
    return true;
  diagnostics.report(DiagnosticId::HfUnsupported, type->location,
                     {std::string(model->type), field + " " + describeJson(*type)});
  return false;
}

/// How the weights are stored: a warning only where the layer can be described.
bool Importer::checkStorage(const JsonValue &root, bool isDescribed) {
  const JsonValue *quantization = config->find("quantization_config");
  if (!quantization)
    quantization = root.find("quantization_config");
  if (!quantization || !quantization->is(JsonValue::Kind::Object))
    return true;
  const JsonValue *method = quantization->find("quant_method");
  std::string name = method ? method->text : "an unnamed method";
  // The names stay with fp8; X.weight_scale_inv stands beside each X.weight.
  bool keepsNames = name == "fp8";
  bool hasPlainForm = name == "mxfp4" && model->type == "gpt_oss";
  bool isRead = keepsNames || hasPlainForm;
  if (!isRead || isDescribed)
    diagnostics.report(keepsNames     ? DiagnosticId::HfQuantized
                       : hasPlainForm ? DiagnosticId::HfDequantized
                                      : DiagnosticId::HfUnreadStorage,
                       quantization->location, {name});
  return isRead;
}

bool Importer::chooseLayer() {
  moeLayers = describeLayers(layer.isMoe);
  size_t count = layer.isMoe.size();
  if (moeLayers.empty()) {
    diagnostics.report(DiagnosticId::HfNoMoeLayer, config->location);
    return false;
  }
  index = static_cast<uint32_t>(std::find(layer.isMoe.begin(), layer.isMoe.end(), true) -
                                layer.isMoe.begin());
  if (!wanted)
    return true;
  index = *wanted;
  if (index >= count)
    diagnostics.report(DiagnosticId::HfNoSuchLayer, Location(),
                       {std::to_string(index), "0.." + std::to_string(count - 1)});
  else if (!layer.isMoe[index])
    diagnostics.report(DiagnosticId::HfDenseLayer, Location(), {std::to_string(index), moeLayers});
  return index < count && layer.isMoe[index];
}

std::string Importer::printRouter() const {
  const moec::Router &router = layer.router;
  auto name = [&](DType type) { return type == DType::F32 || isFloat32 ? "f32" : "bf16"; };
  const char *score = router.score == ScoreFunction::Sigmoid ? "sigmoid" : "softmax";
  std::string out = "router {\n";
  out += router.logitsBias ? "logits linear(x) + router_bias in " : "logits linear(x) in ";
  out += std::string(name(router.logitsType)) + "\n";
  if (!router.scoreAfterTopK)
    out += std::string("score ") + score + "(logits)\n";
  if (const auto &groups = router.groups) {
    out += "groups " + std::to_string(groups->count) + " keep " + std::to_string(groups->kept);
    out += groups->score == GroupScore::Max ? " by max" : " by sum(top(2))";
    out += groups->rejectedValue == RejectedValue::Zero ? " rejected 0\n" : " rejected -inf\n";
  }
  out += "choose top " + std::to_string(router.topK) + " of ";
  out += router.scoreAfterTopK ? "logits" : "score";
  out += router.selectionBias ? " + selection_bias\n" : "\n";
  out += "weights ";
  out += router.scoreAfterTopK ? std::string(score) + "(logits)" : "score";
  if (router.normalize && router.normalizeEpsilon != 0)
    out += " / (sum(score) + " + formatNumber(router.normalizeEpsilon) + ")";
  else if (router.normalize)
    out += " / sum(score)";
  if (router.scale != 1)
    out += " * " + formatNumber(router.scale);
  return out + " in " + name(router.weightsType) + "\n}\n";
}

std::string Importer::baseName() const {
  std::string name = diagnostics.sources().name(file);
  name = name.substr(name.find_last_of('/') + 1);
  return isPlainText(name) ? name : "config.json";
}

std::string Importer::print() const {
  std::string type(model->type), number = std::to_string(index);
  std::string activation = "activation " + layer.activation + "\n";
  const char *dtype = isFloat32 ? "f32" : "bf16";
  std::string out = "# Layer " + number + " of " + baseName() + ", a " + type +
                    " model whose MoE layers are " + moeLayers + ".\n";
  out += "moe 1\n\nimport machine \"hgx-h100\"\n";
  out += "mesh ep8 on hgx-h100 { axis gpu 8 over nvlink }\n";
  out += "layer " + type + " {\nhidden " + std::to_string(layer.hidden) + "\n";
  out += "experts " + std::to_string(layer.experts) + " { width " + std::to_string(layer.width) +
         "\n" + activation + (layer.expertBiases ? "bias gate, up, down\n}\n" : "}\n");
  if (layer.sharedCount) {
    out +=
        layer.sharedCount == 1 ? "shared {" : "shared " + std::to_string(layer.sharedCount) + " {";
    out += "width " + std::to_string(layer.sharedWidth) + "\n" + activation;
    out += layer.sharedGate ? "scale sigmoid(linear(x))\n}\n" : "}\n";
  }
  out += "\n" + printRouter();
  out += layer.sharedCount ? "combine routed + shared\n" : "combine routed\n";
  out += std::string("\ntype tokens ") + dtype + "\ntype weights " + dtype + "\ntype combine f32\n";
  out += "weights from " + type + " layer " + number + "\n}\n";
  out += "placement for " + type + " on ep8 { linear }\n";
  return out + "schedule for " + type + " { algorithm auto }\n";
}

/// What no single field shows: top-k beyond the experts, groups that do not
/// divide them, sizes beyond the module's.
bool Importer::checkResult(const std::string &source) {
  Diagnostics inner;
  if (parseProgramText(source, "imported.moe", {}, inner))
    return true;
  for (const Diagnostic &diagnostic : inner.all())
    if (diagnostic.severity != Severity::Warning)
      diagnostics.report(DiagnosticId::HfInvalidLayer, config->location, {diagnostic.message});
  return false;
}

std::optional<HfImport> Importer::run() {
  std::optional<JsonValue> root = parseLocatedJson(file, diagnostics);
  if (!root)
    return std::nullopt;
  if (!root->is(JsonValue::Kind::Object)) {
    diagnostics.report(DiagnosticId::JsonWrongValue, root->location,
                       {"an object", describeJson(*root)});
    return std::nullopt;
  }
  if (!findModel(*root))
    return std::nullopt;
  bool isReadable = readTypes(*root);
  HfConfig fields(*config, std::string(model->type), diagnostics);
  model->read(fields, layer);
  bool isDescribed = isReadable && !diagnostics.hasErrors() && chooseLayer();
  if (!checkStorage(*root, isDescribed) || !isDescribed)
    return std::nullopt;
  Diagnostics inner;
  std::optional<std::string> source = formatSource(print(), "imported.moe", inner);
  if (!source || !checkResult(*source))
    return std::nullopt;
  return HfImport{std::move(*source), std::string(model->type), index, moeLayers};
}

std::optional<HfImport> importHf(std::string text, std::string fileName,
                                 std::optional<uint32_t> layer, Diagnostics &diagnostics) {
  uint32_t file =
      diagnostics.sources().add(std::move(fileName), withoutPythonNumbers(std::move(text)));
  return Importer(file, layer, diagnostics).run();
}

std::vector<std::string_view> importableModels() {
  std::vector<std::string_view> types;
  for (const HfModel &model : hfModels())
    types.push_back(model.type);
  return types;
}

std::vector<std::pair<std::string_view, std::string_view>> unimportableModels() {
  std::vector<std::pair<std::string_view, std::string_view>> types;
  for (const HfRefusedModel &model : hfRefusedModels())
    types.emplace_back(model.type, model.why);
  return types;
}

} // namespace moec::frontend
