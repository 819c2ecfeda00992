//===- Ast.cpp - A source file as written ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Ast.h"
#include "frontend/parser/Units.h"

namespace moec::frontend {

bool Expression::sameAs(const Expression &other) const {
  if (kind != other.kind || name != other.name || operands.size() != other.operands.size())
    return false;
  if (kind == Kind::Number && number != other.number)
    return false;
  for (size_t i = 0; i < operands.size(); ++i)
    if (!operands[i].sameAs(other.operands[i]))
      return false;
  return true;
}

double Value::inBaseUnits() const {
  const Unit *known = findUnit(unit);
  return known ? number * known->factor : number;
}

} // namespace moec::frontend
