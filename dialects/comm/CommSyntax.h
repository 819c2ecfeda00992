//===- CommSyntax.h - Text of expressions, regions, dependences -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_COMM_COMMSYNTAX_H
#define MOEC_DIALECTS_COMM_COMMSYNTAX_H

#include "dialects/comm/CommOps.h"

namespace moec::comm {

/// Names of the variables of a scope, by dimension: r, n, then domain variables.
using Names = llvm::SmallVector<llvm::StringRef>;
Names getNames(mlir::ArrayAttr domains, llvm::ArrayRef<DomainAttr> each = {});

/// Names of the variables of a flag's writer: r, n, i0, i1, ..
Names getCellNames(unsigned extents);

/// Prints `n mod 2`, `p`, ... with the names of the scope.
void printExpr(llvm::raw_ostream &os, mlir::AffineExpr expr, llvm::ArrayRef<llvm::StringRef> names);
std::string toString(mlir::AffineExpr expr, llvm::ArrayRef<llvm::StringRef> names);
void printExprs(llvm::raw_ostream &os, mlir::AffineMap map, llvm::ArrayRef<llvm::StringRef> names,
                llvm::StringRef separator);
/// Prints `D(r,p)`.
void printItemSet(llvm::raw_ostream &os, ItemSetAttr items, llvm::ArrayRef<llvm::StringRef> names);
std::string toString(ItemSetAttr items, llvm::ArrayRef<llvm::StringRef> names);

using Exprs = llvm::SmallVector<mlir::AffineExpr>;

/// Variables of one op by dimension, while it is parsed. A name that is not yet
/// known gets a provisional dimension past the known ones; `close` then wants it
/// declared.
class Variables {
public:
  explicit Variables(mlir::OpAsmParser &parser) : parser(parser), names{"r", "n"} {}

  void declare(llvm::StringRef name) { names.push_back(name); }
  mlir::AffineExpr lookup(llvm::StringRef name, llvm::SMLoc loc);
  /// Ends what may be named before its declaration: gives the map from
  /// provisional to declared dimensions, or reports the name that is in no scope.
  mlir::FailureOr<llvm::DenseMap<mlir::AffineExpr, mlir::AffineExpr>>
  close(llvm::ArrayRef<DomainAttr> each = {});
  /// A map over the declared variables and `each` more.
  mlir::AffineMap map(llvm::ArrayRef<mlir::AffineExpr> exprs, unsigned each = 0) const;

  /// Notes one more operand of an expression; false if that is too many to be an
  /// expression of a plan, and enough to exhaust the stack of what walks it.
  bool countOperand() { return ++operands <= maxOperands; }

  mlir::OpAsmParser &parser;

private:
  static constexpr unsigned firstPending = 1u << 20;
  static constexpr unsigned maxOperands = 1024; ///< of all expressions of an op
  unsigned operands = 0;
  Names names;
  llvm::SmallVector<std::pair<llvm::StringRef, llvm::SMLoc>> pending;
};

/// The label of an op is its result's name.
mlir::ParseResult parseLabel(mlir::OpAsmParser &parser, mlir::StringAttr &label);

/// A keyword that names a value of an enumeration.
template <typename Enum, typename EnumAttr>
mlir::ParseResult parseEnum(mlir::OpAsmParser &parser, llvm::StringRef what,
                            std::optional<Enum> (*symbolize)(llvm::StringRef), EnumAttr &attr) {
  llvm::SMLoc loc = parser.getCurrentLocation();
  llvm::StringRef name;
  if (parser.parseKeyword(&name))
    return mlir::failure();
  std::optional<Enum> value = symbolize(name);
  if (!value)
    return parser.emitError(loc) << "unknown " << what << " '" << name << "'";
  attr = EnumAttr::get(parser.getContext(), *value);
  return mlir::success();
}

mlir::ParseResult parseSum(Variables &variables, mlir::AffineExpr &expr);
mlir::ParseResult parseExprs(Variables &variables, mlir::OpAsmParser::Delimiter delimiter,
                             Exprs &exprs);
/// One expression over variables that are all known.
mlir::ParseResult parseExpr(Variables &variables, mlir::AffineMapAttr &attr);

} // namespace moec::comm

#endif // MOEC_DIALECTS_COMM_COMMSYNTAX_H
