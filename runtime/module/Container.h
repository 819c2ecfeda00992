//===- Container.h - Sections of a .moex file ------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_CONTAINER_H
#define MOEC_RUNTIME_MODULE_CONTAINER_H

#include "runtime/base/Status.h"
#include "runtime/module/Format.h"

#include <optional>
#include <span>
#include <vector>

namespace moec::rt {

/// A file whose header, table, paddings and hashes are right.
struct Container {
  format::FileHeader header;
  std::vector<format::SectionEntry> entries;
  std::span<const uint8_t> bytes; ///< the whole file

  std::span<const uint8_t> section(const format::SectionEntry &entry) const {
    return bytes.subspan(entry.offset, entry.storedBytes);
  }
  /// Nothing where the file has no such section.
  std::optional<std::span<const uint8_t>> section(format::SectionName name) const;
};

/// `bytes` outlive the result.
Result<Container> readContainer(std::span<const uint8_t> bytes);

/// Does this version decode sections of that name?
bool isKnownSection(format::SectionName name);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_CONTAINER_H
