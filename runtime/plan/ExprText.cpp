//===- ExprText.cpp - A plan expression as text --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/Text.h"
#include "runtime/plan/Expr.h"
#include "runtime/plan/PlanText.h"

namespace moec::plan {
namespace {

/// A part of an expression as text, with what its surroundings need to know.
struct Piece {
  enum Binding { Sum, Product, Atom };
  std::string text;
  Binding binding = Atom;
  /// Set for c < 0 and for x * -1: what follows the minus sign of a difference.
  std::string negated;
};

} // namespace

static std::string bracketed(const Piece &piece, Piece::Binding loosest) {
  return piece.binding < loosest ? rt::concat("(", piece.text, ")") : piece.text;
}

static Piece constantPiece(int64_t value) {
  Piece piece{rt::concat(value), Piece::Atom, ""};
  if (value < 0)
    piece.negated = piece.text.substr(1);
  return piece;
}

static Piece variablePiece(int64_t number, std::span<const std::string> variables) {
  if (number == rankVariable)
    return {"r", Piece::Atom, ""};
  if (number == stepVariable)
    return {"n", Piece::Atom, ""};
  return {variables[static_cast<size_t>(number - firstDomainVariable)], Piece::Atom, ""};
}

static Piece sum(const Piece &lhs, const Piece &rhs) {
  if (!rhs.negated.empty())
    return {rt::concat(lhs.text, " - ", rhs.negated), Piece::Sum, ""};
  // The right operand keeps its brackets: the nodes say what is added first.
  return {rt::concat(lhs.text, " + ", bracketed(rhs, Piece::Product)), Piece::Sum, ""};
}

static Piece product(const Piece &lhs, const char *sign, const Piece &rhs) {
  Piece piece{rt::concat(bracketed(lhs, Piece::Product), sign, bracketed(rhs, Piece::Atom)),
              Piece::Product, ""};
  if (rhs.text == "-1" && sign[1] == '*')
    piece.negated = bracketed(lhs, Piece::Product);
  return piece;
}

static Piece operatorPiece(ExprNode::Kind kind, const Piece &lhs, const Piece &rhs) {
  switch (kind) {
  case ExprNode::Kind::Add:
    return sum(lhs, rhs);
  case ExprNode::Kind::Mul:
    return product(lhs, " * ", rhs);
  case ExprNode::Kind::FloorDiv:
    return product(lhs, " floordiv ", rhs);
  case ExprNode::Kind::Mod:
    return product(lhs, " mod ", rhs);
  case ExprNode::Kind::Constant:
  case ExprNode::Kind::Variable:
    break;
  }
  return {};
}

std::string exprText(const Expr &expr, std::span<const std::string> variables) {
  std::vector<Piece> stack;
  for (const ExprNode &node : expr.nodes) {
    if (node.kind == ExprNode::Kind::Constant) {
      stack.push_back(constantPiece(node.value));
    } else if (node.kind == ExprNode::Kind::Variable) {
      stack.push_back(variablePiece(node.value, variables));
    } else {
      Piece rhs = std::move(stack.back());
      stack.pop_back();
      stack.back() = operatorPiece(node.kind, stack.back(), rhs);
    }
  }
  return stack.back().text;
}

} // namespace moec::plan
