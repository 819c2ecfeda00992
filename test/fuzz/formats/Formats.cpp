//===- Formats.cpp - Any bytes as traces --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first byte counts the traces; each of them but the last stands behind its length
// in two bytes.
//===----------------------------------------------------------------------===//

#include "runtime/formats/Chakra.h"

#include <algorithm>
#include <cstdlib>

using namespace moec;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static void checkTraces(std::span<const uint8_t> bytes, size_t count) {
  std::vector<formats::ChakraFile> files;
  for (size_t rank = 0; rank < count; ++rank) {
    size_t length = bytes.size();
    if (rank + 1 < count) {
      if (bytes.size() < 2)
        return;
      length = std::min<size_t>(bytes[0] | bytes[1] << 8, bytes.size() - 2);
      bytes = bytes.subspan(2);
    }
    files.push_back({rt::concat("fuzz.", rank, ".et"), bytes.first(length)});
    bytes = bytes.subspan(length);
  }
  auto matrix = formats::chakraTraffic(files);
  require(matrix.ok() || (matrix.status().exitCode() <= 2 && !matrix.status().message().empty()));
  if (matrix)
    require(matrix->getSize() == count);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  std::span<const uint8_t> rest(data + 1, size - 1);
  checkTraces(rest, data[0] % 8 + 1);
  return 0;
}
