//===- PtxParser.cpp - From PTX text to instructions ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/nvptx/lint/Ptx.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace moec::codegen::ptx {
namespace {

/// Instructions without a result: their first operand is read like the others.
bool hasNoResult(const Instruction &instruction) {
  static constexpr std::array<std::string_view, 31> kNames = {"st",
                                                              "red",
                                                              "bra",
                                                              "brx",
                                                              "ret",
                                                              "exit",
                                                              "trap",
                                                              "bar.sync",
                                                              "bar.arrive",
                                                              "bar.warp",
                                                              "barrier",
                                                              "fence",
                                                              "membar",
                                                              "cp",
                                                              "mbarrier.init",
                                                              "mbarrier.inval",
                                                              "mbarrier.expect_tx",
                                                              "mbarrier.complete_tx",
                                                              "setmaxnreg",
                                                              "wgmma.fence",
                                                              "wgmma.commit_group",
                                                              "wgmma.wait_group",
                                                              "stmatrix",
                                                              "prefetch",
                                                              "prefetchu",
                                                              "nanosleep",
                                                              "griddepcontrol",
                                                              "multimem.st",
                                                              "multimem.red",
                                                              "tensormap",
                                                              "call"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view name) { return instruction.is(name); });
}

std::string_view trim(std::string_view text) {
  size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos)
    return {};
  return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

/// The first word; what is left of `text` begins behind it.
std::string_view takeWord(std::string_view &text) {
  text = trim(text);
  size_t end = text.find_first_of(" \t\r\n");
  std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : trim(text.substr(end));
  return word;
}

unsigned number(std::string_view text) {
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Splits at commas outside of brackets and braces.
std::vector<std::string_view> splitOperands(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t start = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    char c = at < text.size() ? text[at] : ',';
    if (c == '[' || c == '{' || c == '(')
      ++depth;
    else if (c == ']' || c == '}' || c == ')')
      --depth;
    else if (c == ',' && (depth == 0 || at == text.size())) {
      if (std::string_view part = trim(text.substr(start, at - start)); !part.empty())
        parts.push_back(part);
      start = at + 1;
    }
  }
  return parts;
}

/// Names in force between two braces.
struct Scope {
  std::map<std::string_view, Register> registers;
  std::map<std::string_view, unsigned> ranges; ///< "%r" of `%r<706>`: first number
  std::map<std::string_view, unsigned> labels; ///< instruction that follows
  std::map<std::string_view, std::vector<std::string_view>> tables; ///< .branchtargets
  int parent = -1;
};

/// Comments replaced by spaces, so that places stay what they are.
std::string withoutComments(std::string_view text) {
  std::string out(text);
  for (size_t at = 0; at + 1 < out.size(); ++at) {
    if (out[at] == '"') { // a file name
      at = std::min(out.find('"', at + 1), out.size());
      continue;
    }
    if (out[at] != '/')
      continue;
    size_t end = at;
    if (out[at + 1] == '/')
      end = std::min(out.find('\n', at), out.size());
    else if (out[at + 1] == '*')
      end = std::min(out.find("*/", at + 2), out.size() - 2) + 2;
    for (; at < end; ++at)
      if (out[at] != '\n')
        out[at] = ' ';
  }
  return out;
}

class Parser {
public:
  explicit Parser(std::string_view original)
      : original(original), text(withoutComments(original)) {}

  rt::Result<File> run() {
    while (skipSpace(), at < text.size())
      MOEC_RETURN_IF_ERROR(parseTopLevel());
    return std::move(file);
  }

private:
  void skipSpace() {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])))
      line += text[at++] == '\n';
  }
  /// Everything up to one of the characters, which is left; views the original.
  std::string_view takeUntil(std::string_view stops) {
    size_t start = at;
    while (at < text.size() && stops.find(text[at]) == std::string_view::npos)
      line += text[at++] == '\n';
    return original.substr(start, at - start);
  }
  std::string_view clean(std::string_view part) const { // the same without comments
    return std::string_view(text).substr(size_t(part.data() - original.data()), part.size());
  }
  void skipBraces() {
    int depth = 0;
    do {
      depth += text[at] == '{' ? 1 : text[at] == '}' ? -1 : 0;
      line += text[at++] == '\n';
    } while (depth > 0 && at < text.size());
  }
  rt::Status fault(std::string_view what) const {
    return rt::internalError("PTX line ", line, ": ", what);
  }

  rt::Status parseTopLevel();
  rt::Status parseKernel(std::string_view header);
  rt::Status parseStatement(int &scope);
  void parseDirective(std::string_view statement, int scope);
  void parseInstruction(std::string_view statement, unsigned where, int scope);
  void resolveRegisters(Instruction &instruction, int scope);
  void addRegisters(std::string_view operand, int scope, std::vector<Register> &to);
  std::optional<Register> findRegister(std::string_view name, int scope) const;
  rt::Status resolveBranches();
  void buildFlow();

  std::string_view original;
  std::string text;
  size_t at = 0;
  unsigned line = 1;
  File file;
  // Of the kernel that is being read:
  Kernel kernel;
  std::vector<Scope> scopes;
  std::vector<int> scopeOf; ///< of each instruction
  Place place;
};

rt::Status Parser::parseTopLevel() {
  // Directives that end with their line.
  std::string_view rest = std::string_view(text).substr(at);
  for (std::string_view name : {".version", ".target", ".address_size", ".file"})
    if (rest.starts_with(name)) {
      std::string_view whole = takeUntil("\n");
      if (name == ".file")
        if (size_t open = whole.find('"'); open != std::string_view::npos)
          file.names.push_back(whole.substr(open + 1, whole.rfind('"') - open - 1));
      return {};
    }
  std::string_view header = takeUntil(";{=");
  if (at >= text.size())
    return fault("wanted ';' or '{', found the end");
  if (text[at] == '{' && clean(header).find(".entry") != std::string_view::npos)
    return parseKernel(header);
  if (text[at] == '{') {
    skipBraces(); // .section of debug information, or a .func that nobody may call
    return {};
  }
  takeUntil(";");
  ++at;
  return {};
}

rt::Status Parser::parseKernel(std::string_view header) {
  kernel = Kernel();
  kernel.line = line;
  std::string_view words = clean(header);
  std::string_view name = words.substr(words.find(".entry") + 6);
  kernel.name = trim(name.substr(0, name.find_first_of("(")));
  if (size_t found = words.find(".reqntid"); found != std::string_view::npos) {
    std::string_view list = words.substr(found + 8);
    list = list.substr(0, list.find('.'));
    kernel.threads = {1, 1, 1};
    auto parts = splitOperands(list);
    for (size_t i = 0; i < parts.size() && i < 3; ++i)
      kernel.threads[i] = number(parts[i]);
  }
  scopes = {Scope()};
  scopeOf.clear();
  place = Place();
  ++at; // {
  for (int scope = 0; scope >= 0;) {
    skipSpace();
    if (at >= text.size())
      return fault("wanted '}', found the end");
    MOEC_RETURN_IF_ERROR(parseStatement(scope));
  }
  MOEC_RETURN_IF_ERROR(resolveBranches());
  buildFlow();
  // The name views our own copy: it must view the original.
  kernel.name = original.substr(size_t(kernel.name.data() - text.data()), kernel.name.size());
  file.kernels.push_back(std::move(kernel));
  return {};
}

rt::Status Parser::parseStatement(int &scope) {
  if (text[at] == '{') {
    scopes.push_back(Scope());
    scopes.back().parent = scope;
    scope = int(scopes.size()) - 1;
    ++at;
    return {};
  }
  if (text[at] == '}') {
    scope = scopes[size_t(scope)].parent;
    ++at;
    return {};
  }
  std::string_view rest = std::string_view(text).substr(at);
  for (std::string_view name : {".loc", ".file"})
    if (rest.starts_with(name)) {
      parseDirective(clean(takeUntil("\n")), scope);
      return {};
    }
  // A label: a name and a colon that is not half of "::".
  size_t end = 0;
  while (end < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[end])) ||
                               rest[end] == '_' || rest[end] == '$' || rest[end] == '%'))
    ++end;
  if (end > 0 && end + 1 < rest.size() && rest[end] == ':' && rest[end + 1] != ':') {
    std::string_view label = original.substr(at, end);
    at += end + 1;
    skipSpace();
    // A table of branch targets has a label that is no place in the code.
    if (std::string_view(text).substr(at).starts_with(".branchtargets")) {
      std::string_view list = clean(takeUntil(";"));
      ++at;
      scopes[size_t(scope)].tables[label] = splitOperands(list.substr(14));
      return {};
    }
    scopes[size_t(scope)].labels[label] = unsigned(kernel.instructions.size());
    return {};
  }
  unsigned where = line;
  std::string_view statement = takeUntil(";");
  if (at >= text.size())
    return fault("wanted ';', found the end");
  ++at;
  if (clean(statement).starts_with("."))
    parseDirective(clean(statement), scope);
  else if (!trim(clean(statement)).empty())
    parseInstruction(statement, where, scope);
  return {};
}

void Parser::parseDirective(std::string_view statement, int scope) {
  std::string_view name = takeWord(statement);
  if (name == ".loc") {
    place.file = number(takeWord(statement));
    place.line = number(takeWord(statement));
    place.column = number(takeWord(statement));
  } else if (name == ".local") {
    kernel.usesLocalMemory = true;
    kernel.localLine = line;
  } else if (name == ".reg") {
    takeWord(statement); // type
    for (std::string_view one : splitOperands(statement)) {
      size_t open = one.find('<');
      if (open == std::string_view::npos) {
        scopes[size_t(scope)].registers[one] = kernel.registers++;
      } else {
        scopes[size_t(scope)].ranges[one.substr(0, open)] = kernel.registers;
        kernel.registers += number(one.substr(open + 1));
      }
    }
  }
}

std::optional<Register> Parser::findRegister(std::string_view name, int scope) const {
  size_t digits = name.find_last_not_of("0123456789") + 1;
  for (; scope >= 0; scope = scopes[size_t(scope)].parent) {
    const Scope &names = scopes[size_t(scope)];
    if (auto found = names.registers.find(name); found != names.registers.end())
      return found->second;
    if (digits < name.size())
      if (auto found = names.ranges.find(name.substr(0, digits)); found != names.ranges.end())
        return found->second + number(name.substr(digits));
  }
  return std::nullopt;
}

void Parser::addRegisters(std::string_view operand, int scope, std::vector<Register> &to) {
  for (std::string_view name : identifiers(operand))
    if (auto found = findRegister(name, scope))
      to.push_back(*found);
}

void Parser::parseInstruction(std::string_view statement, unsigned where, int scope) {
  Instruction made;
  made.line = where;
  made.place = place;
  std::string_view rest = trim(clean(statement));
  if (rest.starts_with("@")) {
    std::string_view guard = takeWord(rest).substr(1);
    made.guardNegated = guard.starts_with("!");
    if (made.guardNegated)
      guard.remove_prefix(1);
    made.guard = findRegister(guard, scope);
  }
  auto inOriginal = [&](std::string_view part) {
    return original.substr(size_t(part.data() - text.data()), part.size());
  };
  made.text = inOriginal(rest);
  made.opcode = inOriginal(takeWord(rest));
  for (std::string_view operand : splitOperands(rest))
    made.operands.push_back(inOriginal(operand));
  resolveRegisters(made, scope);
  kernel.instructions.push_back(std::move(made));
  scopeOf.push_back(scope);
}

void Parser::resolveRegisters(Instruction &instruction, int scope) {
  if (instruction.guard)
    instruction.reads.push_back(*instruction.guard);
  bool result = !hasNoResult(instruction);
  for (size_t i = 0; i < instruction.operands.size(); ++i) {
    // wgmma adds to its accumulators.
    if (i == 0 && result)
      addRegisters(instruction.operands[i], scope, instruction.writes);
    if (i > 0 || !result || instruction.is("wgmma.mma_async"))
      addRegisters(instruction.operands[i], scope, instruction.reads);
  }
}

rt::Status Parser::resolveBranches() {
  auto resolve = [&](std::string_view label, int scope) -> std::optional<unsigned> {
    for (; scope >= 0; scope = scopes[size_t(scope)].parent)
      if (auto found = scopes[size_t(scope)].labels.find(label);
          found != scopes[size_t(scope)].labels.end())
        return found->second;
    return std::nullopt;
  };
  for (size_t i = 0; i < kernel.instructions.size(); ++i) {
    Instruction &branch = kernel.instructions[i];
    std::vector<std::string_view> labels;
    if (branch.is("bra"))
      labels = branch.operands;
    else if (branch.is("brx"))
      labels = scopes[0].tables[branch.operands.back()];
    for (std::string_view label : labels) {
      auto found = resolve(label, scopeOf[i]);
      if (!found)
        return rt::internalError("PTX line ", branch.line, ": wanted a label, found '", label, "'");
      branch.targets.push_back(*found);
    }
  }
  return {};
}

void Parser::buildFlow() {
  unsigned count = unsigned(kernel.instructions.size());
  std::set<unsigned> starts = {0};
  for (unsigned i = 0; i < count; ++i) {
    const Instruction &instruction = kernel.instructions[i];
    starts.insert(instruction.targets.begin(), instruction.targets.end());
    if (!instruction.targets.empty() || instruction.endsFlow() || instruction.is("ret") ||
        instruction.is("exit"))
      starts.insert(i + 1);
  }
  starts.erase(count);
  kernel.first.assign(starts.begin(), starts.end());
  kernel.first.push_back(count);
  Edges edges(kernel.first.size() - 1);
  auto block = [&](unsigned instruction) { return Block(kernel.blockOf(instruction)); };
  for (Block b = 0; b < edges.size() && count > 0; ++b) {
    const Instruction &last = kernel.instructions[kernel.first[b + 1] - 1];
    for (unsigned target : last.targets)
      if (target < count)
        edges[b].push_back(block(target));
    if (!last.endsFlow() && kernel.first[b + 1] < count)
      edges[b].push_back(b + 1);
  }
  kernel.flow.emplace(std::move(edges));
}

} // namespace

rt::Result<File> parse(std::string_view text) { return Parser(text).run(); }

} // namespace moec::codegen::ptx
