//===- ContainerBreakages.cpp - Broken headers, tables and buffers -------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Layout.h"
#include "runtime/module/manifest_generated.h"
#include "runtime/plan/plan_generated.h"
#include "test/runtime/module/Breakages.h"
#include "test/runtime/module/Sample.h"

#include <algorithm>
#include <cstring>

namespace moec::test {

using namespace rt::format;
using codegen::Section;

std::vector<Breakage> allBreakages() {
  std::vector<Breakage> all = containerBreakages();
  for (const auto &more : {manifestBreakages(), planBreakages(), kernelBreakages()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string expectedText(const rt::Status &status) {
  return rt::concat("exit ", status.exitCode(), "\n", status.message(), "\n");
}

void rehash(Bytes &file) {
  if (file.size() < sizeof(FileHeader))
    return;
  FileHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  size_t room = (file.size() - sizeof(FileHeader)) / sizeof(SectionEntry);
  size_t count = std::min<size_t>(header.sectionCount, room);
  std::span<uint8_t> bytes = file;
  for (size_t i = 0; i < count; ++i) {
    uint8_t *at = file.data() + sizeof(FileHeader) + i * sizeof(SectionEntry);
    SectionEntry entry;
    std::memcpy(&entry, at, sizeof(entry));
    if (entry.offset > file.size() || entry.storedBytes > file.size() - entry.offset)
      continue;
    entry.hash = rt::hash128(bytes.subspan(entry.offset, entry.storedBytes));
    std::memcpy(at, &entry, sizeof(entry));
  }
  header.hash = rt::hash128({bytes.first(hashedHeaderBytes),
                             bytes.subspan(sizeof(FileHeader), count * sizeof(SectionEntry))});
  std::memcpy(file.data(), &header, sizeof(header));
}

namespace {

/// Two ranks, no sources, no provenance: MANF at 192, PLAN behind it.
ModuleContents smallContents() {
  ModuleContents contents = sampleContents(sampleLayer(), 2);
  contents.sources.clear();
  contents.provenance = {};
  return contents;
}

std::vector<Section> smallSections() { return codegen::encodeSections(smallContents()); }
Bytes smallFile() { return codegen::layOut(smallSections()); }

/// The good file with its bytes changed, and its hashes left as they were.
std::function<Bytes()> bytes(std::function<void(Bytes &)> change) {
  return [change = std::move(change)] {
    Bytes file = smallFile();
    change(file);
    return file;
  };
}

/// The good file with another header, hashed again.
std::function<Bytes()> header(std::function<void(FileHeader &)> change) {
  return bytes([change = std::move(change)](Bytes &file) {
    FileHeader header;
    std::memcpy(&header, file.data(), sizeof(header));
    change(header);
    std::memcpy(file.data(), &header, sizeof(header));
    rehash(file);
  });
}

/// The good file with another entry for PLAN, hashed again.
std::function<Bytes()> planEntry(std::function<void(SectionEntry &)> change) {
  return bytes([change = std::move(change)](Bytes &file) {
    uint8_t *at = file.data() + sizeof(FileHeader) + sizeof(SectionEntry);
    SectionEntry entry;
    std::memcpy(&entry, at, sizeof(entry));
    change(entry);
    std::memcpy(at, &entry, sizeof(entry));
    rehash(file);
  });
}

/// A file of other sections.
std::function<Bytes()> sections(std::function<void(std::vector<Section> &)> change) {
  return [change = std::move(change)] {
    std::vector<Section> sections = smallSections();
    change(sections);
    return codegen::layOut(sections);
  };
}

template <typename Root>
Bytes finished(flatbuffers::FlatBufferBuilder &builder, flatbuffers::Offset<Root> root,
               const char *identifier) {
  builder.Finish(root, identifier);
  return Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

/// A plan that says that a reader must know of `feature`.
Bytes planWithFeature(const char *feature) {
  flatbuffers::FlatBufferBuilder builder;
  auto features = builder.CreateVectorOfStrings({feature});
  wire::PlanBuilder plan(builder);
  plan.add_features(features);
  return finished(builder, plan.Finish(), wire::PlanIdentifier());
}

Bytes manifestWithFeature(const char *feature) {
  flatbuffers::FlatBufferBuilder builder;
  auto features = builder.CreateVectorOfStrings({feature});
  wire::ManifestBuilder manifest(builder);
  manifest.add_features(features);
  return finished(builder, manifest.Finish(), wire::ManifestIdentifier());
}

Bytes manifestWithoutLayer() {
  flatbuffers::FlatBufferBuilder builder;
  auto target = builder.CreateString("cpu");
  wire::ManifestBuilder manifest(builder);
  manifest.add_target(target);
  return finished(builder, manifest.Finish(), wire::ManifestIdentifier());
}

/// A plan of as many flags as asked for, all of them the same table.
Bytes planWithSharedTables(size_t count) {
  flatbuffers::FlatBufferBuilder builder;
  auto flag = wire::CreateFlag(builder);
  std::vector<flatbuffers::Offset<wire::Flag>> flags(count, flag);
  auto list = builder.CreateVector(flags);
  wire::PlanBuilder plan(builder);
  plan.add_flags(list);
  return finished(builder, plan.Finish(), wire::PlanIdentifier());
}

} // namespace

static std::vector<Breakage> headerBreakages() {
  return {
      {"file-empty", bytes([](Bytes &file) { file.clear(); })},
      {"file-shorter-than-header", bytes([](Bytes &file) { file.resize(63); })},
      {"file-cut", bytes([](Bytes &file) { file.pop_back(); })},
      {"file-with-trailing-byte", bytes([](Bytes &file) { file.push_back(0); })},
      {"header-magic", header([](FileHeader &h) { h.magic[0] = 'X'; })},
      {"header-magic-in-text-mode", bytes([](Bytes &file) { file.erase(file.begin() + 4); })},
      {"header-major-version", header([](FileHeader &h) { h.majorVersion = 3; })},
      {"header-flags", header([](FileHeader &h) { h.flags = 1; })},
      {"header-table-offset", header([](FileHeader &h) { h.tableOffset = 128; })},
      {"header-entry-bytes", header([](FileHeader &h) { h.entryBytes = 32; })},
      {"header-no-sections", header([](FileHeader &h) { h.sectionCount = 0; })},
      {"header-too-many-sections", header([](FileHeader &h) { h.sectionCount = 65; })},
      {"header-sections-outside", bytes([](Bytes &file) {
         file.resize(sizeof(FileHeader) + sizeof(SectionEntry));
         FileHeader header;
         std::memcpy(&header, file.data(), sizeof(header));
         header.fileBytes = file.size(); // room for one entry of two
         std::memcpy(file.data(), &header, sizeof(header));
       })},
      {"header-reserved", header([](FileHeader &h) { h.reserved = 1; })},
      {"header-hash", bytes([](Bytes &file) { file[72] ^= 1; })},
  };
}

static std::vector<Breakage> sectionBreakages() {
  return {
      {"section-host-code", planEntry([](SectionEntry &e) { e.flags |= hostCode; })},
      {"section-compressed", planEntry([](SectionEntry &e) { e.flags |= compressed; })},
      {"section-unknown-flag", planEntry([](SectionEntry &e) { e.flags |= 8; })},
      {"section-unknown-required",
       sections([](auto &s) { s.push_back({{'N', 'E', 'W', '\n'}, required, {1}}); })},
      {"section-reserved", planEntry([](SectionEntry &e) { e.reserved[1] = 7; })},
      {"section-overlap", planEntry([](SectionEntry &e) { e.offset -= 64; })},
      {"section-hole", planEntry([](SectionEntry &e) { e.offset += 64; })},
      {"section-misaligned", planEntry([](SectionEntry &e) { e.offset += 8; })},
      {"section-outside", planEntry([](SectionEntry &e) { e.storedBytes += 64; })},
      {"section-size-overflow", planEntry([](SectionEntry &e) { e.storedBytes = UINT64_MAX; })},
      {"section-empty", planEntry([](SectionEntry &e) { e.storedBytes = e.fullBytes = 0; })},
      {"section-full-size", planEntry([](SectionEntry &e) { e.fullBytes = 1; })},
      {"section-too-short", planEntry([](SectionEntry &e) {
         e.storedBytes -= 1;
         e.fullBytes -= 1;
       })},
      {"section-padding", bytes([](Bytes &file) {
         std::vector<Section> good = smallSections();
         file[192 + good[0].bytes.size()] = 1; // right behind MANF
       })},
      {"section-hash", bytes([](Bytes &file) { file[192] ^= 1; })},
      {"section-twice", sections([](auto &s) { s.push_back(s[1]); })},
      {"section-no-plan", sections([](auto &s) { s.pop_back(); })},
      {"section-no-manifest", sections([](auto &s) { s.erase(s.begin()); })},
      {"manifest-identifier", sections([](auto &s) { s[0].bytes = s[1].bytes; })},
      {"manifest-tiny", sections([](auto &s) { s[0].bytes = {1, 2, 3}; })},
      {"manifest-root-outside", sections([](auto &s) { s[0].bytes[2] = 0xff; })},
      {"manifest-feature", sections([](auto &s) { s[0].bytes = manifestWithFeature("gelu-erf"); })},
      {"manifest-no-layer", sections([](auto &s) { s[0].bytes = manifestWithoutLayer(); })},
      {"plan-feature", sections([](auto &s) { s[1].bytes = planWithFeature("rings"); })},
      {"plan-too-many-flags", sections([](auto &s) { s[1].bytes = planWithSharedTables(1025); })},
  };
}

std::vector<Breakage> containerBreakages() {
  std::vector<Breakage> all = headerBreakages();
  std::vector<Breakage> more = sectionBreakages();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

} // namespace moec::test
