//===- Weights.cpp - The weights of a run ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Weights.h"

#include "runtime/data/RandomWeights.h"
#include "runtime/data/Safetensors.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <new>
#include <thread>

namespace moec::run {

using namespace rt;

Result<std::vector<NeededWeight>> neededWeights(const moec_module *module) {
  std::vector<NeededWeight> needed;
  for (size_t i = 0; i < moec_module_weight_count(module); ++i) {
    moec_weight_info info{};
    info.struct_size = sizeof(info);
    MOEC_RETURN_IF_ERROR(take(moec_module_weight(module, i, &info)));
    NeededWeight &weight = needed.emplace_back();
    weight.name = info.name;
    weight.role = static_cast<WeightRole>(info.role);
    weight.shape.assign(info.shape, info.shape + info.dims);
  }
  return needed;
}

Result<moec_dtype> dtypeOf(ElementType type) {
  if (type == ElementType::F32)
    return MOEC_F32;
  if (type == ElementType::BF16)
    return MOEC_BF16;
  if (type == ElementType::F16)
    return MOEC_F16;
  return unsupportedError("wanted F32, BF16 or F16, found ", nameOf(type));
}

/// " (there is layer 3: import with --layer 3)" where the file has the weight of another layer.
static std::string hintAtLayer(const WeightSource &source, const std::string &name) {
  constexpr std::string_view key = "layers.";
  constexpr uint32_t mostLayers = 1000;
  size_t begin = name.find(key);
  if (begin == name.npos)
    return "";
  begin += key.size();
  size_t end = name.find_first_not_of("0123456789", begin);
  if (end == name.npos || end == begin)
    return "";
  for (uint32_t layer = 0; layer < mostLayers; ++layer)
    if (source.contains(concat(name.substr(0, begin), layer, name.substr(end))))
      return concat(" (there is layer ", layer, ": import with --layer ", layer, ")");
  return "";
}

/// What a checkpoint has instead of a weight that it quantised to MXFP4.
static bool isMxfp4(const WeightSource &source, const std::string &name) {
  return source.contains(name + "_blocks") && source.contains(name + "_scales");
}

static Status checkPresence(const WeightSource &source, const std::string &place,
                            const std::vector<NeededWeight> &needed) {
  constexpr size_t shown = 3;
  size_t missing = 0;
  std::string names, hint;
  for (const NeededWeight &weight : needed) {
    if (source.contains(weight.name))
      continue;
    if (isMxfp4(source, weight.name))
      return unsupportedError(place, ": weight ", quote(weight.name),
                              " is stored as MXFP4, wanted F32, BF16 or F16");
    if (missing == 0)
      hint = hintAtLayer(source, weight.name);
    if (missing++ < shown)
      names += concat(missing > 1 ? ", " : "", quote(weight.name));
  }
  if (missing == 0)
    return {};
  if (missing > shown)
    names += concat(" and ", missing - shown, " more");
  return invalidError(place, ": wanted ", needed.size(), " weights, found no ", names, hint);
}

/// Leading ones do not count: a bias may be [experts] or [1, experts].
static Shape withoutLeadingOnes(const Shape &shape) {
  auto first = std::find_if(shape.begin(), shape.end(), [](uint64_t size) { return size != 1; });
  return Shape(first, shape.end());
}

static Status checkTensor(WeightSource &source, const NeededWeight &weight) {
  MOEC_ASSIGN_OR_RETURN(TensorSpec spec, source.describe(weight.name));
  std::string where = concat(source.placeOf(weight.name), ": tensor ", quote(weight.name));
  if (Result<moec_dtype> dtype = dtypeOf(spec.type); !dtype)
    return dtype.status().within(where);
  if (withoutLeadingOnes(spec.shape) != withoutLeadingOnes(weight.shape))
    return invalidError(where, ": wanted shape ", formatShape(weight.shape), ", found ",
                        formatShape(spec.shape));
  return {};
}

Result<std::unique_ptr<WeightSource>> openWeights(const RunOptions &options,
                                                  const Manifest &manifest,
                                                  const std::vector<NeededWeight> &needed) {
  if (options.weights.empty()) {
    const Layer &layer = manifest.layer;
    ElementType type = layer.weightsType == DType::BF16 ? ElementType::BF16 : ElementType::F32;
    uint32_t cores = std::max(1u, std::thread::hardware_concurrency());
    RandomData data(*options.random, layer.hidden,
                    RandomData::popularityFor(layer.experts, layer.router.topK));
    auto random = std::make_unique<RandomWeights>(*options.random, std::move(data), type,
                                                  options.threads.value_or(cores));
    for (const NeededWeight &weight : needed)
      random->add(weight.name, {weight.role, weight.shape});
    return std::unique_ptr<WeightSource>(std::move(random));
  }
  MOEC_ASSIGN_OR_RETURN(std::unique_ptr<WeightSource> source, openCheckpoint(options.weights));
  MOEC_RETURN_IF_ERROR(checkPresence(*source, options.weights, needed));
  for (const NeededWeight &weight : needed)
    MOEC_RETURN_IF_ERROR(checkTensor(*source, weight));
  return source;
}

Status saveWeights(const std::string &path, WeightSource &source,
                   const std::vector<NeededWeight> &needed, const Terminal &terminal) {
  std::vector<TensorSpec> specs;
  for (const NeededWeight &weight : needed) {
    MOEC_ASSIGN_OR_RETURN(TensorSpec spec, source.describe(weight.name));
    specs.push_back(std::move(spec));
  }
  MOEC_ASSIGN_OR_RETURN(SafetensorsWriter writer,
                        SafetensorsWriter::create(path, std::move(specs)));
  Progress progress(terminal, "saving weights");
  uint64_t done = 0;
  for (const TensorSpec &spec : writer.order()) {
    MOEC_ASSIGN_OR_RETURN(TensorView view, source.find(spec.name));
    MOEC_RETURN_IF_ERROR(writer.append(view.bytes));
    progress.update(++done, needed.size());
  }
  return writer.commit();
}

moec_status *WeightLookup::call(void *user, const char *name, moec_tensor *tensor) {
  try {
    return give(static_cast<WeightLookup *>(user)->find(name, *tensor));
  } catch (const std::bad_alloc &) {
    return give(unsupportedError("out of memory at weight ", quote(name)));
  }
}

Status WeightLookup::find(const char *name, moec_tensor &tensor) {
  MOEC_ASSIGN_OR_RETURN(TensorView view, source.find(name));
  MOEC_ASSIGN_OR_RETURN(tensor.dtype, dtypeOf(view.type));
  if (view.shape.size() > MOEC_MAX_DIMS)
    return unsupportedError("tensor ", quote(name), ": wanted at most ", MOEC_MAX_DIMS,
                            " dimensions, found ", view.shape.size());
  tensor.dims = static_cast<uint32_t>(view.shape.size());
  std::copy(view.shape.begin(), view.shape.end(), tensor.shape);
  tensor.data = view.bytes.data();
  if (reinterpret_cast<uintptr_t>(view.bytes.data()) % (bitsOf(view.type) / 8)) {
    aligned.resize((view.bytes.size() + 7) / 8);
    std::memcpy(aligned.data(), view.bytes.data(), view.bytes.size());
    tensor.data = aligned.data();
  }
  progress.update(++done, count);
  return {};
}

} // namespace moec::run
