//===- Console.cpp - How subcommands read, write and complain -------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Console.h"
#include "runtime/base/File.h"
#include "runtime/base/FilesRead.h"
#include "runtime/base/Text.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <unistd.h>
#include <vector>

namespace moec::driver {

/// Colour only on a terminal, and never against the user's wish (no-color.org).
static bool colourOnError() {
  const char *noColour = std::getenv("NO_COLOR");
  return isatty(STDERR_FILENO) && (!noColour || !*noColour);
}

int showDiagnostics(const frontend::Diagnostics &diagnostics, bool json, bool always) {
  if (json) {
    if (always || !diagnostics.empty())
      std::fputs(frontend::renderJson(diagnostics).c_str(), stdout);
  } else if (!diagnostics.empty()) {
    std::fputs(frontend::renderText(diagnostics, {.colour = colourOnError()}).c_str(), stderr);
  }
  return diagnostics.exitCode();
}

static const char *severityOf(rt::Code code) {
  switch (code) {
  case rt::Code::Ok:
    return "note";
  case rt::Code::Invalid:
    return "error";
  case rt::Code::Unsupported:
    return "unsupported";
  case rt::Code::Internal:
    return "internal error";
  }
  return "internal error";
}

int showFailure(const rt::Status &status, bool json) {
  if (status.ok())
    return 0;
  if (json) {
    frontend::Diagnostics diagnostics;
    diagnostics.reportText(status.code() == rt::Code::Unsupported ? frontend::Severity::Unsupported
                                                                  : frontend::Severity::Error,
                           {}, status.message());
    showDiagnostics(diagnostics, json);
  } else {
    std::fprintf(stderr, "moec: %s: %s\n", severityOf(status.code()), status.message().c_str());
  }
  return status.exitCode();
}

/// What was read, imports included, and what this command has written.
static rt::Status refuseToLose(const std::string &path) {
  static std::set<std::string> written;
  MOEC_RETURN_IF_ERROR(rt::refuseToReplaceRead(path));
  std::error_code failed;
  // Of what is not there yet a relative path would stay one.
  std::filesystem::path whole = std::filesystem::absolute(path, failed);
  std::string target = failed ? path : std::filesystem::weakly_canonical(whole, failed).string();
  bool isFile = failed || !std::filesystem::exists(target, failed) ||
                std::filesystem::is_regular_file(target, failed);
  if (isFile && !written.insert(failed ? path : target).second)
    return rt::invalidError(rt::quote(path), ": wanted a file of its own for each output");
  return {};
}

static rt::Status print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout))
    return rt::invalidError("standard output cannot be written: ", std::strerror(errno));
  return {};
}

static rt::Status writeAll(std::span<const Output> outputs) {
  auto isFile = [](const Output &output) { return !output.path.empty() && output.path != "-"; };
  std::vector<rt::AtomicFile> files;
  for (const Output &output : outputs) {
    if (!isFile(output))
      continue;
    MOEC_RETURN_IF_ERROR(refuseToLose(output.path));
    MOEC_ASSIGN_OR_RETURN(rt::AtomicFile file, rt::AtomicFile::create(output.path));
    files.push_back(std::move(file));
    MOEC_RETURN_IF_ERROR(files.back().append(output.text));
  }
  for (rt::AtomicFile &file : files)
    MOEC_RETURN_IF_ERROR(file.flush());
  for (const Output &output : outputs)
    if (!isFile(output))
      MOEC_RETURN_IF_ERROR(print(output.text));
  for (rt::AtomicFile &file : files)
    MOEC_RETURN_IF_ERROR(file.commit());
  return {};
}

int writeOutputs(std::span<const Output> outputs, bool json) {
  return showFailure(writeAll(outputs), json);
}

int writeOutput(const std::string &path, std::string_view text, bool json) {
  Output output = {path, text};
  return writeOutputs({&output, 1}, json);
}

} // namespace moec::driver
