//===- ErrorsTest.cpp - Every message, to the letter ----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each malformed source below errors/ has what the user sees beside it. The last
// test holds Diagnostics.def against all that was seen.
//===----------------------------------------------------------------------===//

#include "frontend/import/hf/ImportHf.h"
#include "frontend/import/placement/PlacementMap.h"
#include "frontend/parser/Ast.h"
#include "frontend/parser/Program.h"
#include "test/frontend/Cases.h"
#include "test/runtime/base/TemporaryFolder.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <set>

using namespace moec::frontend;
using namespace moec::frontend::test;

/// As `moec check` does it, from within the folder: messages show bare names.
static Diagnostics check(const std::string &name) {
  std::filesystem::current_path(folder("errors"));
  ParseOptions options;
  if (long ranks = readArgument(name, "ranks"); ranks >= 0)
    options.ranks = static_cast<uint32_t>(ranks);
  Diagnostics diagnostics;
  std::optional<Program> program = parseProgram({name}, options, diagnostics);
  EXPECT_EQ(program.has_value(), diagnostics.exitCode() == 0) << name;
  return diagnostics;
}

static Diagnostics importConfig(const std::string &name) {
  std::string path = folder("import/" + name);
  std::optional<uint32_t> layer;
  if (long number = readArgument(path, "layer"); number >= 0)
    layer = static_cast<uint32_t>(number);
  Diagnostics diagnostics;
  importHf(readFile(path), name, layer, diagnostics);
  return diagnostics;
}

class Malformed : public testing::TestWithParam<std::string> {};

TEST_P(Malformed, says_what_is_expected) {
  Diagnostics diagnostics = check(GetParam());
  EXPECT_NE(diagnostics.exitCode(), 0);
  expectText(folder("errors/" + GetParam()), renderText(diagnostics) + "exit code " +
                                                 std::to_string(diagnostics.exitCode()) + "\n");
}

/// What is said of a file does not depend on how it is laid out.
TEST_P(Malformed, says_the_same_in_json) {
  Diagnostics diagnostics = check(GetParam());
  std::string json = renderJson(diagnostics);
  for (const Diagnostic &diagnostic : diagnostics.all())
    EXPECT_NE(json.find("\"id\": \"" + diagnosticName(diagnostic.id) + "\""), std::string::npos);
}

static std::vector<std::string> malformedFiles() {
  return listFiles(folder("errors"), {".moe", ".json"});
}

static std::string caseName(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  for (char &c : name)
    c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(errors, Malformed, testing::ValuesIn(malformedFiles()), caseName);

TEST(Errors, there_are_enough_of_them) { EXPECT_GE(malformedFiles().size(), 36u); }

TEST(Errors, a_file_that_is_nothing_but_errors_is_cut_short) {
  std::string text = "moe 1\n";
  for (int i = 0; i < 150; ++i)
    text += "nonsense\n";
  Diagnostics diagnostics;
  parseProgramText(text, "long.moe", {}, diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 101u);
  EXPECT_EQ(diagnostics.all().back().id, DiagnosticId::TooManyMessages);
  EXPECT_EQ(diagnostics.exitCode(), 1);
}

/// Imports a chain of files, each importing the next.
static Diagnostics importChain(int length) {
  moec::test::TemporaryFolder folder;
  for (int i = 0; i < length; ++i)
    folder.write(std::to_string(i) + ".moe",
                 "moe 1\nimport \"" + std::to_string(i + 1) + ".moe\"\n");
  Diagnostics diagnostics;
  parseProgram({folder / "0.moe"}, {}, diagnostics);
  return diagnostics;
}

TEST(Errors, too_many_imports_stop) {
  Diagnostics diagnostics = importChain(100);
  ASSERT_FALSE(diagnostics.empty());
  EXPECT_EQ(diagnostics.all().front().id, DiagnosticId::TooManyFiles);
}

TEST(Errors, a_file_that_is_not_there_is_named) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parseProgram({"no/such.moe"}, {}, diagnostics));
  EXPECT_EQ(renderText(diagnostics),
            "error[MOE0301]: cannot read 'no/such.moe': No such file or directory\n");
}

TEST(Errors, a_folder_is_no_file) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parseProgram({folder("errors")}, {}, diagnostics));
  EXPECT_EQ(diagnostics.all().front().id, DiagnosticId::CannotRead);
}

TEST(Errors, a_file_that_is_too_large_is_not_read) {
  std::string text = "moe 1\n" + std::string(9 << 20, '#');
  Diagnostics diagnostics, config;
  EXPECT_FALSE(parseProgramText(text, "large.moe", {}, diagnostics));
  EXPECT_EQ(renderText(diagnostics),
            "error[MOE0301]: cannot read 'large.moe': larger than 8 MiB\n");
  EXPECT_FALSE(importHf(text, "large.json", std::nullopt, config));
  EXPECT_EQ(config.all().front().id, DiagnosticId::CannotRead);
}

/// `moec topo FILE` of a file with two machines.
static Diagnostics readTwoMachines() {
  std::filesystem::current_path(folder("errors"));
  Diagnostics diagnostics;
  EXPECT_FALSE(parseMachine("Inputs/two-machines.moe", diagnostics));
  return diagnostics;
}

TEST(Errors, where_one_machine_is_meant_there_is_one) {
  EXPECT_EQ(renderText(readTwoMachines()),
            "Inputs/two-machines.moe:1:1: error[MOE0517]: expected one machine, found 2\n"
            "    1 | moe 1\n"
            "      | ^\n");
  Diagnostics diagnostics;
  EXPECT_FALSE(parseMachine("hgx", diagnostics));
  EXPECT_TRUE(renderText(diagnostics)
                  .starts_with("error[MOE0301]: cannot read 'hgx': No such file or directory\n"
                               "   help: machines that come with moec: "));
}

TEST(Errors, every_id_is_produced_by_a_case) {
  std::set<DiagnosticId> seen;
  auto collect = [&](const Diagnostics &diagnostics) {
    for (const Diagnostic &diagnostic : diagnostics.all())
      seen.insert(diagnostic.id);
  };
  for (const std::string &name : malformedFiles())
    collect(check(name));
  for (const std::string &name : listFiles(folder("import"), {".json"}))
    collect(importConfig(name));
  collect(importChain(100));
  collect(readTwoMachines());
  Diagnostics map;
  parsePlacementMap("{}", "map.json", map);
  collect(map);
  seen.insert(DiagnosticId::TooManyMessages); // the test above
  // Of the driver: test/frontend/driver/refusals.test.
  seen.insert({DiagnosticId::ArchOfAnotherTarget, DiagnosticId::IrOfAnotherPhase,
               DiagnosticId::IrForAnotherTarget, DiagnosticId::TypeWithoutKernels,
               DiagnosticId::ScheduleWithoutKernels});
  for (DiagnosticId id : allDiagnostics())
    EXPECT_TRUE(seen.contains(id)) << diagnosticName(id) << " is produced by no case";
}

TEST(Errors, ids_ascend_and_have_explanations) {
  std::vector<DiagnosticId> ids = allDiagnostics();
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_TRUE(i == 0 || ids[i - 1] < ids[i]);
    EXPECT_EQ(diagnosticFromName(diagnosticName(ids[i])), ids[i]);
    EXPECT_GT(explainDiagnostic(ids[i]).size(), 60u);
  }
  EXPECT_EQ(diagnosticFromName("moe0401"), DiagnosticId::TopKTooLarge);
  EXPECT_EQ(diagnosticFromName("401"), DiagnosticId::TopKTooLarge);
  EXPECT_FALSE(diagnosticFromName("MOE9999"));
  EXPECT_FALSE(diagnosticFromName("MOE"));
  EXPECT_FALSE(diagnosticFromName(""));
}

TEST(Errors, colour_only_adds_escapes) {
  Diagnostics diagnostics = check("top-k-too-large.moe");
  std::string colour = renderText(diagnostics, {.colour = true}), plain;
  for (size_t i = 0; i < colour.size(); ++i) {
    if (colour[i] == '\033')
      i = colour.find('m', i);
    else
      plain += colour[i];
  }
  EXPECT_NE(colour, plain);
  EXPECT_EQ(plain, renderText(diagnostics));
}
