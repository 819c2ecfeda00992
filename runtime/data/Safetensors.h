//===- Safetensors.h - Reading and writing safetensors ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file is a 64-bit length, a JSON header of that length and the data. The
// reader trusts none of it (README.md lists the checks) and maps the file, so
// that only the tensors that are looked at are read from the disk.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_DATA_SAFETENSORS_H
#define MOEC_RUNTIME_DATA_SAFETENSORS_H

#include "runtime/base/File.h"
#include "runtime/base/Status.h"
#include "runtime/data/Tensor.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moec::rt {

using Metadata = std::map<std::string, std::string>;

/// What the header says of one tensor.
struct TensorEntry {
  std::string name;
  ElementType type = ElementType::F32;
  Shape shape;
  uint64_t begin = 0, end = 0; ///< in bytes from the start of the data
};

/// A checked file. Immutable; may be read from any thread. Move-only.
class SafetensorsFile {
public:
  static Result<SafetensorsFile> open(const std::string &path);
  /// `bytes` must outlive the object; `name` is for messages.
  static Result<SafetensorsFile> openMemory(std::span<const uint8_t> bytes,
                                            const std::string &name);

  const std::string &path() const { return fileName; }
  const Metadata &metadata() const { return meta; }
  /// In the order of their names.
  const std::vector<TensorEntry> &entries() const { return table; }
  /// Null where the file has no such tensor.
  const TensorEntry *find(std::string_view name) const;
  /// The tensor's place in the mapped file; lives as long as this object.
  TensorView view(const TensorEntry &entry) const;

private:
  SafetensorsFile() = default;

  std::string fileName;
  MappedFile file;
  std::span<const uint8_t> data; ///< behind the header
  std::vector<TensorEntry> table;
  Metadata meta;
};

/// Writes a file piece by piece; it comes into being at commit(). The same tensors
/// give the same bytes: wide element types first, so that all data is aligned,
/// then by name; the data begins at a multiple of 64.
class SafetensorsWriter {
public:
  static Result<SafetensorsWriter> create(const std::string &path, std::vector<TensorSpec> tensors,
                                          const Metadata &metadata = {});

  /// The order in which the data must come.
  const std::vector<TensorSpec> &order() const { return tensors; }
  /// The next bytes; a tensor may come in several pieces.
  Status append(std::span<const uint8_t> bytes);
  /// Internal, where more or fewer bytes came than the tensors have.
  Status commit();

private:
  explicit SafetensorsWriter(AtomicFile file) : file(std::move(file)) {}

  AtomicFile file;
  std::vector<TensorSpec> tensors;
  uint64_t missing = 0; ///< bytes still to come
};

struct NamedTensor {
  std::string name;
  TensorView view;
};
Status writeSafetensors(const std::string &path, const std::vector<NamedTensor> &tensors,
                        const Metadata &metadata = {});

} // namespace moec::rt

#endif // MOEC_RUNTIME_DATA_SAFETENSORS_H
