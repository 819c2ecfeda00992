//===- ImportHfTest.cpp - Configs of published checkpoints ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each config below import/ (fields of the published file, or a broken one) has
// beside it what comes out.
//===----------------------------------------------------------------------===//

#include "frontend/import/hf/ImportHf.h"
#include "frontend/parser/Ast.h"
#include "frontend/parser/Program.h"
#include "test/frontend/Cases.h"

#include <gtest/gtest.h>

using namespace moec;
using namespace moec::frontend;
using namespace moec::frontend::test;

class Config : public testing::TestWithParam<std::string> {};

TEST_P(Config, imports_as_expected) {
  std::string path = folder("import/" + GetParam());
  std::optional<uint32_t> layer;
  if (long number = readArgument(path, "layer"); number >= 0)
    layer = static_cast<uint32_t>(number);
  Diagnostics diagnostics;
  std::optional<HfImport> import = importHf(readFile(path), GetParam(), layer, diagnostics);
  EXPECT_EQ(import.has_value(), diagnostics.exitCode() == 0);
  std::string shown = renderText(diagnostics);
  if (import)
    shown += import->source;
  else
    shown += "exit code " + std::to_string(diagnostics.exitCode()) + "\n";
  expectText(path, shown);
  if (!import)
    return;
  Diagnostics clean;
  EXPECT_EQ(formatSource(import->source, "a.moe", clean), import->source);
  std::optional<Program> program = parseProgramText(import->source, "a.moe", {}, clean);
  ASSERT_TRUE(program) << renderText(clean);
  EXPECT_EQ(program->ranks(), 8u);
}

static std::string caseName(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  for (char &c : name)
    c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(import, Config, testing::ValuesIn(listFiles(folder("import"), {".json"})),
                         caseName);

TEST(ImportHf, no_model_is_both_importable_and_not) {
  for (auto [type, why] : unimportableModels())
    for (std::string_view importable : importableModels())
      EXPECT_NE(type, importable);
}
