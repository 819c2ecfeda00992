//===- CommSyntax.cpp - Text of expressions and item sets -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MLIR's own affine parser is not used because a region names variables before
// their `each` declares them: `%recv[0, s]{D(s,r)} each s in all`.
//===----------------------------------------------------------------------===//

#include "dialects/comm/CommSyntax.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moec::comm;

//===----------------------------------------------------------------------===//
// Printing of expressions
//===----------------------------------------------------------------------===//

Names moec::comm::getNames(ArrayAttr domains, ArrayRef<DomainAttr> each) {
  Names names{"r", "n"};
  for (auto domain : domains.getAsRange<DomainAttr>())
    names.push_back(domain.getVariable());
  for (DomainAttr domain : each)
    names.push_back(domain.getVariable());
  return names;
}

static void printOperand(llvm::raw_ostream &os, AffineExpr expr, ArrayRef<StringRef> names,
                         bool parenthesize) {
  os << (parenthesize ? "(" : "");
  printExpr(os, expr, names);
  os << (parenthesize ? ")" : "");
}

static bool isSum(AffineExpr expr) { return expr.getKind() == AffineExprKind::Add; }
static bool isBinary(AffineExpr expr) { return isa<AffineBinaryOpExpr>(expr); }

static void printSum(llvm::raw_ostream &os, AffineBinaryOpExpr sum, ArrayRef<StringRef> names) {
  printExpr(os, sum.getLHS(), names);
  AffineExpr rhs = sum.getRHS();
  if (auto constant = dyn_cast<AffineConstantExpr>(rhs); constant && constant.getValue() < 0) {
    os << " - " << -constant.getValue();
    return;
  }
  auto product = dyn_cast<AffineBinaryOpExpr>(rhs);
  if (product && product.getKind() == AffineExprKind::Mul && product.getRHS() == -1) {
    os << " - ";
    printOperand(os, product.getLHS(), names, isSum(product.getLHS()));
    return;
  }
  os << " + ";
  printOperand(os, rhs, names, isSum(rhs));
}

void moec::comm::printExpr(llvm::raw_ostream &os, AffineExpr expr, ArrayRef<StringRef> names) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    os << constant.getValue();
    return;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    if (dim.getPosition() < names.size())
      os << names[dim.getPosition()];
    else
      os << "<variable " << dim.getPosition() << ">";
    return;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary) {
    os << '*'; // a symbol: any value, in a dependence
    return;
  }
  StringRef spelling;
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return printSum(os, binary, names);
  case AffineExprKind::Mul:
    spelling = "*";
    break;
  case AffineExprKind::Mod:
    spelling = "mod";
    break;
  case AffineExprKind::FloorDiv:
    spelling = "floordiv";
    break;
  case AffineExprKind::CeilDiv:
    spelling = "ceildiv";
    break;
  case AffineExprKind::Constant:
  case AffineExprKind::DimId:
  case AffineExprKind::SymbolId:
    llvm_unreachable("not a binary expression");
  }
  printOperand(os, binary.getLHS(), names, isSum(binary.getLHS()));
  os << ' ' << spelling << ' ';
  printOperand(os, binary.getRHS(), names, isBinary(binary.getRHS()));
}

std::string moec::comm::toString(AffineExpr expr, ArrayRef<StringRef> names) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printExpr(os, expr, names);
  return text;
}

void moec::comm::printExprs(llvm::raw_ostream &os, AffineMap map, ArrayRef<StringRef> names,
                            StringRef separator) {
  llvm::interleave(
      map.getResults(), os, [&](AffineExpr expr) { printExpr(os, expr, names); }, separator);
}

void moec::comm::printItemSet(llvm::raw_ostream &os, ItemSetAttr items, ArrayRef<StringRef> names) {
  os << stringifyItemSetKind(items.getKind()) << '(';
  printExprs(os, items.getArgs(), names, ",");
  os << ')';
}

std::string moec::comm::toString(ItemSetAttr items, ArrayRef<StringRef> names) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printItemSet(os, items, names);
  return text;
}

//===----------------------------------------------------------------------===//
// Parsing of expressions
//===----------------------------------------------------------------------===//

ParseResult moec::comm::parseLabel(OpAsmParser &parser, StringAttr &label) {
  StringRef name = parser.getNumResults() == 1 ? parser.getResultName(0).first : "";
  if (name.empty())
    return parser.emitError(parser.getNameLoc(), "expected one named result, as in '%name = ...'");
  label = parser.getBuilder().getStringAttr(llvm::isDigit(name.front()) ? ("t" + name).str()
                                                                        : name.str());
  return success();
}

AffineExpr Variables::lookup(StringRef name, SMLoc loc) {
  for (auto [i, known] : llvm::enumerate(names))
    if (known == name)
      return getAffineDimExpr(i, parser.getContext());
  for (auto [i, other] : llvm::enumerate(pending))
    if (other.first == name)
      return getAffineDimExpr(firstPending + i, parser.getContext());
  pending.push_back({name, loc});
  return getAffineDimExpr(firstPending + pending.size() - 1, parser.getContext());
}

FailureOr<llvm::DenseMap<AffineExpr, AffineExpr>> Variables::close(ArrayRef<DomainAttr> each) {
  llvm::DenseMap<AffineExpr, AffineExpr> renamed;
  for (auto [i, use] : llvm::enumerate(pending)) {
    auto [name, loc] = use;
    const auto *found = llvm::find_if(
        each, [&, name = name](DomainAttr domain) { return domain.getVariable() == name; });
    if (found == each.end()) {
      Names known = names;
      for (DomainAttr domain : each)
        known.push_back(domain.getVariable());
      return parser.emitError(loc)
             << "no variable '" << name << "' in scope, only " << llvm::join(known, ", ");
    }
    renamed[getAffineDimExpr(firstPending + i, parser.getContext())] =
        getAffineDimExpr(names.size() + (found - each.begin()), parser.getContext());
  }
  pending.clear();
  return renamed;
}

static ParseResult parseOperand(Variables &variables, AffineExpr &expr) {
  OpAsmParser &parser = variables.parser;
  if (!variables.countOperand())
    return parser.emitError(parser.getCurrentLocation(), "expressions of one op are too long");
  if (succeeded(parser.parseOptionalLParen()))
    return failure(parseSum(variables, expr) || parser.parseRParen());
  if (succeeded(parser.parseOptionalMinus())) {
    if (parseOperand(variables, expr))
      return failure();
    expr = -expr;
    return success();
  }
  APInt value;
  OptionalParseResult number = parser.parseOptionalInteger(value);
  if (number.has_value()) {
    if (*number)
      return failure();
    if (value.getSignificantBits() > 32)
      return parser.emitError(parser.getNameLoc(), "number in an expression must fit 32 bits");
    expr = getAffineConstantExpr(value.getSExtValue(), parser.getContext());
    return success();
  }
  SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (failed(parser.parseOptionalKeyword(&name)))
    return parser.emitError(loc, "expected a number or a variable");
  expr = variables.lookup(name, loc);
  return success();
}

static ParseResult parseProduct(Variables &variables, AffineExpr &expr) {
  OpAsmParser &parser = variables.parser;
  if (parseOperand(variables, expr))
    return failure();
  while (true) {
    SMLoc loc = parser.getCurrentLocation();
    AffineExprKind kind;
    if (succeeded(parser.parseOptionalStar()))
      kind = AffineExprKind::Mul;
    else if (succeeded(parser.parseOptionalKeyword("mod")))
      kind = AffineExprKind::Mod;
    else if (succeeded(parser.parseOptionalKeyword("floordiv")))
      kind = AffineExprKind::FloorDiv;
    else
      return success();
    AffineExpr rhs;
    if (parseOperand(variables, rhs))
      return failure();
    auto constant = dyn_cast<AffineConstantExpr>(rhs);
    if (kind == AffineExprKind::Mul) {
      if (!constant && !isa<AffineConstantExpr>(expr))
        return parser.emitError(loc, "one side of a product must be a constant");
    } else if (!constant || constant.getValue() <= 0) {
      return parser.emitError(loc, "divisor must be a positive constant");
    }
    expr = getAffineBinaryOpExpr(kind, expr, rhs);
  }
}

ParseResult moec::comm::parseSum(Variables &variables, AffineExpr &expr) {
  OpAsmParser &parser = variables.parser;
  if (parseProduct(variables, expr))
    return failure();
  while (true) {
    AffineExpr rhs;
    if (succeeded(parser.parseOptionalPlus())) {
      if (parseProduct(variables, rhs))
        return failure();
      expr = expr + rhs;
    } else if (succeeded(parser.parseOptionalMinus())) {
      if (parseProduct(variables, rhs))
        return failure();
      expr = expr - rhs;
    } else {
      return success();
    }
  }
}

ParseResult moec::comm::parseExprs(Variables &variables, OpAsmParser::Delimiter delimiter,
                                   Exprs &exprs) {
  return variables.parser.parseCommaSeparatedList(
      delimiter, [&] { return parseSum(variables, exprs.emplace_back()); });
}

AffineMap Variables::map(ArrayRef<AffineExpr> exprs, unsigned each) const {
  return AffineMap::get(names.size() + each, 0, exprs, parser.getContext());
}

/// One expression over variables that are all known.
ParseResult moec::comm::parseExpr(Variables &variables, AffineMapAttr &attr) {
  AffineExpr expr;
  if (parseSum(variables, expr) || failed(variables.close()))
    return failure();
  attr = AffineMapAttr::get(variables.map(expr));
  return success();
}
