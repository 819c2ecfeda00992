//===- PlaceSource.cpp - A placement as a file that compiles --------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/PlaceReport.h"
#include "frontend/parser/Ast.h"
#include "frontend/parser/Loader.h"
#include "runtime/base/Text.h"

#include <cstdio>
#include <filesystem>

namespace moec::driver {

using rt::concat;

/// The input as the output's imports name it.
static std::string pathFrom(const std::string &output, const std::string &input) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path folder = output.empty() || output == "-" ? fs::path() : fs::path(output).parent_path();
  fs::path from = fs::weakly_canonical(folder.empty() ? "." : folder, error);
  fs::path relative = fs::weakly_canonical(input, error).lexically_relative(from);
  std::string path = (relative.empty() ? fs::absolute(input, error) : relative).generic_string();
  // Without a slash the name of a machine and that of a file look alike.
  return path.find('/') == path.npos && !path.ends_with(".moe") && !path.ends_with(".json")
             ? "./" + path
             : path;
}

static std::string quoted(const std::string &text) {
  std::string result = "\"";
  for (char character : text) {
    if (character == '"' || character == '\\')
      result += '\\';
    result += character;
  }
  return result + "\"";
}

/// `import "x.moe"`, or one import a kind where the file has a placement already.
static std::string importsOf(const PlaceOptions &options) {
  frontend::Diagnostics quiet; // it was read before without a complaint
  std::string error, path = quoted(pathFrom(options.output, options.input));
  std::optional<uint32_t> file = quiet.sources().read(options.input, error);
  if (!file)
    return "";
  frontend::LoadedFiles loaded = frontend::loadFiles({*file}, quiet);
  if (loaded.ofKind("placement").empty() && !options.ranks)
    return "import " + path + "\n";
  std::string text;
  for (const char *kind : {"machine", "mesh", "layer", "schedule"}) {
    bool isOurs = options.ranks && kind == std::string_view("mesh");
    if (!isOurs && !loaded.ofKind(kind).empty())
      text += concat("import ", kind, " ", path, "\n");
  }
  return text;
}

static std::string describe(const PlaceOptions &options, const PlacedLayer &placed) {
  auto number = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", value);
    return std::string(text);
  };
  std::string text = "# By `moec place`";
  for (size_t i = 0; i < options.loads.size(); ++i)
    text += (i ? ", " : " from ") +
            rt::printable(std::filesystem::path(options.loads[i]).filename().string());
  text += concat(": the fullest gpu has ", number(placed.ours.imbalance), " of the mean rows");
  if (placed.published)
    text += concat(" (EPLB's algorithm: ", number(placed.published->imbalance), ")");
  return text + ".\n";
}

/// What --ranks makes of the file's mesh, on the file's machine.
static std::string meshBlock(const frontend::Program &program, const std::string &name) {
  std::string text = concat("mesh ", name);
  if (program.machine)
    text += " on " + program.machine->name;
  text += " {\n";
  for (const frontend::Axis &axis : program.mesh.axes)
    text += concat("  axis ", axis.name, " ", axis.size, axis.link.empty() ? "" : " over ",
                   axis.link, "\n");
  return text + "}\n\n";
}

std::string placeSource(const frontend::Program &program, const PlaceOptions &options,
                        const PlacedLayer &placed) {
  std::string mesh = program.mesh.name, text = describe(options, placed) + "moe 1\n\n";
  text += importsOf(options) + "\n";
  if (options.ranks) {
    mesh = concat("ep", *options.ranks);
    text += meshBlock(program, mesh);
  }
  std::string block = printPlacement(program.layer, mesh, placed.placement);
  if (!program.placement.name.empty()) // a schedule may name it
    block.insert(std::string_view("placement ").size(), program.placement.name + " ");
  text += block;
  frontend::Diagnostics quiet;
  return frontend::formatSource(text, "placement", quiet).value_or(text);
}

} // namespace moec::driver
