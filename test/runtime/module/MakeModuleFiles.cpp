//===- MakeModuleFiles.cpp - Writes what the tests compare with ---------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// moec_make_module_files: for each case of Breakages.h <name>.moex and
// <name>.expected in broken/; in versions/ modules of this format version, unless
// there are some already, and beside each module what inspect shows of it. Run
// it after a message, a case or what inspect shows has changed, and read the difference.
//===----------------------------------------------------------------------===//

#include "codegen/module/ModuleWriter.h"
#include "runtime/base/File.h"
#include "runtime/module/Format.h"
#include "runtime/module/Inspect.h"
#include "test/runtime/module/Breakages.h"
#include "test/runtime/module/Sample.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

using namespace moec;

static void require(const rt::Status &status) {
  if (status.ok())
    return;
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  std::exit(status.exitCode());
}

static void makeBroken(const std::string &folder) {
  for (const test::Breakage &breakage : test::allBreakages()) {
    std::string file = breakage.name + ".moex";
    test::Bytes bytes = breakage.make();
    rt::Result<rt::Module> module = rt::Module::openMemory(bytes, file);
    if (module)
      require(rt::internalError(file, " is not broken"));
    require(rt::writeFileAtomically(folder + "/" + file, bytes));
    require(rt::writeFileAtomically(folder + "/" + breakage.name + ".expected",
                                    test::expectedText(module.status())));
  }
}

static void makeVersions(const std::string &folder) {
  std::string version =
      rt::concat(folder, "/", rt::format::majorVersion, ".", rt::format::minorVersion);
  if (!std::filesystem::exists(version + ".moex"))
    require(codegen::writeModule(version + ".moex", test::fullContents()));
  if (!std::filesystem::exists(version + "-kernels.moex"))
    require(codegen::writeModule(version + "-kernels.moex", test::kernelContents()));
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    std::filesystem::path path = entry.path();
    if (path.extension() != ".moex")
      continue;
    std::string bytes = *rt::readFile(path);
    rt::Result<rt::Module> module = rt::Module::openMemory(
        {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, path.filename());
    require(module.status());
    require(rt::writeFileAtomically(path.replace_extension(".json").string(),
                                    rt::inspectJson(*module)));
    require(
        rt::writeFileAtomically(path.replace_extension(".txt").string(), rt::inspectText(*module)));
  }
}

int main() {
  const std::string folder = MOEC_TEST_DIR "/runtime/module";
  makeBroken(folder + "/broken");
  makeVersions(folder + "/versions");
  return 0;
}
