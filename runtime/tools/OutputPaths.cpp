//===- OutputPaths.cpp - Outputs that would replace an input --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/tools/OutputPaths.h"

#include "runtime/base/Text.h"

#include <array>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <system_error>

namespace moec::run {

using namespace rt;

namespace {
struct NamedPath {
  const char *name; ///< "--output", or what the file is
  const std::string &path;
};
} // namespace

/// By device and inode where both exist. Pipes and devices lose nothing by being
/// written to.
static bool isSameFile(const std::string &a, const std::string &b) {
  if (a.empty() || b.empty())
    return false;
  struct stat first, second;
  bool firstExists = ::stat(a.c_str(), &first) == 0, secondExists = ::stat(b.c_str(), &second) == 0;
  if (firstExists != secondExists)
    return false;
  if (firstExists)
    return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
  std::error_code failed;
  std::filesystem::path left = std::filesystem::weakly_canonical(a, failed);
  if (failed)
    return a == b;
  std::filesystem::path right = std::filesystem::weakly_canonical(b, failed);
  return failed ? a == b : left == right;
}

static std::array<NamedPath, 3> outputsOf(const RunOptions &options) {
  return {{{"--output", options.output},
           {"--save-weights", options.saveWeights},
           {"--save-input", options.saveInput}}};
}

Status checkOutputPaths(const RunOptions &options, const std::string &module) {
  std::vector<NamedPath> taken = {
      {"the module", module}, {"the weights", options.weights}, {"the input", options.input}};
  for (const NamedPath &output : outputsOf(options)) {
    for (const NamedPath &other : taken)
      if (isSameFile(output.path, other.path))
        return invalidError(output.name, ": ", quote(output.path), " is also ", other.name);
    taken.push_back(output);
  }
  return {};
}

Status checkOutputsAreNoShards(const RunOptions &options, const WeightSource &weights,
                               const std::vector<NeededWeight> &needed) {
  if (options.weights.empty())
    return {};
  std::set<std::string> files;
  for (const NeededWeight &weight : needed)
    files.insert(weights.placeOf(weight.name));
  for (const NamedPath &output : outputsOf(options))
    for (const std::string &file : files)
      if (isSameFile(output.path, file))
        return invalidError(output.name, ": ", quote(output.path), " is also one of the weights");
  return {};
}

} // namespace moec::run
