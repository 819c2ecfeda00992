//===- Compilation.cpp - One compile, from text to a module's contents ===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Compilation.h"
#include "dialects/comm/CommOps.h"
#include "frontend/driver/Dialects.h"
#include "frontend/import/ir/ImportProgram.h"
#include "frontend/parser/Program.h"
#include "passes/check/ClosedForm.h"
#include "passes/emit/Manifest.h"
#include "passes/scheduling/SerializePlan.h"

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
  frontend::Diagnostic &made = reports.reportText(severity, place(diagnostic.getLocation()), text);
  for (mlir::Diagnostic &note : diagnostic.getNotes()) {
    frontend::Location where = place(note.getLocation());
    where.isValid() ? made.at(where, note.str()) : made.note(note.str());
  }
}

bool Compilation::failed(int exitCode) {
  code = exitCode ? exitCode : 70;
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
  Stopwatch importing;
  module = importProgram(*program, &context);
  addTime("import", importing.seconds());
  return module ? true : failed(reports.exitCode());
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
    if (!isImplemented(next) && next != to)
      continue; // on no way to a module of this target
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

bool Compilation::buildContents(const Provenance &provenance, ModuleContents &contents) {
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
  return true;
}

} // namespace moec::driver
