//===- Sass.cpp - From a listing to instructions and their flow -----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/sass/Sass.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace moec::codegen::sass {
namespace {

std::string_view trim(std::string_view text) {
  size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos)
    return {};
  return text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

/// ".L_x_4" of "B0, `(.L_x_4)"; empty if there is none.
std::string_view labelIn(std::string_view operands) {
  size_t open = operands.find("`("), close = operands.find(')', open);
  if (open == std::string_view::npos || close == std::string_view::npos)
    return {};
  return operands.substr(open + 2, close - open - 2);
}

/// "B0" of "B0, `(.L_x_4)".
std::string_view barrierIn(std::string_view operands) {
  return trim(operands.substr(0, operands.find(',')));
}

Instruction parseInstruction(unsigned address, std::string_view text) {
  Instruction made;
  made.address = address;
  if (text.starts_with("@")) {
    size_t end = std::min(text.find(' '), text.size());
    made.guard = text.substr(1, end - 1);
    text = trim(text.substr(end));
  }
  size_t end = std::min(text.find(' '), text.size());
  made.opcode = text.substr(0, end);
  made.operands = trim(text.substr(end));
  return made;
}

/// A kernel with the labels of its code.
struct Reading {
  Kernel kernel;
  std::map<std::string_view, unsigned> labels; ///< instruction that follows

  std::optional<unsigned> target(std::string_view operands) const {
    auto found = labels.find(labelIn(operands));
    return found == labels.end() || found->second >= kernel.instructions.size()
               ? std::nullopt
               : std::optional(found->second);
  }
  std::vector<std::vector<unsigned>> successors() const;
  void buildFlow();
};

std::vector<std::vector<unsigned>> Reading::successors() const {
  const std::vector<Instruction> &code = kernel.instructions;
  std::vector<std::vector<unsigned>> next(code.size());
  std::map<std::string_view, std::optional<unsigned>> joins; ///< of BSSY, by barrier
  for (unsigned i = 0; i < code.size(); ++i) {
    const Instruction &at = code[i];
    std::string_view name = at.mnemonic();
    bool falls = i + 1 < code.size();
    std::optional<unsigned> jump;
    if (name == "BSSY") {
      joins[barrierIn(at.operands)] = target(at.operands);
    } else if (name == "BSYNC") { // to where the lanes of its BSSY meet
      jump = joins[barrierIn(at.operands)];
      falls &= !jump || !at.guard.empty();
    } else if (name == "BRA" && at.opcode.find(".DIV") == std::string_view::npos &&
               at.opcode.find(".CONV") == std::string_view::npos) {
      // BRA.DIV and .CONV go to a slow form of the next instruction.
      jump = target(at.operands);
      bool conditional = !at.guard.empty() || !at.operands.starts_with("`");
      falls &= conditional;
    } else if (name == "EXIT" || name == "RET" || name == "BPT" || name == "BRX") {
      falls &= !at.guard.empty();
    }
    if (jump)
      next[i].push_back(*jump);
    if (falls && jump != i + 1)
      next[i].push_back(i + 1);
  }
  return next;
}

void Reading::buildFlow() {
  auto next = successors();
  unsigned count = unsigned(next.size());
  std::set<unsigned> starts = {0};
  for (unsigned i = 0; i < count; ++i) {
    bool straight = next[i].size() == 1 && next[i][0] == i + 1;
    std::string_view name = kernel.instructions[i].mnemonic();
    if (straight && name != "BRA" && name != "EXIT" && name != "BSYNC")
      continue;
    starts.insert(next[i].begin(), next[i].end());
    starts.insert(i + 1);
  }
  starts.erase(count);
  kernel.first.assign(starts.begin(), starts.end());
  kernel.first.push_back(count);
  Edges edges(kernel.first.size() - 1);
  for (Block b = 0; b < edges.size() && count > 0; ++b)
    for (unsigned to : next[kernel.first[b + 1] - 1])
      edges[b].push_back(Block(std::lower_bound(kernel.first.begin(), kernel.first.end(), to) -
                               kernel.first.begin()));
  kernel.flow.emplace(std::move(edges));
}

} // namespace

rt::Result<std::vector<Kernel>> parse(std::string_view listing) {
  std::vector<Reading> readings;
  for (unsigned number = 1; !listing.empty(); ++number) {
    size_t end = std::min(listing.find('\n'), listing.size());
    std::string_view line = trim(listing.substr(0, end));
    listing.remove_prefix(std::min(end + 1, listing.size()));
    if (line.starts_with(".text.") && line.ends_with(":")) {
      readings.emplace_back().kernel.name = line.substr(6, line.size() - 7);
      continue;
    }
    if (readings.empty())
      continue;
    Reading &reading = readings.back();
    if (line.starts_with(".L") && line.ends_with(":")) {
      reading.labels[line.substr(0, line.size() - 1)] =
          unsigned(reading.kernel.instructions.size());
      continue;
    }
    if (!line.starts_with("/*"))
      continue;
    unsigned address = 0;
    size_t close = line.find("*/"), semicolon = line.find(';');
    bool whole = close != std::string_view::npos && semicolon != std::string_view::npos;
    std::string_view digits = whole ? line.substr(2, close - 2) : std::string_view();
    auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
    if (error != std::errc() || stop != digits.data() + digits.size())
      return rt::internalError("line ", number, " of the listing: wanted an instruction, found '",
                               line, "'");
    reading.kernel.instructions.push_back(
        parseInstruction(address, trim(line.substr(close + 2, semicolon - close - 2))));
  }
  std::vector<Kernel> kernels;
  for (Reading &reading : readings) {
    reading.buildFlow();
    kernels.push_back(std::move(reading.kernel));
  }
  return kernels;
}

} // namespace moec::codegen::sass
