//===- CompiledModule.cpp - Modules with kernels, compiled here ------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MOEC_CONFORMANCE_SAVE=FOLDER writes every module there, for a machine that has a
// GPU and no compiler; without it nothing is assembled.
//===----------------------------------------------------------------------===//

#include "codegen/module/ModuleWriter.h"
#include "frontend/driver/Compilation.h"
#include "frontend/parser/Program.h"
#include "frontend/parser/Sources.h"
#include "runtime/base/File.h"
#include "test/conformance/ModuleRun.h"

#include <cstdlib>
#include <map>

namespace moec::test {

/// What the front end would have made of the sample's source.
static frontend::Program programOf(const Layer &layer, const Arrangement &arrangement) {
  frontend::Program program;
  program.sources = std::make_shared<frontend::Sources>();
  program.mesh.name = "sample";
  uint32_t ranks = static_cast<uint32_t>(arrangement.placement.slots.size());
  program.mesh.axes.push_back({.name = "ep", .size = ranks, .link = "", .location = {}});
  program.layer = layer;
  program.placement.rule = frontend::PlacementRule::None;
  for (uint32_t rank = 0; rank < ranks; ++rank)
    program.placement.lists.push_back({rank, arrangement.placement.slots[rank], {}});
  program.schedule.window = arrangement.window;
  program.schedule.depth = arrangement.depth;
  if (arrangement.maxTokensPerRank)
    program.schedule.maxTokensPerRank = arrangement.maxTokensPerRank;
  return program;
}

static std::vector<uint8_t> compile(const Layer &layer, const Arrangement &arrangement,
                                    bool assemble) {
  driver::Compilation compilation;
  ModuleContents contents;
  bool done = compilation.loadProgram(programOf(layer, arrangement)) &&
              compilation.setTarget("sm_90a") && compilation.runTo(Phase::Emit) &&
              compilation.buildContents({}, contents, {.assemble = assemble});
  if (!done)
    throw Error(MOEC_INTERNAL, frontend::renderText(compilation.diagnostics()));
  contents.manifest.placement.turns = arrangement.placement.turns; // kernels do not depend on them
  auto bytes = codegen::encodeModule(contents);
  if (!bytes)
    throw Error(MOEC_INTERNAL, bytes.status().message());
  return *std::move(bytes);
}

std::vector<uint8_t> kernelModule(const Layer &layer, const Arrangement &arrangement) {
  static std::map<std::string, std::vector<uint8_t>> made;
  std::string name = moduleFileName(layer, arrangement);
  if (auto found = made.find(name); found != made.end())
    return found->second;
  const char *folder = std::getenv("MOEC_CONFORMANCE_SAVE");
  std::vector<uint8_t> bytes = compile(layer, arrangement, folder != nullptr);
  if (folder) {
    rt::Status status = rt::writeFileAtomically(std::string(folder) + "/" + name, std::span(bytes));
    if (!status.ok())
      throw Error(MOEC_INVALID, status.message());
  }
  return made[name] = std::move(bytes);
}

} // namespace moec::test
