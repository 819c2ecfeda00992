//===- Ptx.cpp - PTX instructions and their flow --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Ptx.h"

#include <algorithm>
#include <cctype>

namespace moec::codegen::ptx {

bool Instruction::is(std::string_view name) const {
  return opcode.starts_with(name) && (opcode.size() == name.size() || opcode[name.size()] == '.');
}

bool Instruction::has(std::string_view modifier) const {
  for (size_t at = opcode.find('.'); at != std::string_view::npos; at = opcode.find('.', at + 1)) {
    std::string_view rest = opcode.substr(at + 1);
    if (rest.starts_with(modifier) &&
        (rest.size() == modifier.size() || rest[modifier.size()] == '.'))
      return true;
  }
  return false;
}

bool Instruction::endsFlow() const {
  return !guard && (is("bra") || is("brx") || is("ret") || is("exit") || is("trap"));
}

unsigned Kernel::blockOf(unsigned instruction) const {
  auto after = std::upper_bound(first.begin(), first.end() - 1, instruction);
  return unsigned(after - first.begin()) - 1;
}

static bool isNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' ||
         c == '.';
}

std::vector<std::string_view> identifiers(std::string_view operand) {
  std::vector<std::string_view> found;
  for (size_t at = 0; at < operand.size();) {
    if (!isNameCharacter(operand[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < operand.size() && isNameCharacter(operand[end]))
      ++end;
    if (!std::isdigit(static_cast<unsigned char>(operand[at]))) // else a number: 0f3F800000
      found.push_back(operand.substr(at, end - at));
    at = end;
  }
  return found;
}

} // namespace moec::codegen::ptx
