//===- SafetensorsWriter.cpp - Writing safetensors ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace moec::rt {

/// Data begins at a multiple of this, so that a mapped tensor is aligned.
static constexpr size_t dataAlignment = 64;

static std::string quoteJson(const std::string &text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

static std::string writeHeader(const std::vector<TensorSpec> &tensors, const Metadata &metadata) {
  std::string json = "{", separator;
  if (!metadata.empty()) {
    json += "\"__metadata__\":{";
    for (const auto &[key, value] : metadata) {
      json += separator + quoteJson(key) + ":" + quoteJson(value);
      separator = ",";
    }
    json += "}";
  }
  uint64_t offset = 0;
  for (const TensorSpec &tensor : tensors) {
    uint64_t end = offset + *bytesOf(tensor.type, tensor.shape);
    json += json.size() > 1 ? "," : "";
    json += concat(quoteJson(tensor.name), ":{\"dtype\":\"", nameOf(tensor.type),
                   "\",\"shape\":", formatShape(tensor.shape),
                   ",\"data_offsets\":", formatShape({offset, end}), "}");
    offset = end;
  }
  json += "}";
  size_t end = (8 + json.size() + dataAlignment - 1) / dataAlignment * dataAlignment;
  json.resize(end - 8, ' ');
  return json;
}

Result<SafetensorsWriter> SafetensorsWriter::create(const std::string &path,
                                                    std::vector<TensorSpec> tensors,
                                                    const Metadata &metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorSpec &a, const TensorSpec &b) {
    return bitsOf(a.type) != bitsOf(b.type) ? bitsOf(a.type) > bitsOf(b.type) : a.name < b.name;
  });
  uint64_t total = 0;
  std::set<std::string_view> names;
  for (const TensorSpec &tensor : tensors) {
    std::string what = concat(path, ": tensor ", quote(tensor.name));
    if (!names.insert(tensor.name).second)
      return invalidError(what, " is there twice");
    if (tensor.name == "__metadata__")
      return invalidError(what, " has the name of the metadata");
    std::optional<uint64_t> bytes = bytesOf(tensor.type, tensor.shape);
    if (!bytes || __builtin_add_overflow(total, *bytes, &total))
      return invalidError(what, " ", formatShape(tensor.shape), " is too large");
  }
  MOEC_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  SafetensorsWriter writer(std::move(file));
  std::string header = writeHeader(tensors, metadata);
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i)
    length[i] = static_cast<char>(header.size() >> (8 * i));
  MOEC_RETURN_IF_ERROR(writer.file.append(length));
  MOEC_RETURN_IF_ERROR(writer.file.append(header));
  writer.tensors = std::move(tensors);
  writer.missing = total;
  return writer;
}

Status SafetensorsWriter::append(std::span<const uint8_t> bytes) {
  if (bytes.size() > missing)
    return internalError("wanted ", missing, " more bytes of tensor data, found ", bytes.size());
  missing -= bytes.size();
  return file.append(bytes);
}

Status SafetensorsWriter::commit() {
  if (missing)
    return internalError("wanted ", missing, " more bytes of tensor data, found the end");
  return file.commit();
}

Status writeSafetensors(const std::string &path, const std::vector<NamedTensor> &tensors,
                        const Metadata &metadata) {
  std::vector<TensorSpec> specs;
  std::map<std::string, std::span<const uint8_t>> data;
  for (const NamedTensor &tensor : tensors) {
    specs.push_back({tensor.name, tensor.view.type, tensor.view.shape});
    data[tensor.name] = tensor.view.bytes;
  }
  MOEC_ASSIGN_OR_RETURN(SafetensorsWriter writer,
                        SafetensorsWriter::create(path, std::move(specs), metadata));
  for (const TensorSpec &spec : writer.order())
    MOEC_RETURN_IF_ERROR(writer.append(data[spec.name]));
  return writer.commit();
}

} // namespace moec::rt
