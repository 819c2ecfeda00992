//===- Loader.cpp - A program's files -------------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/parser/Loader.h"
#include "frontend/parser/Suggest.h"

#include <filesystem>
#include <map>

namespace moec::frontend {

static constexpr size_t maxFiles = 64;

namespace {
class Loader {
public:
  explicit Loader(Diagnostics &diagnostics) : diagnostics(diagnostics) {}
  void load(uint32_t file, const std::string &key, std::string_view kind, const Statement *import);
  LoadedFiles take() { return std::move(loaded); }

private:
  void follow(const Statement &import);
  void followMachine(const Statement &import, const std::string &name);
  void followFile(const Statement &import, const std::string &path, std::string_view kind);

  Diagnostics &diagnostics;
  LoadedFiles loaded;
  /// Files by canonical path (shipped ones by "<moec>/.."); true while open.
  std::map<std::string, bool> seen;
};
} // namespace

/// A path that is the same for all spellings of one file.
static std::string canonicalKey(const std::string &path) {
  std::error_code error;
  std::filesystem::path canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

void Loader::load(uint32_t file, const std::string &key, std::string_view kind,
                  const Statement *import) {
  seen[key] = true;
  Ast &ast = loaded.trees.emplace_back(parseFile(file, diagnostics));
  loaded.complete &= !ast.damaged;
  bool hasKind = false;
  for (const Statement &statement : ast.statements) {
    loaded.complete &= !statement.broken;
    if (statement.name() == "import" && !statement.broken)
      follow(statement);
    if (!statement.rule->opensBlock() || (!kind.empty() && statement.name() != kind))
      continue;
    hasKind = true;
    loaded.blocks.push_back(&statement);
  }
  if (import && !kind.empty() && !hasKind && !ast.damaged)
    diagnostics.report(DiagnosticId::ImportWithoutBlock, import->find("path")->location,
                       {diagnostics.sources().name(file), std::string(kind)});
  seen[key] = false;
}

void Loader::followMachine(const Statement &import, const std::string &name) {
  std::string key = "<moec>/" + name + ".moe";
  if (seen.contains(key))
    return;
  std::string_view text = shippedMachine(name);
  if (text.empty()) {
    const Location &place = import.find("path")->location;
    Diagnostic &diagnostic = diagnostics.report(DiagnosticId::UnknownMachine, place, {name});
    std::string meant = nearest(name, shippedMachineNames());
    if (!meant.empty())
      diagnostic.under("did you mean \"" + meant + "\"?").fix(place, "\"" + meant + "\"");
    else
      diagnostic.help("known: " + listOf(shippedMachineNames()));
    loaded.complete = false;
    return;
  }
  load(diagnostics.sources().add(key, std::string(text)), key, "machine", &import);
}

void Loader::followFile(const Statement &import, const std::string &path, std::string_view kind) {
  const Location &place = import.find("path")->location;
  std::filesystem::path base = diagnostics.sources().name(place.file);
  std::string full = (base.parent_path() / path).string();
  std::string key = canonicalKey(full);
  auto known = seen.find(key);
  if (known != seen.end()) {
    if (known->second) {
      diagnostics.report(DiagnosticId::ImportCycle, place, {path});
      loaded.complete = false;
    }
    return;
  }
  if (seen.size() >= maxFiles) {
    diagnostics.report(DiagnosticId::TooManyFiles, place, {std::to_string(maxFiles)});
    loaded.complete = false;
    return;
  }
  std::string error;
  std::optional<uint32_t> file = diagnostics.sources().read(full, error);
  if (!file) {
    diagnostics.report(DiagnosticId::CannotRead, place, {path, error});
    loaded.complete = false;
    return;
  }
  load(*file, key, kind, &import);
}

void Loader::follow(const Statement &import) {
  const std::string &path = import.find("path")->text;
  const Value *kindValue = import.find("kind");
  std::string_view kind = kindValue ? std::string_view(kindValue->text) : "";
  bool isFile =
      path.find('/') != std::string::npos || path.ends_with(".moe") || path.ends_with(".json");
  if (kind == "machine" && !isFile)
    followMachine(import, path);
  else
    followFile(import, path, kind);
}

LoadedFiles loadFiles(const std::vector<uint32_t> &files, Diagnostics &diagnostics) {
  Loader loader(diagnostics);
  for (uint32_t file : files)
    loader.load(file, canonicalKey(diagnostics.sources().name(file)), "", nullptr);
  return loader.take();
}

} // namespace moec::frontend
