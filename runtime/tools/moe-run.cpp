//===- moe-run.cpp - Runs a module, with the runtime alone ----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/runtime.h"
#include "runtime/base/Text.h"
#include "runtime/tools/RunCommand.h"

#include <CLI/CLI.hpp>
#include <iostream>

static constexpr const char *example =
    "Examples:\n"
    "  moe-run olmoe.moex --random 1 --check\n"
    "  moe-run olmoe.moex --weights OLMoE-1B-7B/ --input x.safetensors --output y.safetensors\n"
    "Exit codes: 0 done, 1 wrong input or failed check, 2 unsupported, 70 a bug of moec.";

static int failCommandLine(const std::string &message) {
  std::cerr << "error: " << message << " (moe-run --help lists the options)\n";
  return 1;
}

int main(int argc, char **argv) {
  moec::run::RunOptions options;
  std::string module;
  CLI::App app("Runs a compiled MoE layer and reports what it did.", "moe-run");
  app.set_version_flag("--version", std::string("moe-run ") + moec_version());
  app.footer(example);
  app.add_option("module", module, "the compiled layer, a .moex file")->type_name("FILE");
  moec::run::addRunOptions(app, options);
  app.allow_extras();
  try {
    app.parse(argc, argv);
    moec::run::refuseEmpty(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const CLI::Success &request) { // --help, --version
    return app.exit(request);
  } catch (const CLI::ParseError &error) {
    return failCommandLine(error.what());
  }
  if (std::vector<std::string> extra = app.remaining(); !extra.empty())
    return failCommandLine(moec::rt::concat(
        extra[0].starts_with('-') ? "unknown option " : "wanted one module, found also ",
        moec::rt::quote(extra[0])));
  if (module.empty())
    return failCommandLine("wanted a module, found none");
  return moec::run::runFile(module, options, moec::run::Terminal::ofProcess());
}
