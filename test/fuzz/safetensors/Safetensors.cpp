//===- Safetensors.cpp - Any bytes as a safetensors file ------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whatever is accepted can be used: every byte of the data belongs to exactly one
// tensor, and conversions stay within it. What is refused says why.
//===----------------------------------------------------------------------===//

#include "runtime/data/Safetensors.h"
#include "runtime/data/CheckpointIndex.h"
#include "runtime/data/Convert.h"

#include <cstdlib>

using namespace moec::rt;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static void requireReason(const Status &status) {
  require(status.code() == Code::Invalid && !status.message().empty());
  require(status.message().size() < 2000);
}

static void useFile(const SafetensorsFile &file, size_t size) {
  uint64_t used = 0;
  unsigned sum = 0;
  for (const TensorEntry &entry : file.entries()) {
    require(file.find(entry.name) == &entry);
    TensorView view = file.view(entry);
    require(bytesOf(view.type, view.shape) == view.bytes.size());
    for (uint8_t byte : view.bytes)
      sum += byte;
    used += view.bytes.size();
    if (Result<std::vector<float>> values = toF32(view); values.ok())
      require(values->size() == elementsOf(view.shape) || view.bytes.empty());
    if (Result<std::vector<int64_t>> values = toI64(view); values.ok())
      require(values->size() == elementsOf(view.shape) || view.bytes.empty());
  }
  require(used < size && sum + 1 != 0);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Result<SafetensorsFile> file = SafetensorsFile::openMemory({data, size}, "fuzz");
  if (file.ok())
    useFile(*file, size);
  else
    requireReason(file.status());

  Result<WeightMap> map = parseCheckpointIndex({reinterpret_cast<const char *>(data), size});
  if (!map.ok())
    requireReason(map.status());
  else
    for (const auto &[tensor, shard] : *map)
      require(!shard.empty() && shard.find('/') == std::string::npos);
  return 0;
}
