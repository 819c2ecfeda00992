//===- InspectText.cpp - A module for people -----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/base/Hash.h"
#include "runtime/module/Inspect.h"
#include "runtime/module/KernelsText.h"
#include "runtime/module/LayerText.h"
#include "runtime/module/Names.h"
#include "runtime/module/TextTable.h"
#include "runtime/module/WeightRoles.h"
#include "runtime/plan/PlanText.h"

#include <algorithm>

namespace moec::rt {

static std::string sectionsText(const Module &module) {
  TextTable table({false, false, true, true, false});
  for (const SectionInfo &section : module.sections())
    table.row({section.name,
               section.required ? "required"
               : section.known  ? "optional"
                                : "skipped",
               concat(section.bytes, " bytes"), concat("at ", section.offset),
               concat("xxh3 ", section.hash)});
  return "sections\n" + table.text();
}

// --- Placement ---------------------------------------------------------------

/// "0-7, 12, 16-17".
static std::string rangesText(const std::vector<uint32_t> &numbers) {
  std::string out;
  for (size_t i = 0; i < numbers.size();) {
    size_t end = i + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1)
      ++end;
    out += concat(i ? ", " : "", numbers[i]);
    if (end - i > 1)
      out += concat("-", numbers[end - 1]);
    i = end;
  }
  return out;
}

static std::string replicasText(const Placement &placement, uint32_t experts) {
  std::vector<uint32_t> copies(experts, 0);
  for (const std::vector<uint32_t> &slots : placement.slots)
    for (uint32_t expert : slots)
      ++copies[expert];
  std::vector<uint32_t> replicated;
  for (uint32_t expert = 0; expert < experts; ++expert)
    if (copies[expert] > 1)
      replicated.push_back(expert);
  if (replicated.empty())
    return "";
  const char *turns = placement.turns.empty() ? "" : ", in turns of their own for each source";
  return concat(", replicated: ", rangesText(replicated), turns);
}

static std::string placementText(const Manifest &manifest) {
  constexpr size_t maxRows = 64;
  const std::vector<std::vector<uint32_t>> &slots = manifest.placement.slots;
  std::string out = concat("placement of ", manifest.layer.experts,
                           manifest.layer.experts == 1 ? " expert on " : " experts on ",
                           manifest.ranks, manifest.ranks == 1 ? " rank" : " ranks",
                           replicasText(manifest.placement, manifest.layer.experts), "\n");
  TextTable table({true, true, false});
  for (size_t rank = 0; rank < std::min(slots.size(), maxRows); ++rank)
    table.row({concat("rank ", rank), concat(slots[rank].size()), rangesText(slots[rank])});
  out += table.text();
  if (slots.size() > maxRows)
    out += concat("  and ", slots.size() - maxRows, " more ranks (--json lists all)\n");
  return out;
}

// --- Weights -----------------------------------------------------------------

/// "[4, 16]"
static std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += concat(i ? ", " : "", shape[i]);
  return text + "]";
}

/// "[32, 2880, 5760], transposed, rows 0, 2, .. of 2": where the weight is not the whole tensor.
static std::string layoutText(const WeightName &weight, const Layer &layer) {
  const WeightLayout &layout = weight.layout;
  if (layout == WeightLayout())
    return "";
  std::string text = concat("  in ", shapeText(storedShape(weight, layer)));
  if (layout.transposed)
    text += ", transposed";
  if (layout.parts > 1)
    text += concat(", part ", layout.part, " of ", layout.parts,
                   layout.interleaved ? " interleaved" : "");
  return text;
}

static uint64_t expertBytes(const Layer &layer) {
  uint64_t elements = 0;
  for (WeightRole role : rolesOf(layer)) {
    std::vector<int64_t> shape = shapeOf(role, layer);
    uint64_t columns = shape.size() > 1 ? static_cast<uint64_t>(shape[1]) : 1;
    elements += isExpertRole(role) ? static_cast<uint64_t>(shape[0]) * columns : 0;
  }
  return elements * (layer.weightsType == DType::F32 ? 4 : 2);
}

static std::string weightsText(const Layer &layer) {
  TextTable table({false, false, false});
  for (const WeightName &weight : layer.weights)
    table.row({nameOf(weight.role), shapeText(shapeOf(weight.role, layer)),
               weight.name + layoutText(weight, layer)});
  return concat("weights, ", formatBytes(expertBytes(layer)), " an expert, ",
                formatBytes(expertBytes(layer) * layer.experts), " all experts\n") +
         table.text();
}

// --- The rest ----------------------------------------------------------------

static std::string sourcesText(const std::vector<SourceFile> &sources) {
  if (sources.empty())
    return "";
  TextTable table({false, true, false});
  for (const SourceFile &source : sources) {
    std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(source.text.data()),
                                   source.text.size());
    table.row({printable(source.name), concat(source.text.size(), " bytes"),
               concat("xxh3 ", formatHash(hash128(bytes)))});
  }
  return "\nsources\n" + table.text();
}

static std::string provenanceText(const Provenance &provenance) {
  if (provenance.compiler.empty())
    return "";
  std::string out = concat("\nmade by ", provenance.compiler);
  for (size_t i = 0; i < provenance.options.size(); ++i)
    out += concat(i ? ", " : " with ", printable(provenance.options[i].name), " = ",
                  printable(provenance.options[i].value));
  return out + "\n";
}

static std::string kernelsText(const Module &module) {
  const KernelSet &kernels = module.kernels();
  if (kernels.arch.empty())
    return "";
  return concat("\nkernels for ", kernels.arch, ", form ", kernels.form, "\n") +
         kernelTable(kernels) + launchTable(kernels, module.plan());
}

static std::string orNone(const std::string &name) {
  return name.empty() ? "(none)" : printable(name);
}

std::string inspectText(const Module &module) {
  const Manifest &manifest = module.manifest();
  ModuleVersion version = module.version();
  std::string tokens = manifest.maxTokensPerRank == 0
                           ? "tokens a rank chosen when a session is made"
                           : concat("at most ", manifest.maxTokensPerRank, " tokens a rank");
  return concat(printable(module.name()), ": moex ", version.major, ".", version.minor, ", ",
                module.fileBytes(), " bytes\n\n") +
         sectionsText(module) +
         concat("\nlayer ", manifest.layer.name, " from ", orNone(manifest.source), "\n") +
         layerText(manifest.layer, module.plan().sumTree) +
         concat("\nmachine ", orNone(manifest.machine), ", mesh ", orNone(manifest.mesh),
                ", target ", manifest.target, ", ", manifest.ranks,
                manifest.ranks == 1 ? " rank, " : " ranks, ", tokens, "\n\n") +
         placementText(manifest) + "\n" + weightsText(manifest.layer) + "\n" +
         plan::planText(module.plan()) + kernelsText(module) + sourcesText(module.sources()) +
         provenanceText(module.provenance());
}

} // namespace moec::rt
