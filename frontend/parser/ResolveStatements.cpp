//===- ResolveStatements.cpp - What every block is checked for ------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Resolve.h"
#include "frontend/parser/Suggest.h"

#include <map>

namespace moec::frontend {

const Statement *findStatement(const Statement &block, std::string_view keyword) {
  for (const Statement &statement : block.body)
    if (statement.name() == keyword)
      return &statement;
  return nullptr;
}

/// Two statements of one keyword may differ in what they are about.
static std::string subjectOf(const Statement &statement) {
  const Value *of = statement.name() == "type" ? statement.find("of") : nullptr;
  const Value *rank = statement.name() == "gpu" ? statement.find("rank") : nullptr;
  const Value *number = statement.find("number");
  if (statement.name() == "compute" && statement.find("of"))
    return "compute " + statement.find("of")->text;
  if (number)
    return statement.rule->keyword + " " + std::to_string(number->integer);
  if (of)
    return "type " + of->text;
  if (rank)
    return "gpu " + std::to_string(rank->integer);
  return statement.rule->keyword;
}

static void checkTwice(const Statement &block, Diagnostics &diagnostics) {
  std::map<std::string, const Statement *> first;
  for (const Statement &statement : block.body) {
    std::string subject = subjectOf(statement);
    bool isNamed = subject != statement.name();
    if (statement.rule->repeatable() && !isNamed)
      continue;
    auto [entry, isFirst] = first.try_emplace(subject, &statement);
    if (!isFirst)
      diagnostics.report(DiagnosticId::DuplicateStatement, statement.location, {subject})
          .at(entry->second->location, "first here");
  }
}

void checkStatements(const Statement &block, Diagnostics &diagnostics) {
  checkTwice(block, diagnostics);
  for (const StatementRule &rule : grammar()) {
    bool isMissing =
        rule.block == block.rule->body && rule.required() && !findStatement(block, rule.keyword);
    // What could not be read may have been it.
    if (isMissing && block.hasBody && !block.bodyDamaged)
      diagnostics
          .report(DiagnosticId::MissingStatement, block.location,
                  {std::string(blockName(rule.block)), rule.keyword})
          .help("write `" + describeSyntax(rule) + "`");
  }
  for (const Statement &statement : block.body)
    checkStatements(statement, diagnostics);
}

std::optional<uint32_t> readInteger(const Statement &statement, std::string_view field,
                                    uint64_t least, uint64_t most, Diagnostics &diagnostics) {
  const Value *value = statement.find(field);
  if (!value)
    return std::nullopt;
  if (value->integer >= least && value->integer <= most)
    return static_cast<uint32_t>(value->integer);
  diagnostics.report(DiagnosticId::OutOfRange, value->location,
                     {statement.rule->keyword, std::to_string(least) + ".." + std::to_string(most),
                      std::to_string(value->integer)});
  return std::nullopt;
}

void refuse(const Statement &statement, std::string feature, std::string help,
            Diagnostics &diagnostics) {
  Diagnostic &diagnostic = diagnostics.report(DiagnosticId::UnsupportedStatement,
                                              statement.location, {std::move(feature)});
  if (!help.empty())
    diagnostic.help(std::move(help));
}

} // namespace moec::frontend
