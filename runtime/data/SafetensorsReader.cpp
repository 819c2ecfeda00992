//===- SafetensorsReader.cpp - Reading safetensors ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/data/Safetensors.h"
#include "runtime/data/SafetensorsHeader.h"

#include <algorithm>

namespace moec::rt {

/// Of the header; the limit of the format's own reader.
static constexpr uint64_t maxHeaderBytes = 100'000'000;

/// The header's text.
static Result<std::string_view> findHeader(std::span<const uint8_t> bytes) {
  if (bytes.size() < 8)
    return invalidError("wanted at least 8 bytes for the length of the header, found ",
                        bytes.size());
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i)
    length |= static_cast<uint64_t>(bytes[i]) << (8 * i);
  if (length > maxHeaderBytes)
    return invalidError("wanted a header of at most ", maxHeaderBytes, " bytes, found a length of ",
                        length);
  if (length > bytes.size() - 8)
    return invalidError("wanted a header of ", length, " bytes, found ", bytes.size() - 8);
  std::string_view text(reinterpret_cast<const char *>(bytes.data()) + 8, length);
  if (!text.starts_with('{'))
    return invalidError("wanted '{' at the start of the header, found ",
                        text.empty() ? std::string("nothing") : quote(text.substr(0, 1)));
  return text;
}

/// One tensor against its own type, shape and the size of the data.
static Status checkEntry(const TensorEntry &entry, uint64_t dataBytes) {
  std::string what = concat(nameOf(entry.type), " ", formatShape(entry.shape));
  std::optional<uint64_t> bytes = bytesOf(entry.type, entry.shape);
  if (!bytes)
    return invalidError("wanted a whole number of bytes below 2^61, found ", what);
  if (entry.begin > entry.end)
    return invalidError("wanted data_offsets that rise, found ",
                        formatShape({entry.begin, entry.end}));
  if (entry.end > dataBytes)
    return invalidError("wanted data_offsets within the ", dataBytes, " bytes of data, found ",
                        formatShape({entry.begin, entry.end}));
  if (entry.end - entry.begin != *bytes)
    return invalidError("wanted ", *bytes, " bytes for ", what, ", found ", entry.end - entry.begin,
                        " in data_offsets ", formatShape({entry.begin, entry.end}));
  return {};
}

/// The tensors fill the data: a byte that belongs to none, or to two, may be meant
/// for another reader.
static Status checkNoHoles(std::vector<const TensorEntry *> entries, uint64_t dataBytes) {
  std::sort(entries.begin(), entries.end(), [](const TensorEntry *a, const TensorEntry *b) {
    return std::tie(a->begin, a->end, a->name) < std::tie(b->begin, b->end, b->name);
  });
  uint64_t end = 0;
  const TensorEntry *previous = nullptr;
  for (const TensorEntry *entry : entries) {
    if (entry->begin < end)
      return invalidError("tensor ", quote(entry->name), " begins at byte ", entry->begin,
                          " of the data, within tensor ", quote(previous->name), " which ends at ",
                          end);
    if (entry->begin > end)
      return invalidError("bytes ", end, " to ", entry->begin,
                          " of the data belong to no tensor, before tensor ", quote(entry->name));
    end = entry->end;
    previous = entry;
  }
  if (end < dataBytes)
    return invalidError("bytes ", end, " to ", dataBytes, " of the data belong to no tensor");
  return {};
}

Result<SafetensorsFile> SafetensorsFile::openMemory(std::span<const uint8_t> bytes,
                                                    const std::string &name) {
  auto fail = [&](const Status &status) { return status.within(name); };
  Result<std::string_view> text = findHeader(bytes);
  if (!text)
    return fail(text.status());
  Result<SafetensorsHeader> header = parseSafetensorsHeader(*text);
  if (!header)
    return fail(header.status());

  SafetensorsFile file;
  file.fileName = name;
  file.data = bytes.subspan(8 + text->size());
  file.meta = std::move(header->metadata);
  file.table = std::move(header->entries);
  std::sort(file.table.begin(), file.table.end(),
            [](const TensorEntry &a, const TensorEntry &b) { return a.name < b.name; });
  std::vector<const TensorEntry *> entries;
  for (const TensorEntry &entry : file.table) {
    if (Status status = checkEntry(entry, file.data.size()); !status.ok())
      return fail(status.within("tensor ", quote(entry.name)));
    entries.push_back(&entry);
  }
  if (Status status = checkNoHoles(std::move(entries), file.data.size()); !status.ok())
    return fail(status);
  return file;
}

Result<SafetensorsFile> SafetensorsFile::open(const std::string &path) {
  MOEC_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::open(path));
  MOEC_ASSIGN_OR_RETURN(SafetensorsFile file, openMemory(mapped.bytes(), path));
  file.file = std::move(mapped); // the mapping does not move, so that `data` stays valid
  return file;
}

const TensorEntry *SafetensorsFile::find(std::string_view name) const {
  auto found = std::lower_bound(
      table.begin(), table.end(), name,
      [](const TensorEntry &entry, std::string_view wanted) { return entry.name < wanted; });
  return found != table.end() && found->name == name ? &*found : nullptr;
}

TensorView SafetensorsFile::view(const TensorEntry &entry) const {
  return {entry.type, entry.shape, data.subspan(entry.begin, entry.end - entry.begin)};
}

} // namespace moec::rt
