//===- ManifestReader.h - Decoding the MANF section ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_MANIFESTREADER_H
#define MOEC_RUNTIME_MODULE_MANIFESTREADER_H

#include "runtime/base/Status.h"
#include "runtime/module/Manifest.h"

#include <span>

namespace moec::rt {

/// Decodes and checks (CheckManifest.h). `bytes` are aligned to 8; nothing points
/// into them afterwards.
Result<Manifest> readManifest(std::span<const uint8_t> bytes);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_MANIFESTREADER_H
