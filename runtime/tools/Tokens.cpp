//===- Tokens.cpp - The tokens of a run and its results -------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/Tokens.h"

#include "runtime/data/Convert.h"
#include "runtime/data/RandomData.h"

#include <algorithm>
#include <cstring>
#include <unistd.h>

namespace moec::run {

using namespace rt;

static constexpr uint64_t defaultRandomTokens = 512;

template <typename T> static std::span<const uint8_t> bytesOfVector(const std::vector<T> &values) {
  return {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(T)};
}

static std::string listNames(const std::vector<TensorEntry> &entries) {
  constexpr size_t shown = 3;
  if (entries.empty())
    return "no tensor";
  std::string names;
  for (size_t i = 0; i < std::min(shown, entries.size()); ++i)
    names += concat(i ? ", " : "", quote(entries[i].name));
  return entries.size() > shown ? concat(names, " and ", entries.size() - shown, " more") : names;
}

/// Refuses what cannot be held here, rather than being killed for it later.
static Status checkMemory(uint64_t count, const Layer &layer) {
  uint64_t bytesPerToken = 8 * uint64_t(layer.hidden) + 12 * uint64_t(layer.router.topK), bytes = 0;
  uint64_t memory = uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGE_SIZE));
  if (__builtin_mul_overflow(count, bytesPerToken, &bytes) || bytes > memory)
    return unsupportedError("wanted tokens and results that fit the ", formatBytes(memory),
                            " of this machine, found ", count, " tokens of ", bytesPerToken,
                            " bytes each");
  return {};
}

static Result<Tokens> readFromFile(const std::string &path, const Layer &layer) {
  uint64_t hidden = layer.hidden;
  MOEC_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::open(path));
  const TensorEntry *entry = file.find("input");
  if (!entry)
    return invalidError(path, ": wanted a tensor 'input', found ", listNames(file.entries()));
  const Shape &shape = entry->shape;
  if ((shape.size() != 2 && shape.size() != 3) || shape.back() != hidden)
    return invalidError(path, ": tensor 'input': wanted shape [tokens, ", hidden,
                        "] or [batch, sequence, ", hidden, "], found ", formatShape(shape));
  Tokens tokens;
  tokens.place = path;
  TensorView view = file.view(*entry);
  uint64_t bytesPerToken = hidden * bitsOf(view.type) / 8;
  tokens.count = bytesPerToken ? view.bytes.size() / bytesPerToken : 0;
  tokens.type = view.type;
  MOEC_RETURN_IF_ERROR(checkMemory(tokens.count, layer).within(path));
  if (view.type == ElementType::F32 || view.type == ElementType::BF16) {
    tokens.bytes.assign(view.bytes.begin(), view.bytes.end());
    return tokens;
  }
  Result<std::vector<float>> values = toF32(view);
  if (!values)
    return values.status().within(path, ": tensor 'input'");
  tokens.type = ElementType::F32;
  std::span<const uint8_t> bytes = bytesOfVector(*values);
  tokens.bytes.assign(bytes.begin(), bytes.end());
  return tokens;
}

static Result<Tokens> makeRandom(uint64_t seed, uint64_t count, const Layer &layer) {
  Tokens tokens;
  tokens.place = concat("random tokens of seed ", seed);
  tokens.count = count;
  tokens.type = layer.tokensType == DType::BF16 ? ElementType::BF16 : ElementType::F32;
  MOEC_RETURN_IF_ERROR(checkMemory(count, layer).within(tokens.place));
  tokens.bytes.resize(*bytesOf(tokens.type, {count, layer.hidden}));
  RandomData(seed, layer.hidden).fillTokens(0, count, tokens.type, tokens.bytes);
  return tokens;
}

std::vector<int64_t> dealTokens(uint64_t count, uint32_t ranks) {
  std::vector<int64_t> sizes(ranks, static_cast<int64_t>(count / ranks));
  for (uint64_t r = 0; r < count % ranks; ++r)
    ++sizes[r];
  return sizes;
}

Result<Tokens> readTokens(const RunOptions &options, const Manifest &manifest) {
  Result<Tokens> tokens =
      options.input.empty()
          ? makeRandom(*options.random, options.tokens.value_or(defaultRandomTokens),
                       manifest.layer)
          : readFromFile(options.input, manifest.layer);
  if (!tokens)
    return tokens;
  tokens->perRank = dealTokens(tokens->count, manifest.ranks);
  uint64_t most = static_cast<uint64_t>(tokens->perRank[0]);
  if (manifest.maxTokensPerRank && most > manifest.maxTokensPerRank)
    return invalidError(tokens->place, ": wanted at most ", manifest.maxTokensPerRank,
                        " tokens a rank, for which the module was compiled, found ", most, " (",
                        tokens->count, " on ", manifest.ranks, " ranks)");
  return tokens;
}

Status saveTokens(const std::string &path, const Tokens &tokens, uint64_t hidden) {
  return writeSafetensors(path, {{"input", {tokens.type, {tokens.count, hidden}, tokens.bytes}}});
}

Result<ResultsFile> ResultsFile::create(const std::string &path, const Layer &layer,
                                        uint64_t tokens) {
  MOEC_ASSIGN_OR_RETURN(
      SafetensorsWriter writer,
      SafetensorsWriter::create(path,
                                {{"output", ElementType::F32, {tokens, layer.hidden}},
                                 {"topk_indices", ElementType::I64, {tokens, layer.router.topK}},
                                 {"topk_weights", ElementType::F32, {tokens, layer.router.topK}}}));
  return ResultsFile(std::move(writer));
}

Status ResultsFile::commit(const Results &results) {
  for (const TensorSpec &spec : writer.order()) {
    if (spec.name == "output")
      MOEC_RETURN_IF_ERROR(writer.append(bytesOfVector(results.output)));
    else if (spec.name == "topk_indices")
      MOEC_RETURN_IF_ERROR(writer.append(bytesOfVector(results.indices)));
    else
      MOEC_RETURN_IF_ERROR(writer.append(bytesOfVector(results.weights)));
  }
  return writer.commit();
}

} // namespace moec::run
