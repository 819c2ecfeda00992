//===- RunOptions.cpp - The command line of moe-run and moec run ----------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/base/Text.h"
#include "runtime/tools/RunCommand.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <iostream>
#include <unistd.h>

namespace moec::run {

void refuseEmpty(std::span<const std::string> words) {
  for (size_t i = 0; i < words.size(); ++i)
    if (words[i].empty())
      throw CLI::ValidationError(i > 0 && words[i - 1].starts_with("-") ? words[i - 1] : "input",
                                 "wanted a value, found ''");
}

static uint64_t parseNumber(const std::string &option, const std::string &text, uint64_t least,
                            uint64_t most) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    throw CLI::ValidationError(option, rt::concat("wanted a whole number from ", least, " to ",
                                                  most, ", found ", rt::quote(text)));
  return value;
}

/// An option with a whole number, given to `set`.
template <typename Set>
static void addNumber(CLI::App &app, const std::string &name, const std::string &placeholder,
                      uint64_t least, uint64_t most, Set set, const std::string &help) {
  app.add_option_function<std::string>(
         name, [=](const std::string &text) { set(parseNumber(name, text, least, most)); }, help)
      ->type_name(placeholder);
}

void addRunOptions(CLI::App &app, RunOptions &options) {
  app.add_option("--weights", options.weights, "safetensors file, *.index.json or folder of files")
      ->type_name("PATH");
  app.add_option("--input", options.input,
                 "safetensors file with 'input' [tokens, hidden] or [batch, sequence, hidden]")
      ->type_name("FILE");
  app.add_option("--output", options.output, "write output, topk_indices and topk_weights")
      ->type_name("FILE");
  addNumber(
      app, "--random", "SEED", 0, UINT64_MAX, [&](uint64_t v) { options.random = v; },
      "make the weights or the tokens that are not given");
  addNumber(
      app, "--tokens", "N", 0, UINT32_MAX, [&](uint64_t v) { options.tokens = v; },
      "random tokens over all ranks (512)");
  app.add_flag("--check", options.check, "compare with the sequential reference");
  addNumber(
      app, "--repeat", "N", 1, UINT32_MAX,
      [&](uint64_t v) { options.repeat = static_cast<uint32_t>(v); },
      "time N steps after one to warm up");
  app.add_flag("--json", options.json, "print one JSON object");
  app.add_option("--backend", options.backend, "where to run: cpu, cuda or emulator (cpu)")
      ->type_name("NAME");
  addNumber(
      app, "--threads", "N", 1, 4096,
      [&](uint64_t v) { options.threads = static_cast<uint32_t>(v); }, "threads (all cores)");
  addNumber(
      app, "--test-seed", "SEED", 0, UINT64_MAX, [&](uint64_t v) { options.testSeed = v; },
      "run tasks and puts in a random order and check their accesses; 0 is off");
  app.add_option("--save-weights", options.saveWeights, "write the weights that were used")
      ->type_name("FILE");
  app.add_option("--save-input", options.saveInput, "write the tokens that were used")
      ->type_name("FILE");
}

Terminal Terminal::ofProcess() {
  const char *noColour = std::getenv("NO_COLOR"), *term = std::getenv("TERM");
  bool isDumb = !term || std::string_view(term) == "dumb";
  bool forbidden = noColour && *noColour;
  return {std::cout, std::cerr, isatty(STDOUT_FILENO) && !forbidden && !isDumb,
          isatty(STDERR_FILENO) && !isDumb};
}

} // namespace moec::run
