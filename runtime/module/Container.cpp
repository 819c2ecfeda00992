//===- Container.cpp - Sections of a .moex file --------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/Container.h"

#include "runtime/base/Where.h"

#include <algorithm>
#include <cstring>

namespace moec::rt {

using namespace format;

static std::string_view textOf(const SectionName &name) { return {name.data(), name.size()}; }

bool isKnownSection(SectionName name) {
  constexpr std::array known = {manifestSection, planSection, sourcesSection, provenanceSection,
                                kernelsSection,  ptxSection,  cubinSection,   kernelIrSection};
  return std::find(known.begin(), known.end(), name) != known.end();
}

std::optional<std::span<const uint8_t>> Container::section(SectionName name) const {
  for (const SectionEntry &entry : entries)
    if (entry.name == name)
      return section(entry);
  return std::nullopt;
}

static bool isZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

/// All that can be said before the table is read.
static Status checkHeader(const FileHeader &header, uint64_t fileBytes, const Where &where) {
  if (header.magic != magic) {
    std::string_view found = {header.magic.data(), header.magic.size()};
    bool named = found.substr(0, 4) == std::string_view(magic.data(), 4);
    return named ? where.invalid("a transfer in text mode has damaged the file")
                 : invalidError("not a .moex file: it begins with ", quote(found));
  }
  if (header.majorVersion != majorVersion)
    return where.unsupported("wanted container version ", majorVersion, ".x, found ",
                             header.majorVersion, ".", header.minorVersion);
  if (header.flags != 0)
    return where.at("flags").unsupported("wanted 0, found ", header.flags);
  if (header.fileBytes != fileBytes)
    return where.at("file size").invalid("wanted ", header.fileBytes, " bytes, found ", fileBytes);
  if (header.tableOffset != sizeof(FileHeader))
    return where.at("table offset")
        .invalid("wanted ", sizeof(FileHeader), ", found ", header.tableOffset);
  if (header.entryBytes != sizeof(SectionEntry))
    return where.at("entry size")
        .invalid("wanted ", sizeof(SectionEntry), ", found ", header.entryBytes);
  if (header.sectionCount == 0 || header.sectionCount > maxSections)
    return where.at("section count")
        .invalid("wanted 1 to ", maxSections, ", found ", header.sectionCount);
  if (header.reserved != 0)
    return where.at("reserved").invalid("wanted 0, found ", header.reserved);
  uint64_t needed = sizeof(FileHeader) + header.sectionCount * uint64_t(sizeof(SectionEntry));
  if (fileBytes < needed)
    return where.at("section count")
        .invalid(header.sectionCount, " sections want at least ", needed, " bytes, found ",
                 fileBytes);
  return {};
}

/// What an entry says of its section, apart from where it lies.
static Status checkKind(const SectionEntry &entry, const Where &where) {
  if (entry.flags & hostCode)
    return where.unsupported("carries machine code for the host, which moec never loads");
  if (entry.flags & compressed)
    return where.unsupported("is compressed, which this moec cannot read");
  if (entry.flags & ~knownSectionFlags)
    return where.at("flags").unsupported("wanted bits of ", knownSectionFlags, ", found ",
                                         entry.flags);
  if ((entry.flags & required) && !isKnownSection(entry.name))
    return where.unsupported("is required, but this moec does not know it; a newer one made it");
  if (entry.reserved != decltype(entry.reserved){})
    return where.at("reserved")
        .invalid("wanted 0, found ", entry.reserved[0], " and ", entry.reserved[1]);
  return {};
}

/// The section lies right behind the one that ended at `end`.
static Status checkExtent(const SectionEntry &entry, uint64_t end, std::span<const uint8_t> bytes,
                          const Where &where) {
  if (entry.offset != alignedOffset(end))
    return where.at("offset").invalid("wanted ", alignedOffset(end), ", found ", entry.offset);
  if (entry.offset > bytes.size() || entry.storedBytes > bytes.size() - entry.offset)
    return where.at("size").invalid("wanted at most ",
                                    bytes.size() - std::min<uint64_t>(entry.offset, bytes.size()),
                                    " bytes up to the end of the file, found ", entry.storedBytes);
  if (entry.storedBytes == 0)
    return where.at("size").invalid("wanted at least 1 byte, found 0");
  if (entry.fullBytes != entry.storedBytes)
    return where.at("full size").invalid("wanted ", entry.storedBytes, ", found ", entry.fullBytes);
  if (!isZero(bytes.subspan(end, entry.offset - end)))
    return where.invalid("wanted zeros between ", end, " and ", entry.offset,
                         ", found other bytes");
  Hash128 found = hash128(bytes.subspan(entry.offset, entry.storedBytes));
  if (found != entry.hash)
    return where.at("hash").invalid("wanted ", formatHash(entry.hash), ", found ",
                                    formatHash(found));
  return {};
}

static Status checkSections(const Container &container, const Where &root) {
  uint64_t end = sizeof(FileHeader) + container.entries.size() * sizeof(SectionEntry);
  for (size_t i = 0; i < container.entries.size(); ++i) {
    const SectionEntry &entry = container.entries[i];
    Where where = root.at("section", i, textOf(entry.name));
    MOEC_RETURN_IF_ERROR(checkKind(entry, where));
    MOEC_RETURN_IF_ERROR(checkExtent(entry, end, container.bytes, where));
    for (size_t j = 0; j < i && isKnownSection(entry.name); ++j)
      if (container.entries[j].name == entry.name)
        return where.invalid("wanted one section of that name, found section ", j, " too");
    end = entry.offset + entry.storedBytes;
  }
  if (end != container.bytes.size())
    return root.at("file size")
        .invalid("wanted the end of the last section at ", end, ", found ", container.bytes.size());
  return {};
}

Result<Container> readContainer(std::span<const uint8_t> bytes) {
  Where root;
  Where where = root.at("header");
  if (bytes.size() < sizeof(FileHeader))
    return where.invalid("wanted at least ", sizeof(FileHeader), " bytes, found ", bytes.size());
  Container container;
  container.bytes = bytes;
  std::memcpy(&container.header, bytes.data(), sizeof(FileHeader));
  const FileHeader &header = container.header;
  MOEC_RETURN_IF_ERROR(checkHeader(header, bytes.size(), where));
  container.entries.resize(header.sectionCount);
  std::span<const uint8_t> table =
      bytes.subspan(sizeof(FileHeader), header.sectionCount * sizeof(SectionEntry));
  std::memcpy(container.entries.data(), table.data(), table.size());
  Hash128 found = hash128({bytes.first(hashedHeaderBytes), table});
  if (found != header.hash)
    return where.at("hash").invalid("wanted ", formatHash(header.hash), ", found ",
                                    formatHash(found));
  MOEC_RETURN_IF_ERROR(checkSections(container, root));
  return container;
}

} // namespace moec::rt
