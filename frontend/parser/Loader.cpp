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
#include <set>

namespace moec::frontend {

static constexpr size_t maxFiles = 64;

namespace {
class Loader {
public:
  explicit Loader(Diagnostics &diagnostics) : diagnostics(diagnostics) {}
  /// Takes the blocks of the file and of what it imports, those of `kind` alone if it
  /// is not empty. False if there are none; `import` asked for them, else null.
  bool load(uint32_t file, const std::string &key, std::string_view kind, const Statement *import);
  LoadedFiles take() { return std::move(loaded); }

private:
  /// A file that was read: its tree, and what was taken of it already.
  struct Entry {
    const Ast *tree = nullptr;
    bool isOpen = false;
    std::set<std::string, std::less<>> kinds; ///< "" is all of them
  };

  // True if they took a block, or could not find out.
  bool follow(const Statement &import, std::string_view asked);
  bool followMachine(const Statement &import, const std::string &name);
  bool followFile(const Statement &import, const std::string &path, std::string_view kind,
                  bool isAsked);

  Diagnostics &diagnostics;
  LoadedFiles loaded;
  std::map<std::string, Entry> seen; ///< by canonical path; shipped ones by "<moec>/.."
  std::set<const Statement *> taken;
};
} // namespace

/// A path that is the same for all spellings of one file.
static std::string canonicalKey(const std::string &path) {
  std::error_code error;
  std::filesystem::path canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

bool Loader::load(uint32_t file, const std::string &key, std::string_view kind,
                  const Statement *import) {
  Entry &entry = seen[key];
  if (!entry.kinds.emplace(kind).second)
    return true;
  if (!entry.tree) {
    entry.tree = &loaded.trees.emplace_back(parseFile(file, diagnostics));
    loaded.complete &= !entry.tree->damaged;
    for (const Statement &statement : entry.tree->statements)
      loaded.complete &= !statement.broken;
  }
  entry.isOpen = true;
  bool hasKind = false;
  for (const Statement &statement : entry.tree->statements) {
    if (statement.name() == "import" && !statement.broken)
      hasKind |= follow(statement, kind);
    if (!statement.rule->opensBlock() || (!kind.empty() && statement.name() != kind))
      continue;
    hasKind = true;
    if (taken.insert(&statement).second)
      loaded.blocks.push_back(&statement);
  }
  if (import && !kind.empty() && !hasKind && !entry.tree->damaged)
    diagnostics.report(DiagnosticId::ImportWithoutBlock, import->find("path")->location,
                       {diagnostics.sources().name(file), std::string(kind)});
  entry.isOpen = false;
  return hasKind || entry.tree->damaged;
}

bool Loader::followMachine(const Statement &import, const std::string &name) {
  std::string key = "<moec>/" + name + ".moe";
  if (seen.contains(key))
    return true;
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
    return true;
  }
  return load(diagnostics.sources().add(key, std::string(text)), key, "machine", &import);
}

bool Loader::followFile(const Statement &import, const std::string &path, std::string_view kind,
                        bool isAsked) {
  const Location &place = import.find("path")->location;
  std::filesystem::path base = diagnostics.sources().name(place.file);
  std::string full = (base.parent_path() / path).string();
  std::string key = canonicalKey(full);
  auto known = seen.find(key);
  if (known != seen.end()) {
    if (known->second.isOpen) {
      diagnostics.report(DiagnosticId::ImportCycle, place, {path});
      loaded.complete = false;
    } else if (!known->second.kinds.contains("")) {
      return load(known->second.tree->file, key, kind, isAsked ? &import : nullptr);
    }
    return true;
  }
  if (seen.size() >= maxFiles) {
    diagnostics.report(DiagnosticId::TooManyFiles, place, {std::to_string(maxFiles)});
    loaded.complete = false;
    return true;
  }
  std::string error;
  std::optional<uint32_t> file = diagnostics.sources().read(full, error);
  if (!file) {
    diagnostics.report(DiagnosticId::CannotRead, place, {path, error});
    loaded.complete = false;
    return true;
  }
  return load(*file, key, kind, isAsked ? &import : nullptr);
}

/// `asked`: what the file with the import in it is asked for. What it imports of
/// another kind is then not looked at.
bool Loader::follow(const Statement &import, std::string_view asked) {
  const std::string &path = import.find("path")->text;
  const Value *kindValue = import.find("kind");
  std::string_view kind = kindValue ? std::string_view(kindValue->text) : "";
  if (!asked.empty() && !kind.empty() && kind != asked)
    return false;
  bool isFile =
      path.find('/') != std::string::npos || path.ends_with(".moe") || path.ends_with(".json");
  if (kind == "machine" && !isFile)
    return followMachine(import, path);
  return followFile(import, path, kind.empty() ? asked : kind, !kind.empty());
}

LoadedFiles loadFiles(const std::vector<uint32_t> &files, Diagnostics &diagnostics) {
  Loader loader(diagnostics);
  for (uint32_t file : files)
    loader.load(file, canonicalKey(diagnostics.sources().name(file)), "", nullptr);
  return loader.take();
}

} // namespace moec::frontend
