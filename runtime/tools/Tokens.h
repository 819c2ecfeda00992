//===- Tokens.h - The tokens of a run and its results ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_TOKENS_H
#define MOEC_RUNTIME_TOOLS_TOKENS_H

#include "moec/runtime.h"
#include "runtime/base/Status.h"
#include "runtime/data/Safetensors.h"
#include "runtime/module/Manifest.h"
#include "runtime/tools/RunCommand.h"

#include <vector>

namespace moec::run {

/// What all ranks together bring to a step, and how it is dealt to them.
struct Tokens {
  uint64_t count = 0;
  rt::ElementType type = rt::ElementType::F32; ///< F32 or BF16
  std::vector<uint8_t> bytes;                  ///< [count, hidden]
  std::vector<int64_t> perRank;                ///< contiguous blocks, the first ones longer
  std::string place;                           ///< for messages: "x.safetensors"
};

/// Reads `input` from `options.input`, or makes random tokens.
rt::Result<Tokens> readTokens(const RunOptions &options, const Manifest &manifest);
rt::Status saveTokens(const std::string &path, const Tokens &tokens, uint64_t hidden);

/// Sizes of `ranks` blocks that differ by at most one.
std::vector<int64_t> dealTokens(uint64_t count, uint32_t ranks);

/// What a step gives, over all ranks.
struct Results {
  std::vector<float> output;    ///< [tokens, hidden]
  std::vector<int64_t> indices; ///< [tokens, topK]
  std::vector<float> weights;   ///< [tokens, topK]
};

/// The file that results go to; nothing is there before commit(). Made before the
/// run, so that a path that cannot be written is known before the work.
class ResultsFile {
public:
  static rt::Result<ResultsFile> create(const std::string &path, const Layer &layer,
                                        uint64_t tokens);
  rt::Status commit(const Results &results);

private:
  explicit ResultsFile(rt::SafetensorsWriter writer) : writer(std::move(writer)) {}
  rt::SafetensorsWriter writer;
};

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_TOKENS_H
