//===- Console.h - How subcommands read, write and complain -----*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results go to standard output, diagnostics to standard error. With --json,
// diagnostics are one JSON object on standard output.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_CONSOLE_H
#define MOEC_FRONTEND_DRIVER_CONSOLE_H

#include "frontend/parser/Diagnostics.h"
#include "runtime/base/Status.h"
#include "runtime/tools/Progress.h"

#include <span>
#include <string>

namespace moec::driver {

/// Tells a screen what takes long, while it lives; see run::Progress. Nothing may be
/// printed meanwhile.
struct Working {
  run::Terminal terminal = run::Terminal::ofProcess();
  run::Progress progress;
  explicit Working(std::string what) : progress(terminal, std::move(what)) {}
};

/// Prints what was reported and returns its exit code. `always`: with --json,
/// print the object even when nothing was reported.
int showDiagnostics(const frontend::Diagnostics &diagnostics, bool json, bool always = false);

/// Prints a failure that has no place in a source and returns its exit code.
int showFailure(const rt::Status &status, bool json = false);

/// Writes to a file by way of a temporary, or to standard output when `path` is
/// empty or "-". Returns the exit code.
int writeOutput(const std::string &path, std::string_view text, bool json = false);

/// One of several outputs of a command; `path` as above.
struct Output {
  std::string path;
  std::string_view text;
};

/// Writes all of them, standard output included, or replaces no file: temporaries get
/// their names only when everything is written.
int writeOutputs(std::span<const Output> outputs, bool json = false);

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_CONSOLE_H
