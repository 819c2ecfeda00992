//===- ModuleWriterTest.cpp - Written, read back, the same ---------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/ModuleWriter.h"

#include "runtime/base/File.h"
#include "runtime/module/Module.h"
#include "test/codegen/module/RandomContents.h"
#include "test/runtime/base/TemporaryFolder.h"
#include "test/runtime/module/Sample.h"

#include <filesystem>
#include <gtest/gtest.h>

using namespace moec;
using codegen::encodeModule;

static ModuleContents contentsOf(const rt::Module &module) {
  return {module.manifest(), module.plan(), module.sources(), module.provenance(),
          module.kernels()};
}

TEST(ModuleWriter, ContentsComeBackAsTheyWere) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    ModuleContents contents = test::randomContents(seed);
    rt::Result<std::vector<uint8_t>> bytes = encodeModule(contents);
    ASSERT_TRUE(bytes.ok()) << "seed " << seed << ": " << bytes.status().message();
    rt::Result<rt::Module> module = rt::Module::openMemory(*bytes, "random");
    ASSERT_TRUE(module.ok()) << "seed " << seed << ": " << module.status().message();
    EXPECT_EQ(contentsOf(*module), contents) << "seed " << seed;
  }
}

TEST(ModuleWriter, SameContentsGiveSameBytes) {
  for (uint32_t seed = 0; seed < 20; ++seed)
    EXPECT_EQ(*encodeModule(test::randomContents(seed)), *encodeModule(test::randomContents(seed)));
}

TEST(ModuleWriter, AnyAlignmentCanBeRead) {
  std::vector<uint8_t> bytes = *encodeModule(test::sampleContents(test::sampleLayer(), 2));
  std::vector<uint8_t> shifted(bytes.size() + 1);
  std::copy(bytes.begin(), bytes.end(), shifted.begin() + 1);
  EXPECT_TRUE(rt::Module::openMemory(std::span(shifted).subspan(1), "shifted").ok());
}

TEST(ModuleWriter, OptionalSectionsAreLeftOutWhenEmpty) {
  ModuleContents contents = test::sampleContents(test::sampleLayer(), 2);
  auto names = [&] {
    std::string out;
    rt::Result<rt::Module> module = rt::Module::openMemory(*encodeModule(contents), "x");
    for (const rt::SectionInfo &section : module->sections())
      out += section.name + (section.required ? "! " : " ");
    return out;
  };
  EXPECT_EQ(names(), "MANF! PLAN! SRCM PROV ");
  contents.sources.clear();
  contents.provenance = {};
  EXPECT_EQ(names(), "MANF! PLAN! ");
}

TEST(ModuleWriter, WrongContentsAreOurBug) {
  ModuleContents contents = test::sampleContents(test::sampleLayer(), 2);
  contents.manifest.ranks = 3;
  rt::Status status = encodeModule(contents).status();
  EXPECT_EQ(status.code(), rt::Code::Internal);
  EXPECT_EQ(status.message(), "the module that was made cannot be read back: module 'sample': "
                              "MANF: placement: wanted 3 ranks, found 2");
}

TEST(ModuleWriter, FilesAreWrittenWhole) {
  test::TemporaryFolder folder;
  std::string path = folder / "m.moex";
  ModuleContents contents = test::sampleContents(test::sampleLayer(), 2);
  ASSERT_TRUE(codegen::writeModule(path, contents).ok());
  rt::Result<rt::Module> module = rt::Module::open(path);
  ASSERT_TRUE(module.ok()) << module.status().message();
  EXPECT_EQ(contentsOf(*module), contents);
  EXPECT_EQ(module->name(), path);
  EXPECT_EQ(module->fileBytes(), std::filesystem::file_size(path));
  contents.plan.ranks = 7; // fails, and leaves the file alone
  EXPECT_FALSE(codegen::writeModule(path, contents).ok());
  EXPECT_TRUE(rt::Module::open(path).ok());
}
