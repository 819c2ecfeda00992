//===- Compilation.cpp - One compile, from text to a module's contents ===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Compilation.h"
#include "codegen/nvptx/Nvptx.h"
#include "dialects/comm/CommOps.h"
#include "dialects/moe/MoeDialect.h"
#include "frontend/driver/Dialects.h"
#include "frontend/import/ir/ImportProgram.h"
#include "frontend/parser/Program.h"
#include "passes/check/ClosedForm.h"
#include "passes/emit/Kernels.h"
#include "passes/emit/Manifest.h"
#include "passes/scheduling/SerializePlan.h"
#include "runtime/base/Text.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

namespace moec::driver {

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

static int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Stopwatch::Stopwatch() : start(nanoseconds()) {}
double Stopwatch::seconds() const { return double(nanoseconds() - start) * 1e-9; }

//===----------------------------------------------------------------------===//
// Diagnostics
//===----------------------------------------------------------------------===//

static mlir::DialectRegistry makeRegistry() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  codegen::registerNvptxTranslations(registry);
  return registry;
}

// One module at a time: MLIR's thread pool would cost more than it saves.
Compilation::Compilation() : context(makeRegistry(), mlir::MLIRContext::Threading::DISABLED) {
  context.printOpOnDiagnostic(false); // a place in the source says it better
  context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) {
    report(diagnostic);
    return mlir::success();
  });
}

frontend::Location Compilation::place(mlir::Location location) const {
  plan::Location found = getFileLocation(location);
  const frontend::Sources &sources = reports.sources();
  for (uint32_t file = 0; file < sources.size(); ++file) {
    if (sources.name(file) != found.file || found.line == 0)
      continue;
    frontend::Location place;
    place.file = file;
    place.line = found.line;
    place.column = found.column;
    place.length = 1;
    return place;
  }
  return {};
}

void Compilation::report(mlir::Diagnostic &diagnostic) {
  std::string text = diagnostic.str();
  frontend::Severity severity = frontend::Severity::Error;
  if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning)
    severity = frontend::Severity::Warning;
  else if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
    return; // remarks are for moe-opt
  if (llvm::StringRef(text).starts_with(kUnsupported)) {
    severity = frontend::Severity::Unsupported;
    text = text.substr(llvm::StringRef(kUnsupported).size());
  }
  isBug |=
      severity == frontend::Severity::Error && llvm::StringRef(text).starts_with(kInternalError);
  frontend::Diagnostic &made = reports.reportText(severity, place(diagnostic.getLocation()), text);
  for (mlir::Diagnostic &note : diagnostic.getNotes()) {
    frontend::Location where = place(note.getLocation());
    where.isValid() ? made.at(where, note.str()) : made.note(note.str());
  }
}

bool Compilation::failed(int exitCode) {
  code = exitCode && !isBug ? exitCode : 70;
  return false;
}

//===----------------------------------------------------------------------===//
// The way from text to contents
//===----------------------------------------------------------------------===//

bool Compilation::loadSource(const std::string &path, std::optional<uint32_t> ranks) {
  Stopwatch watch;
  auto program = frontend::parseProgram({path}, {.ranks = ranks}, reports);
  addTime("parse", watch.seconds());
  if (!program)
    return failed(reports.exitCode());
  return loadProgram(*program);
}

bool Compilation::loadProgram(const frontend::Program &program) {
  Stopwatch watch;
  module = importProgram(program, &context);
  addTime("import", watch.seconds());
  return module ? true : failed(reports.exitCode());
}

bool Compilation::setTarget(const std::string &target) {
  auto made = (*module)->getAttrOfType<mlir::StringAttr>(moe::kTargetAttrName);
  if (phase < Phase::FormKernels && target != "cpu") {
    mlir::Builder builder(&context);
    (*module)->setAttr(moe::kTargetAttrName, builder.getStringAttr(target));
    return true;
  }
  if (phase < Phase::FormKernels || target == "cpu" || (made && made == target))
    return true;
  reports.reportText(frontend::Severity::Error, {},
                     rt::concat("--target: wanted IR made for ", target, ", found IR for ",
                                made ? made.str() : "cpu"));
  return failed(1);
}

bool Compilation::loadIr(const std::string &path, Phase at) {
  Stopwatch watch;
  std::string error;
  auto file = reports.sources().read(path, error);
  if (!file) {
    reports.reportText(frontend::Severity::Error, {}, error);
    return failed(1);
  }
  mlir::ParserConfig config(&context);
  module = mlir::parseSourceString<mlir::ModuleOp>(reports.sources().text(*file), config, path);
  phase = at;
  addTime("parse", watch.seconds());
  return module ? true : failed(1);
}

bool Compilation::runTo(Phase to) {
  for (Phase next : allPhases()) {
    if (next <= phase || next > to)
      continue;
    if (needsTarget(next) && !hasTarget()) {
      if (next != to)
        continue;
      reports.reportText(frontend::Severity::Error, {},
                         rt::concat("--emit ", phaseName(to).str(),
                                    ": wanted a target with kernels (--target sm_90a), found cpu"));
      return failed(1);
    }
    Stopwatch watch;
    Outcome outcome = runPhases(*module, phase, next);
    if (outcome != Outcome::Done)
      return failed(static_cast<int>(outcome));
    if (next != Phase::Emit)
      addTime(phaseName(next).str(), watch.seconds());
    phase = next;
  }
  return true;
}

std::string Compilation::printIr() {
  std::string text;
  llvm::raw_string_ostream out(text);
  printModule(*module, out);
  return text;
}

/// In place of PTX that nobody asked for: the format wants one.
static constexpr const char *notAssembled = "// not assembled: for the emulator alone\n";

bool Compilation::hasTarget() { return (*module)->hasAttr(moe::kTargetAttrName); }

bool Compilation::buildKernels(const KernelOptions &options, KernelSet &kernels) {
  if (!hasTarget())
    return true;
  auto built = buildKernelSet(*module);
  if (mlir::failed(built))
    return failed(reports.exitCode());
  kernels = std::move(*built);
  if (!options.assemble) {
    for (Kernel &kernel : kernels.kernels)
      kernel.ptx = notAssembled;
    return true;
  }
  Stopwatch watch;
  auto compiled = codegen::compileKernels(*module, {.arch = kernels.arch});
  addTime("assemble", watch.seconds());
  if (mlir::failed(compiled))
    return failed(reports.exitCode());
  for (codegen::CompiledKernel &made : *compiled)
    for (Kernel &kernel : kernels.kernels)
      if (kernel.name == made.name) {
        kernel.ptx = std::move(made.ptx);
        kernel.cubin = std::move(made.cubin);
        kernel.resources = {made.registers, made.spillBytes, made.codeBytes};
      }
  return true;
}

bool Compilation::buildContents(const Provenance &provenance, ModuleContents &contents,
                                const KernelOptions &kernels) {
  Stopwatch watch;
  auto manifest = buildManifest(*module, provenance.compiler);
  if (mlir::failed(manifest))
    return failed(reports.exitCode());
  contents.manifest = std::move(*manifest);
  auto plans = module->getOps<comm::PlanOp>();
  if (std::distance(plans.begin(), plans.end()) != 1) {
    module->emitError() << "wanted one comm.plan, found "
                        << std::distance(plans.begin(), plans.end());
    return failed(1);
  }
  auto plan = serializePlan(*plans.begin());
  if (mlir::failed(plan))
    return failed(reports.exitCode());
  contents.plan = std::move(*plan);
  for (uint32_t file = 0; file < reports.sources().size(); ++file)
    contents.sources.push_back({reports.sources().name(file), reports.sources().text(file)});
  contents.provenance = provenance;
  addTime("serialise", watch.seconds());
  return buildKernels(kernels, contents.kernels);
}

bool Compilation::buildPlan(plan::Plan &plan, std::optional<Manifest> &manifest) {
  auto plans = module->getOps<comm::PlanOp>();
  if (std::distance(plans.begin(), plans.end()) != 1) {
    module->emitError() << "wanted one comm.plan, found "
                        << std::distance(plans.begin(), plans.end());
    return failed(1);
  }
  auto serialized = serializePlan(*plans.begin());
  if (mlir::failed(serialized))
    return failed(reports.exitCode());
  plan = std::move(*serialized);
  if (!(*plans.begin())->hasAttr(moe::kLayerAttrName))
    return true;
  auto built = buildManifest(*module, "");
  if (mlir::failed(built))
    return failed(reports.exitCode());
  manifest = std::move(*built);
  return true;
}

} // namespace moec::driver
