//===- Layout.cpp - Sections into a file ---------------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/module/Layout.h"

#include <cstring>

namespace moec::codegen {

using namespace rt::format;

std::vector<Section> encodeSections(const ModuleContents &contents) {
  std::vector<Section> sections;
  sections.push_back({manifestSection, required, encodeManifest(contents.manifest)});
  sections.push_back({planSection, required, encodePlan(contents.plan)});
  if (!contents.sources.empty())
    sections.push_back({sourcesSection, 0, encodeSources(contents.sources)});
  if (!contents.provenance.compiler.empty())
    sections.push_back({provenanceSection, 0, encodeProvenance(contents.provenance)});
  const KernelSet &kernels = contents.kernels;
  if (kernels == KernelSet())
    return sections;
  sections.push_back({kernelsSection, 0, encodeKernels(kernels)});
  if (Bytes ptx = encodePtx(kernels); !ptx.empty())
    sections.push_back({ptxSection, 0, std::move(ptx)});
  if (Bytes cubins = encodeCubins(kernels); !cubins.empty())
    sections.push_back({cubinSection, 0, std::move(cubins)});
  if (!kernels.ir.empty())
    sections.push_back({kernelIrSection, 0, kernels.ir});
  return sections;
}

Bytes layOut(const std::vector<Section> &sections) {
  size_t tableBytes = sections.size() * sizeof(SectionEntry);
  std::vector<SectionEntry> table;
  uint64_t end = sizeof(FileHeader) + tableBytes;
  for (const Section &section : sections) {
    uint64_t offset = alignedOffset(end);
    table.push_back({section.name,
                     section.flags,
                     offset,
                     section.bytes.size(),
                     section.bytes.size(),
                     rt::hash128(section.bytes),
                     {}});
    end = offset + section.bytes.size();
  }

  FileHeader header = {.magic = magic,
                       .majorVersion = majorVersion,
                       .minorVersion = minorVersion,
                       .flags = 0,
                       .fileBytes = end,
                       .tableOffset = sizeof(FileHeader),
                       .sectionCount = static_cast<uint32_t>(sections.size()),
                       .entryBytes = sizeof(SectionEntry),
                       .reserved = 0,
                       .hash = {}};
  Bytes file(end, 0);
  std::memcpy(file.data() + sizeof(FileHeader), table.data(), tableBytes);
  std::memcpy(file.data(), &header, sizeof(FileHeader));
  std::span<const uint8_t> bytes = file;
  header.hash =
      rt::hash128({bytes.first(hashedHeaderBytes), bytes.subspan(sizeof(FileHeader), tableBytes)});
  std::memcpy(file.data(), &header, sizeof(FileHeader));
  for (size_t i = 0; i < sections.size(); ++i)
    std::memcpy(file.data() + table[i].offset, sections[i].bytes.data(), sections[i].bytes.size());
  return file;
}

} // namespace moec::codegen
