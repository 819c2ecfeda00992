//===- Where.cpp - Which element a message is about ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/Where.h"

namespace moec::rt {

std::string Where::message(const std::string &text) const {
  std::string out = text;
  for (const Where *link = this; link->parent; link = link->parent) {
    std::string element = link->word;
    if (link->index != noIndex)
      element += concat(" ", link->index);
    if (!link->name.empty())
      element += " " + quote(link->name);
    out = concat(element, ": ", out);
  }
  return out;
}

} // namespace moec::rt
