//===- Checkpoint.cpp - Weights from safetensors files --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/CheckpointIndex.h"
#include "runtime/data/Safetensors.h"
#include "runtime/data/WeightSource.h"

#include <algorithm>
#include <filesystem>

namespace moec::rt {

namespace fs = std::filesystem;

namespace {
/// Mapped files: to find a tensor touches no values.
class MappedSource : public WeightSource {
public:
  Result<TensorSpec> describe(const std::string &name) override {
    MOEC_ASSIGN_OR_RETURN(TensorView view, find(name));
    return TensorSpec{name, view.type, std::move(view.shape)};
  }
};

/// One file, or several with different tensors.
class FilesSource : public MappedSource {
public:
  explicit FilesSource(std::string place) : place(std::move(place)) {}

  Status add(SafetensorsFile file) {
    for (const TensorEntry &entry : file.entries())
      if (auto [at, isNew] = owners.try_emplace(entry.name, files.size()); !isNew)
        return invalidError("tensor ", quote(entry.name), " is in ",
                            quote(files[at->second].path()), " and in ", quote(file.path()));
    files.push_back(std::move(file));
    return {};
  }

  bool contains(std::string_view name) const override { return owners.contains(name); }

  Result<TensorView> find(const std::string &name) override {
    auto owner = owners.find(name);
    if (owner == owners.end())
      return invalidError(place, ": no tensor ", quote(name));
    const SafetensorsFile &file = files[owner->second];
    return file.view(*file.find(name));
  }

  std::string placeOf(std::string_view name) const override {
    auto owner = owners.find(name);
    return owner == owners.end() ? place : files[owner->second].path();
  }

private:
  std::string place;
  std::vector<SafetensorsFile> files;
  std::map<std::string, size_t, std::less<>> owners;
};

/// The shards of an index; each is opened when it is first asked for a tensor.
class IndexSource : public MappedSource {
public:
  IndexSource(std::string path, WeightMap map) : path(std::move(path)), map(std::move(map)) {}

  bool contains(std::string_view name) const override { return map.contains(name); }
  Result<TensorView> find(const std::string &name) override;
  std::string placeOf(std::string_view name) const override {
    auto shard = map.find(name);
    return shard == map.end() ? path : pathOf(shard->second);
  }

private:
  std::string pathOf(const std::string &shard) const {
    return (fs::path(path).parent_path() / shard).string();
  }

  std::string path;
  WeightMap map;
  std::map<std::string, SafetensorsFile> shards;
};
} // namespace

Result<TensorView> IndexSource::find(const std::string &name) {
  auto shard = map.find(name);
  if (shard == map.end())
    return invalidError(path, ": no tensor ", quote(name));
  auto open = shards.find(shard->second);
  if (open == shards.end()) {
    Result<SafetensorsFile> file = SafetensorsFile::open(pathOf(shard->second));
    if (!file)
      return file.status().within("shard of tensor ", quote(name), " in ", path);
    open = shards.emplace(shard->second, *std::move(file)).first;
  }
  const TensorEntry *entry = open->second.find(name);
  if (!entry)
    return invalidError(open->second.path(), ": no tensor ", quote(name), ", although ", path,
                        " says so");
  return open->second.view(*entry);
}

static Result<std::unique_ptr<WeightSource>> openIndex(const std::string &path) {
  MOEC_ASSIGN_OR_RETURN(std::string json, readFile(path));
  Result<WeightMap> map = parseCheckpointIndex(json);
  if (!map)
    return map.status().within(path);
  return std::unique_ptr<WeightSource>(std::make_unique<IndexSource>(path, *std::move(map)));
}

static Result<std::unique_ptr<WeightSource>> openFiles(const std::string &place,
                                                       const std::vector<std::string> &paths) {
  auto source = std::make_unique<FilesSource>(place);
  for (const std::string &path : paths) {
    MOEC_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::open(path));
    MOEC_RETURN_IF_ERROR(source->add(std::move(file)));
  }
  return std::unique_ptr<WeightSource>(std::move(source));
}

static Result<std::unique_ptr<WeightSource>> openFolder(const std::string &path) {
  std::vector<std::string> indices, files;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.ends_with(".safetensors.index.json"))
      indices.push_back(at->path().string());
    else if (name.ends_with(".safetensors"))
      files.push_back(at->path().string());
  }
  if (error)
    return invalidError("cannot read folder ", quote(path), ": ", error.message());
  std::sort(indices.begin(), indices.end());
  std::sort(files.begin(), files.end());
  if (indices.size() > 1)
    return invalidError(path, ": wanted one *.safetensors.index.json, found ", indices.size(), ": ",
                        quote(indices[0]), ", ", quote(indices[1]),
                        indices.size() > 2 ? ", ..." : "");
  if (!indices.empty())
    return openIndex(indices[0]);
  if (files.empty())
    return invalidError(path, ": wanted *.safetensors files, found none");
  return openFiles(path, files);
}

Result<std::unique_ptr<WeightSource>> openCheckpoint(const std::string &path) {
  std::error_code error;
  if (fs::is_directory(path, error))
    return openFolder(path);
  return path.ends_with(".json") ? openIndex(path) : openFiles(path, {path});
}

} // namespace moec::rt
