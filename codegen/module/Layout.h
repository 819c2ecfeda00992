//===- Layout.h - Sections into a file -------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_MODULE_LAYOUT_H
#define MOEC_CODEGEN_MODULE_LAYOUT_H

#include "codegen/module/Encoders.h"
#include "runtime/module/Format.h"

namespace moec::codegen {

struct Section {
  rt::format::SectionName name;
  uint32_t flags; ///< of rt::format::SectionFlags
  Bytes bytes;
};

/// The sections of a module in their order. Empty optional ones are left out.
std::vector<Section> encodeSections(const ModuleContents &contents);

/// The whole file: header, table, and the sections as they come. Checks nothing.
Bytes layOut(const std::vector<Section> &sections);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_MODULE_LAYOUT_H
