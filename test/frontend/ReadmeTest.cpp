//===- ReadmeTest.cpp - The language's documents are true -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every formula of the tables in frontend/README.md and frontend/parser/README.md
// is put into the smallest program and parsed: those of a column `implemented`
// must compile, those of `refused` must be unsupported and nothing else. The
// ```moe blocks must compile as they are.
//===----------------------------------------------------------------------===//

#include "frontend/import/hf/ImportHf.h"
#include "frontend/parser/Ast.h"
#include "frontend/parser/Grammar.h"
#include "frontend/parser/Program.h"
#include "test/frontend/Cases.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

using namespace moec::frontend;
using namespace moec::frontend::test;

namespace {
struct Formula {
  std::string where; ///< file:line
  std::string place; ///< the block it stands in; empty: a whole program
  std::string text;
  bool refused = false;
};
} // namespace

static std::vector<std::string> cellsOf(const std::string &row) {
  std::vector<std::string> cells;
  std::istringstream stream(row.substr(1));
  for (std::string cell; std::getline(stream, cell, '|');) {
    size_t first = cell.find_first_not_of(' '), last = cell.find_last_not_of(' ');
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return cells;
}

/// The stretches between backticks.
static std::vector<std::string> codeOf(const std::string &cell) {
  std::vector<std::string> codes;
  for (size_t start = cell.find('`'); start != std::string::npos;) {
    size_t end = cell.find('`', start + 1);
    codes.push_back(cell.substr(start + 1, end - start - 1));
    start = cell.find('`', end + 1);
  }
  return codes;
}

static void readTables(const std::string &file, std::vector<Formula> &formulas) {
  std::istringstream lines(readFile(std::string(MOEC_TEST_DIR) + "/../frontend/" + file));
  std::vector<std::string> header;
  std::string common; ///< the place of a table without a column `in`
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::string where = file + ":" + std::to_string(number);
    if (line.starts_with("```moe")) {
      Formula &program = formulas.emplace_back(Formula{where, "", "", false});
      for (; std::getline(lines, line) && line != "```"; ++number)
        program.text += line + "\n";
      ++number;
      continue;
    }
    if (line.starts_with("<!-- in "))
      common = line.substr(8, line.find(' ', 8) - 8);
    if (!line.starts_with("|")) {
      header.clear();
      continue;
    }
    std::vector<std::string> cells = cellsOf(line);
    if (header.empty()) {
      header = cells;
      continue;
    }
    std::string place = common;
    for (size_t i = 0; i < std::min(cells.size(), header.size()); ++i) {
      if (header[i] == "in")
        place = cells[i];
      if (header[i] == "implemented" || header[i] == "refused")
        for (const std::string &code : codeOf(cells[i]))
          formulas.push_back({where, place, code, header[i] == "refused"});
    }
  }
}

/// A default statement, unless the formula has one of that keyword.
static std::string unlessGiven(const std::string &formula, const std::string &keyword,
                               const std::string &statement) {
  bool given =
      formula.starts_with(keyword + " ") || formula.find("; " + keyword + " ") != std::string::npos;
  return given ? "" : statement + "\n";
}

static std::string expertsLines(const std::string &formula) {
  return unlessGiven(formula, "width", "width 32") +
         unlessGiven(formula, "activation", "activation silu(gate) * up") + formula + "\n";
}

static std::string routerLines(const std::string &formula) {
  bool needsScore = formula.find("of logits") == std::string::npos ||
                    formula.find("of score") != std::string::npos;
  bool looksUp = formula.starts_with("lookup");
  return (needsScore ? unlessGiven(formula, "score", "score softmax(logits)") : "") +
         (looksUp ? "" : unlessGiven(formula, "choose", "choose top 2 of score")) +
         unlessGiven(formula, "weights", "weights score") + formula + "\n";
}

static std::string layerLines(const std::string &formula) {
  bool needsShared = formula.find("shared") != std::string::npos;
  std::string shared = "shared { width 32; activation silu(gate) * up }";
  return unlessGiven(formula, "experts", "experts 64 {\n" + expertsLines("") + "}") +
         (needsShared ? unlessGiven(formula, "shared", shared) : "") + formula + "\n";
}

static std::string programAround(const Formula &formula) {
  const std::string &text = formula.text;
  std::string experts, router = "router {\n" + routerLines("") + "}\n";
  if (formula.place.empty())
    return text;
  if (formula.place == "experts")
    experts = "experts 64 {\n" + expertsLines(text) + "}\n";
  else if (formula.place == "router")
    router = "router {\n" + routerLines(text) + "}\n";
  else if (formula.place == "shared")
    experts = layerLines("shared { width 32; activation silu(gate) * up; " + text + " }");
  else
    experts = layerLines(text);
  if (formula.place == "router")
    experts = layerLines("");
  return "moe 1\nmesh m { axis gpu 8 }\nlayer a {\nhidden 64\n" + experts + router + "}\n";
}

static std::vector<Formula> allFormulas() {
  std::vector<Formula> formulas;
  readTables("README.md", formulas);
  readTables("parser/README.md", formulas);
  return formulas;
}

TEST(Readme, every_formula_means_what_the_page_says) {
  std::vector<Formula> formulas = allFormulas();
  ASSERT_GE(formulas.size(), 120u);
  for (const Formula &formula : formulas) {
    Diagnostics diagnostics;
    parseProgramText(programAround(formula), formula.where, {}, diagnostics);
    EXPECT_EQ(diagnostics.exitCode(), formula.refused ? 2 : 0)
        << formula.where << ": " << formula.text << "\n"
        << renderText(diagnostics);
  }
}

TEST(Readme, every_router_expert_and_combination_has_a_row) {
  std::string text = readFile(std::string(MOEC_TEST_DIR) + "/../frontend/README.md");
  for (int i = 1; i <= 17; ++i)
    EXPECT_NE(text.find("| R" + std::to_string(i) + " |"), std::string::npos) << i;
  std::string dimensions = readFile(std::string(MOEC_TEST_DIR) + "/../frontend/parser/README.md");
  for (int i = 1; i <= 40; ++i)
    EXPECT_NE(dimensions.find("\n| " + std::to_string(i) + " |"), std::string::npos) << i;
}

/// The list of statements: a line of each block starts with its name.
TEST(Readme, every_statement_is_listed_in_its_block) {
  std::istringstream lines(readFile(std::string(MOEC_TEST_DIR) + "/../frontend/parser/README.md"));
  std::map<std::string, std::string> listed;
  std::string block;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("file       ! moe"))
      block = "file";
    else if (line.starts_with("```"))
      block.clear();
    else if (!block.empty() && line.front() != ' ')
      block = line.substr(0, line.find(' '));
    if (!block.empty())
      listed[block] += "  " + line.substr(line.find(' ')) + "  ";
  }
  for (const StatementRule &rule : grammar()) {
    // Between blanks, so that it is not the start of a longer form.
    std::string form = " " + describeSyntax(rule) + "  ";
    EXPECT_NE(listed[std::string(blockName(rule.block))].find(form), std::string::npos)
        << blockName(rule.block) << ":" << form;
  }
}

TEST(Readme, the_json_example_is_a_program) {
  std::string text = readFile(std::string(MOEC_TEST_DIR) + "/../frontend/parser/README.md");
  size_t start = text.find("```json\n") + 8;
  Diagnostics diagnostics;
  EXPECT_EQ(
      formatSource(text.substr(start, text.find("```", start) - start), "a.json", diagnostics),
      "moe 1\n\nmesh ep8 {  # one box\n  axis gpu 8\n}\n\n"
      "placement {\n  gpu 0 holds 17, 0..7\n}\n")
      << renderText(diagnostics);
}

/// `+` marks exactly what `moec import hf` can write.
TEST(Readme, families_are_marked_as_they_import) {
  std::istringstream lines(readFile(std::string(MOEC_TEST_DIR) + "/../frontend/README.md"));
  std::vector<std::string_view> importable = importableModels();
  size_t marked = 0;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    inside = (inside && line.starts_with("|")) || line.starts_with("| model_type");
    std::vector<std::string> cells = inside ? cellsOf(line) : std::vector<std::string>();
    for (size_t column = 0; column < cells.size(); column += 3) {
      if (!cells[column].starts_with("+ "))
        continue;
      std::istringstream names(cells[column].substr(2));
      for (std::string name; std::getline(names >> std::ws, name, ',');) {
        EXPECT_TRUE(std::find(importable.begin(), importable.end(), name) != importable.end())
            << name;
        ++marked;
      }
    }
  }
  EXPECT_EQ(marked, importable.size());
}
