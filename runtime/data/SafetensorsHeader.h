//===- SafetensorsHeader.h - The JSON of a safetensors file ----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_DATA_SAFETENSORSHEADER_H
#define MOEC_RUNTIME_DATA_SAFETENSORSHEADER_H

#include "runtime/data/Safetensors.h"

namespace moec::rt {

struct SafetensorsHeader {
  std::vector<TensorEntry> entries; ///< in the order of the text
  Metadata metadata;
};

/// Reads the JSON: its form, known element types, no key twice. Offsets are not
/// compared with anything yet.
Result<SafetensorsHeader> parseSafetensorsHeader(std::string_view json);

} // namespace moec::rt

#endif // MOEC_RUNTIME_DATA_SAFETENSORSHEADER_H
