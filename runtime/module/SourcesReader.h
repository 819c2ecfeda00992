//===- SourcesReader.h - Decoding the SRCM and PROV sections ---*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_SOURCESREADER_H
#define MOEC_RUNTIME_MODULE_SOURCESREADER_H

#include "runtime/base/Status.h"
#include "runtime/module/Contents.h"

#include <span>

namespace moec::rt {

/// Names unique, hashes those of the texts. `bytes` are aligned to 8; nothing
/// points into them afterwards.
Result<std::vector<SourceFile>> readSources(std::span<const uint8_t> bytes);
Result<Provenance> readProvenance(std::span<const uint8_t> bytes);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_SOURCESREADER_H
