//===- Module.cpp - A .moex file, read and checked -----------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/module/Module.h"

#include "runtime/base/File.h"
#include "runtime/module/CheckKernels.h"
#include "runtime/module/CheckManifest.h"
#include "runtime/module/Container.h"
#include "runtime/module/KernelsReader.h"
#include "runtime/module/ManifestReader.h"
#include "runtime/module/SourcesReader.h"
#include "runtime/plan/PlanReader.h"

#include <cstring>
#include <memory>

namespace moec::rt {

using namespace format;

/// The bytes of a section, empty where it is not there; no section is empty.
static Result<std::span<const uint8_t>> sectionBytes(const Container &container, SectionName name) {
  std::optional<std::span<const uint8_t>> bytes = container.section(name);
  if (bytes && bytes->size() > maxDecodedBytes)
    return invalidError(std::string_view(name.data(), name.size()), ": wanted at most ",
                        maxDecodedBytes, " bytes, found ", bytes->size());
  return bytes.value_or(std::span<const uint8_t>());
}

/// `read` on the bytes of a section, into `out`; messages begin with its name. A
/// section that is not there leaves `out` alone, unless it is `needed`.
template <typename T>
static Status decodeSection(const Container &container, SectionName name, bool needed,
                            Result<T> (*read)(std::span<const uint8_t>), T &out) {
  std::string_view word(name.data(), name.size());
  auto bytes = sectionBytes(container, name);
  if (!bytes)
    return bytes.status();
  if (bytes->empty())
    return needed ? invalidError("wanted a section ", quote(word), ", found none") : Status();
  Result<T> content = read(*bytes);
  if (!content)
    return content.status().within(word);
  out = *std::move(content);
  return {};
}

static Status decodeKernels(const Container &container, KernelSet &out) {
  KernelSections sections;
  MOEC_ASSIGN_OR_RETURN(sections.table, sectionBytes(container, kernelsSection));
  MOEC_ASSIGN_OR_RETURN(sections.ptx, sectionBytes(container, ptxSection));
  MOEC_ASSIGN_OR_RETURN(sections.cubin, sectionBytes(container, cubinSection));
  MOEC_ASSIGN_OR_RETURN(sections.ir, sectionBytes(container, kernelIrSection));
  MOEC_ASSIGN_OR_RETURN(out, readKernels(sections));
  return {};
}

static Status decodeContents(const Container &container, ModuleContents &out) {
  MOEC_RETURN_IF_ERROR(decodeSection(container, manifestSection, true, readManifest, out.manifest));
  MOEC_RETURN_IF_ERROR(decodeSection(container, planSection, true, plan::readPlan, out.plan));
  MOEC_RETURN_IF_ERROR(decodeSection(container, sourcesSection, false, readSources, out.sources));
  MOEC_RETURN_IF_ERROR(
      decodeSection(container, provenanceSection, false, readProvenance, out.provenance));
  MOEC_RETURN_IF_ERROR(checkAgreement(out.manifest, out.plan));
  MOEC_RETURN_IF_ERROR(decodeKernels(container, out.kernels));
  return checkKernels(out);
}

static std::vector<SectionInfo> describe(const std::vector<SectionEntry> &entries) {
  std::vector<SectionInfo> table;
  for (const SectionEntry &entry : entries)
    table.push_back({std::string(entry.name.data(), entry.name.size()),
                     (entry.flags & required) != 0, isKnownSection(entry.name), entry.offset,
                     entry.storedBytes, formatHash(entry.hash)});
  return table;
}

Result<Module> Module::openMemory(std::span<const uint8_t> bytes, const std::string &name) {
  // The decoders read 8-byte numbers in place.
  std::unique_ptr<uint64_t[]> aligned;
  if (reinterpret_cast<uintptr_t>(bytes.data()) % alignof(uint64_t) != 0) {
    aligned = std::make_unique<uint64_t[]>(bytes.size() / sizeof(uint64_t) + 1);
    std::memcpy(aligned.get(), bytes.data(), bytes.size());
    bytes = {reinterpret_cast<const uint8_t *>(aligned.get()), bytes.size()};
  }
  Result<Container> container = readContainer(bytes);
  if (!container)
    return container.status().within("module ", quote(name));
  Module module;
  module.moduleName = name;
  module.containerVersion = {container->header.majorVersion, container->header.minorVersion};
  module.size = bytes.size();
  module.table = describe(container->entries);
  if (Status status = decodeContents(*container, module.contents); !status.ok())
    return status.within("module ", quote(name));
  return module;
}

Result<Module> Module::open(const std::string &path) {
  MOEC_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
  return openMemory(file.bytes(), path);
}

} // namespace moec::rt
