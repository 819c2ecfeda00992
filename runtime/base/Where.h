//===- Where.h - Which element a message is about --------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks walk down nested elements; a Where is a link of the chain from the root
// to the element at hand. It costs nothing until a message is made:
//   Where op = root.at("op", 7, "pd");
//   return op.at("writes region", 0).invalid("wanted ", 1, ", found ", 2);
//   -> "op 7 'pd': writes region 0: wanted 1, found 2"
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BASE_WHERE_H
#define MOEC_RUNTIME_BASE_WHERE_H

#include "runtime/base/Status.h"

namespace moec::rt {

class Where {
public:
  /// The root; prints nothing.
  Where() = default;
  Where(const Where &) = delete;
  Where &operator=(const Where &) = delete;

  // The links refer to this one and to the texts: they live no longer.
  Where at(const char *word) const { return Where(this, word, noIndex, {}); }
  Where at(const char *word, uint64_t index, std::string_view name = {}) const {
    return Where(this, word, index, name);
  }

  template <typename... Parts> Status invalid(const Parts &...parts) const {
    return Status(Code::Invalid, message(concat(parts...)));
  }
  template <typename... Parts> Status unsupported(const Parts &...parts) const {
    return Status(Code::Unsupported, message(concat(parts...)));
  }

private:
  static constexpr uint64_t noIndex = UINT64_MAX;

  Where(const Where *parent, const char *word, uint64_t index, std::string_view name)
      : parent(parent), word(word), index(index), name(name) {}
  std::string message(const std::string &text) const;

  const Where *parent = nullptr;
  const char *word = "";
  uint64_t index = noIndex;
  std::string_view name;
};

} // namespace moec::rt

#endif // MOEC_RUNTIME_BASE_WHERE_H
