//===- ModuleTest.cpp - Good modules are read, broken ones are refused ---===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/Module.h"

#include "codegen/module/Layout.h"
#include "runtime/base/File.h"
#include "runtime/module/Inspect.h"
#include "test/runtime/module/Breakages.h"
#include "test/runtime/module/Sample.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <set>

using namespace moec;
namespace fs = std::filesystem;

static const fs::path folder = fs::path(MOEC_TEST_DIR) / "runtime/module";

static std::span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

/// Every case of Breakages.h gives the file and the message that are checked in
/// (moec_make_module_files writes them anew), and no file is left over.
TEST(Module, BrokenModulesAreRefusedWithTheirMessages) {
  std::set<std::string> names;
  for (const test::Breakage &breakage : test::allBreakages()) {
    SCOPED_TRACE(breakage.name);
    EXPECT_TRUE(names.insert(breakage.name).second) << "two cases of one name";
    fs::path file = folder / "broken" / (breakage.name + ".moex");
    rt::Result<std::string> bytes = rt::readFile(file);
    rt::Result<std::string> expected = rt::readFile(file.replace_extension(".expected"));
    ASSERT_TRUE(bytes.ok()) << bytes.status().message();
    ASSERT_TRUE(expected.ok()) << expected.status().message();
    rt::Result<rt::Module> module =
        rt::Module::openMemory(bytesOf(*bytes), breakage.name + ".moex");
    ASSERT_FALSE(module.ok());
    EXPECT_EQ(test::expectedText(module.status()), *expected);
    std::span<const uint8_t> stored = bytesOf(*bytes);
    EXPECT_TRUE(std::ranges::equal(stored, breakage.make())) << "the file is out of date";
  }
  EXPECT_GE(names.size(), 100u);
  for (const auto &entry : fs::directory_iterator(folder / "broken"))
    EXPECT_TRUE(names.contains(entry.path().stem())) << entry.path() << " belongs to no case";
}

/// A module of each format version that was ever released still says the same.
TEST(Module, OldVersionsKeepLoading) {
  size_t modules = 0;
  for (const auto &entry : fs::directory_iterator(folder / "versions")) {
    fs::path path = entry.path();
    if (path.extension() != ".moex")
      continue;
    SCOPED_TRACE(path);
    ++modules;
    std::string bytes = *rt::readFile(path);
    rt::Result<rt::Module> module = rt::Module::openMemory(bytesOf(bytes), path.filename());
    ASSERT_TRUE(module.ok()) << module.status().message();
    EXPECT_EQ(rt::inspectJson(*module), *rt::readFile(path.replace_extension(".json")));
    EXPECT_EQ(rt::inspectText(*module), *rt::readFile(path.replace_extension(".txt")));
  }
  EXPECT_GE(modules, 1u);
}

TEST(Module, OpenReadsTheFile) {
  std::string path = folder / "versions/2.0.moex";
  rt::Result<rt::Module> module = rt::Module::open(path);
  ASSERT_TRUE(module.ok()) << module.status().message();
  EXPECT_EQ(module->name(), path);
  EXPECT_EQ(module->version(), (rt::ModuleVersion{2, 0}));
  EXPECT_EQ(module->manifest().layer.experts, 6u);
  EXPECT_EQ(rt::Module::open(path + "x").status().message(),
            "cannot open '" + path + "x': No such file or directory");
  EXPECT_FALSE(rt::Module::open(folder).ok());
}

TEST(Module, UnknownOptionalSectionsAreSkipped) {
  ModuleContents contents = test::fullContents();
  std::vector<codegen::Section> sections = codegen::encodeSections(contents);
  sections.insert(sections.begin() + 1, {{'N', 'O', 'T', 'E'}, 0, {1, 2, 3}});
  sections.push_back({{'N', 'O', 'T', 'E'}, 0, {4}});
  rt::Result<rt::Module> module = rt::Module::openMemory(codegen::layOut(sections), "notes");
  ASSERT_TRUE(module.ok()) << module.status().message();
  EXPECT_EQ(module->manifest(), contents.manifest);
  ASSERT_EQ(module->sections().size(), 6u);
  EXPECT_FALSE(module->sections()[1].known);
  EXPECT_TRUE(module->sections()[2].known);
}

TEST(Module, AHigherMinorVersionIsRead) {
  test::Bytes file = codegen::layOut(codegen::encodeSections(test::fullContents()));
  file[10] = 9;
  test::rehash(file);
  rt::Result<rt::Module> module = rt::Module::openMemory(file, "newer");
  ASSERT_TRUE(module.ok()) << module.status().message();
  EXPECT_EQ(module->version(), (rt::ModuleVersion{2, 9}));
}
