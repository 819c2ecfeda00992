//===- Shadow.cpp - What every record holds --------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/backends/cpu/Shadow.h"

namespace moec::rt::cpu {

static const char *contentName(Content content) {
  switch (content) {
  case Content::Token:
    return "the row of ";
  case Content::Choice:
    return "the choices of ";
  case Content::Record:
    return "the record of ";
  case Content::NodeRecord:
    return "the record for a node of ";
  case Content::Row:
    return "the expert row of ";
  case Content::RankSum:
    return "a rank's sum of ";
  case Content::NodeSum:
    return "a node's sum of ";
  case Content::SwitchSum:
    return "the switch's sum of ";
  case Content::Shared:
    return "the shared expert's row of ";
  case Content::Result:
    return "the result of ";
  case Content::Any:
    return "";
  }
  return "";
}

/// What the slot of such an item counts.
static const char *slotText(Content content) {
  switch (content) {
  case Content::Record:
  case Content::RankSum:
    return " for rank ";
  case Content::NodeRecord:
  case Content::NodeSum:
    return " for node ";
  case Content::Token:
  case Content::Choice:
  case Content::Row:
  case Content::Shared:
  case Content::Result:
  case Content::SwitchSum:
  case Content::Any:
    break;
  }
  return ", slot ";
}

std::string tagText(const Tag &tag) {
  if (tag.step == 0)
    return "poison";
  std::string text = concat(contentName(tag.content), "token ", tag.item.token);
  if (tag.item.slot != noSlot)
    text += concat(slotText(tag.content), tag.item.slot, ",");
  return concat(text, " of rank ", tag.item.rank, " in step ", tag.step);
}

bool describes(const Tag &wanted, const Tag &found) {
  bool isSameSlot = wanted.content == Content::Any && wanted.item.slot == noSlot
                        ? true
                        : wanted.item.slot == found.item.slot;
  return (wanted.content == Content::Any || wanted.content == found.content) && isSameSlot &&
         wanted.item.rank == found.item.rank &&
         (wanted.item.token == anyToken || wanted.item.token == found.item.token) &&
         wanted.step == found.step;
}

} // namespace moec::rt::cpu
