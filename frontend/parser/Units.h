//===- Units.h - Units of quantities ----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_PARSER_UNITS_H
#define MOEC_FRONTEND_PARSER_UNITS_H

#include "frontend/parser/Grammar.h"

namespace moec::frontend {

struct Unit {
  std::string_view name;
  ValueKind kind; ///< Size, Rate or Time
  double factor;  ///< to bytes, bytes per second or seconds
};

const std::vector<Unit> &units();
/// The unit of exactly this name (case counts), or null.
const Unit *findUnit(std::string_view name);
/// The names of one kind.
std::vector<std::string_view> unitNames(ValueKind kind);
/// "a rate": what a quantity of the kind is called.
std::string_view quantityName(ValueKind kind);

} // namespace moec::frontend

#endif // MOEC_FRONTEND_PARSER_UNITS_H
