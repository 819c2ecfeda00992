//===- RunCommand.h - What moe-run and moec run do -------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads weights, runs a module for some steps on the runtime's C ABI, writes the
// result, compares it with the reference and reports. `moec run` compiles first
// and then does exactly this.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_RUNCOMMAND_H
#define MOEC_RUNTIME_TOOLS_RUNCOMMAND_H

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>

namespace CLI {
class App;
}

namespace moec::run {

/// What the command line says; empty and unset: not given.
struct RunOptions {
  std::string weights; ///< safetensors file, *.index.json or folder
  std::string input;   ///< safetensors file with the tensor `input`
  std::string output;  ///< safetensors file to write
  std::string backend = "cpu";
  std::string saveWeights;         ///< where to write the weights that were used
  std::string saveInput;           ///< where to write the tokens that were used
  std::optional<uint32_t> repeat;  ///< timed steps, after one that is not timed
  std::optional<uint64_t> random;  ///< seed of what is not given
  std::optional<uint64_t> tokens;  ///< random tokens, over all ranks
  std::optional<uint32_t> threads; ///< all cores where not given
  uint64_t testSeed = 0;           ///< moec_session_options::test_seed
  bool check = false;
  bool json = false;
};

/// Where a command writes, and what may be written there.
struct Terminal {
  std::ostream &out;
  std::ostream &error;
  bool colour = false;   ///< `out` shows ANSI colours
  bool progress = false; ///< `error` is a screen: a line may be drawn over

  /// Standard output and error. Colour only on a terminal and without NO_COLOR.
  static Terminal ofProcess();
};

/// Adds the options above, with their help, to a command. A value that cannot be
/// read throws CLI::ValidationError.
void addRunOptions(CLI::App &app, RunOptions &options);

/// Throws CLI::ValidationError where a word of a command line is empty: a variable of the shell
/// that is not set would lose a result without a word.
void refuseEmpty(std::span<const std::string> words);

/// Runs the module in the file `path`; returns the exit code (0, 1, 2 or 70).
/// Whatever goes wrong is one line on `terminal.error`.
int runFile(const std::string &path, const RunOptions &options, const Terminal &terminal);

/// The same for a module in memory; `name` is for messages.
int runModule(std::span<const uint8_t> module, const std::string &name, const RunOptions &options,
              const Terminal &terminal);

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_RUNCOMMAND_H
