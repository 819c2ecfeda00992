//===- ModuleWriter.h - Making a .moex file --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The same contents always give the same bytes. Contents are held against the
// reader's rules first, so that no module is written that cannot be opened; a
// breach is a bug of the producer and comes back as Code::Internal.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_MODULE_MODULEWRITER_H
#define MOEC_CODEGEN_MODULE_MODULEWRITER_H

#include "runtime/base/Status.h"
#include "runtime/module/Contents.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moec::codegen {

rt::Result<std::vector<uint8_t>> encodeModule(const ModuleContents &contents);

/// Encodes and writes to a temporary that is renamed to `path`.
rt::Status writeModule(const std::string &path, const ModuleContents &contents);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_MODULE_MODULEWRITER_H
