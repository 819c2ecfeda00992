//===- Files.h - Small safetensors files for the tests ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_DATA_FILES_H
#define MOEC_TEST_RUNTIME_DATA_FILES_H

#include "test/runtime/base/TemporaryFolder.h"

#include <string>

namespace moec::rt {

/// The bytes of a file with this header, whatever it says.
inline std::string safetensorsBytes(const std::string &header, size_t dataBytes) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i)
    bytes[i] = static_cast<char>(static_cast<uint64_t>(header.size()) >> (8 * i));
  bytes += header;
  for (size_t i = 0; i < dataBytes; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

using test::TemporaryFolder;

} // namespace moec::rt

#endif // MOEC_TEST_RUNTIME_DATA_FILES_H
