//===- Compilation.cpp - One compile, from text to a module's contents ===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "frontend/driver/Compilation.h"
#include "codegen/nvptx/Nvptx.h"
#include "dialects/comm/CommOps.h"
#include "dialects/moe/LayerAttr.h"
#include "dialects/moe/MoeOps.h"
#include "dialects/tile/TileOps.h"
#include "frontend/driver/Dialects.h"
#include "frontend/driver/IrText.h"
#include "frontend/import/ir/ImportProgram.h"
#include "frontend/parser/FileKind.h"
#include "frontend/parser/Program.h"
#include "passes/check/ClosedForm.h"
#include "passes/emit/Kernels.h"
#include "passes/emit/Manifest.h"
#include "passes/placement/LayerLoad.h"
#include "passes/scheduling/SerializePlan.h"
#include "runtime/base/Text.h"
#include "runtime/module/CheckManifest.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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
  plan::Location found = getFileLocation(placeInText(location));
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

/// What IR says of where an op is from, beside the place where it stands; none: nothing.
static std::optional<plan::Location> findOrigin(mlir::Location location) {
  plan::Location said = getFileLocation(location);
  bool isOther = !said.file.empty() && said != getFileLocation(placeInText(location));
  return isOther ? std::optional(said) : std::nullopt;
}

std::string originText(const plan::Location &origin) {
  return rt::concat("from ", rt::printable(origin.file), ":", origin.line, ":", origin.column);
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
  if (std::optional<plan::Location> origin = findOrigin(diagnostic.getLocation()))
    made.note(originText(*origin));
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

bool Compilation::loadSource(const std::string &path, std::optional<uint32_t> ranks,
                             const std::string &schedule) {
  return loadSource(path, {.ranks = ranks, .schedule = schedule});
}

bool Compilation::loadSource(const std::string &path, const frontend::ParseOptions &options) {
  Stopwatch watch;
  auto program = frontend::parseProgram({path}, options, reports);
  addTime("parse", watch.seconds());
  if (!program)
    return failed(reports.exitCode());
  return loadProgram(*program);
}

std::optional<LoadProblem> Compilation::loadProblem(const LoadWish &wish) {
  auto problem = loadProblemOf(*module->getOps<moe::LayerOp>().begin(), wish);
  if (llvm::succeeded(problem))
    return *std::move(problem);
  failed(reports.exitCode());
  return std::nullopt;
}

Placement Compilation::placement() {
  return moe::toPlacement((*module->getOps<moe::LayerOp>().begin()).getPlacementAttr());
}

/// Kernels are staggered puts of rows.
static std::pair<std::string, frontend::Location>
findScheduleWithoutKernels(const frontend::ScheduleRequest &schedule) {
  switch (schedule.algorithm) {
  case frontend::Algorithm::Auto:
  case frontend::Algorithm::Staggered:
    break;
  case frontend::Algorithm::TwoTier:
    return {"algorithm two_tier", schedule.algorithmLocation};
  case frontend::Algorithm::Multicast:
    return {"algorithm multicast", schedule.algorithmLocation};
  case frontend::Algorithm::Staged:
    return {"algorithm staged", schedule.algorithmLocation};
  case frontend::Algorithm::Birkhoff:
    return {"algorithm birkhoff", schedule.algorithmLocation};
  }
  if (schedule.pipelinesExperts)
    return {"pipeline experts", schedule.pipelineLocation};
  if (schedule.ratesBySize.value_or(false))
    return {"rates sizes", schedule.ratesLocation};
  if (schedule.copyEngine.value_or(false))
    return {"engine copy", schedule.engineLocation};
  switch (schedule.combine) {
  case frontend::Combine::Rows:
    break;
  case frontend::Combine::Partial:
    return {"combine partial", schedule.combineLocation};
  case frontend::Combine::Switch:
    return {"combine switch", schedule.combineLocation};
  }
  return {};
}

bool Compilation::loadProgram(const frontend::Program &program) {
  Stopwatch watch;
  if (program.machine) {
    facts.machine = program.machine->name;
    facts.arch = program.machine->arch;
  }
  facts.machinePlace = program.mesh.location;
  facts.bf16Tokens = program.layer.tokensType == DType::BF16;
  facts.bf16Weights = program.layer.weightsType == DType::BF16;
  facts.layerPlace = program.locations.layer;
  facts.tokensPlace = program.locations.tokensType;
  facts.weightsPlace = program.locations.weightsType;
  std::tie(facts.schedule, facts.schedulePlace) = findScheduleWithoutKernels(program.schedule);
  module = importProgram(program, &context);
  addTime("import", watch.seconds());
  return module ? true : failed(reports.exitCode());
}

std::string Compilation::target() {
  auto made = (*module)->getAttrOfType<mlir::StringAttr>(moe::kTargetAttrName);
  return made ? made.str() : "cpu";
}

bool Compilation::checkMachine(const std::string &target) {
  // What is made for sm_90a runs on every H100 and H200, which some call sm_90.
  if (facts.arch.empty() || facts.arch == target || facts.arch + "a" == target)
    return true;
  reports.report(frontend::DiagnosticId::ArchOfAnotherTarget, facts.machinePlace,
                 {facts.machine, facts.arch, target});
  return failed(1);
}

bool Compilation::checkKernelTypes() {
  auto refuse = [&](const char *what, frontend::Location place) {
    reports.report(frontend::DiagnosticId::TypeWithoutKernels,
                   place.isValid() ? place : facts.layerPlace, {what, "f32"});
    return failed(2);
  };
  if (!facts.bf16Tokens)
    return refuse("tokens", facts.tokensPlace);
  return facts.bf16Weights || refuse("weights", facts.weightsPlace);
}

bool Compilation::checkKernelSchedule() {
  if (facts.schedule.empty())
    return true;
  reports.report(frontend::DiagnosticId::ScheduleWithoutKernels, facts.schedulePlace,
                 {facts.schedule});
  return failed(2);
}

bool Compilation::setTarget(const std::string &wanted, bool holdsMachine) {
  std::string made = target();
  if (wanted.empty() || wanted == made)
    return true;
  if (phase >= Phase::FormKernels) {
    reports.report(frontend::DiagnosticId::IrForAnotherTarget, place((*module)->getLoc()),
                   {wanted, made});
    return failed(1);
  }
  if (wanted == "cpu") {
    (*module)->removeAttr(moe::kTargetAttrName);
    return true;
  }
  if (!checkKernelTypes() || !checkKernelSchedule() || (holdsMachine && !checkMachine(wanted)))
    return false;
  mlir::Builder builder(&context);
  (*module)->setAttr(moe::kTargetAttrName, builder.getStringAttr(wanted));
  return true;
}

/// The phases that print such IR, first and last; nothing of ours: none.
static std::optional<std::pair<Phase, Phase>> phasesOf(mlir::ModuleOp module) {
  auto layers = module.getOps<moe::LayerOp>();
  if (!layers.empty()) {
    bool placed = llvm::all_of(layers, [](moe::LayerOp op) { return bool(op.getPlacementAttr()); });
    return std::pair(Phase::Import, placed ? Phase::Place : Phase::Check);
  }
  auto plans = module.getOps<comm::PlanOp>();
  if (plans.empty())
    return std::nullopt;
  if (!module.getOps<tile::KernelOp>().empty())
    return std::pair(Phase::FormKernels, Phase::FormKernels);
  for (auto function : module.getOps<mlir::LLVM::LLVMFuncOp>())
    if (function->hasAttr(tile::kInfoAttrName))
      return std::pair(Phase::Lower, Phase::Lower);
  for (comm::PlanOp plan : plans)
    if (!plan.getOps<comm::DispatchOp>().empty() || !plan.getOps<comm::CombineOp>().empty())
      return std::pair(Phase::Distribute, Phase::Distribute);
  return std::pair(Phase::Schedule, Phase::Schedule);
}

bool Compilation::checkPhase(uint32_t file, mlir::ModuleOp ir, Phase at) {
  auto found = phasesOf(ir);
  if (found && found->first <= at && at <= found->second)
    return true;
  std::string is = found ? "IR of phase " + phaseName(found->second).str() : "IR of no phase";
  return refuseIr(file, at, is);
}

bool Compilation::refuseIr(uint32_t file, Phase at, const std::string &found) {
  frontend::Location start;
  start.file = file;
  start.line = start.column = start.length = 1;
  reports.report(frontend::DiagnosticId::IrOfAnotherPhase, start, {phaseName(at).str(), found});
  return failed(1);
}

mlir::OwningOpRef<mlir::ModuleOp> Compilation::readIr(const std::string &path, Phase at) {
  std::string error;
  auto file = reports.sources().read(path, error);
  if (!file) {
    reports.reportText(frontend::Severity::Error, {},
                       rt::concat("cannot read ", rt::quote(path), ": ", error));
    failed(1);
    return nullptr;
  }
  const std::string &text = reports.sources().text(*file);
  bool isEmpty = text.find_first_not_of(" \t\r\n") == text.npos;
  if (isEmpty || frontend::isSource(text)) {
    refuseIr(*file, at, isEmpty ? "an empty file" : "a source");
    return nullptr;
  }
  mlir::OwningOpRef<mlir::ModuleOp> read = parseIr(text, path, context);
  if (!read)
    failed(1);
  return read && checkPhase(*file, *read, at) ? std::move(read) : nullptr;
}

bool Compilation::loadIr(const std::string &path, Phase at) {
  Stopwatch watch;
  module = readIr(path, at);
  phase = at;
  fromIr = true;
  addTime("parse", watch.seconds());
  return bool(module);
}

/// Who writes a plan by hand has no layer in it; one that was printed carries it.
bool Compilation::checkLayer() {
  for (comm::PlanOp plan : module->getOps<comm::PlanOp>()) {
    if (plan->hasAttr(moe::kLayerAttrName))
      continue;
    plan->emitError() << "plan says nothing of its layer (" << moe::kLayerAttrName
                      << "), wanted a source beside it: moec compile LAYER.moe --plan FILE";
    return failed(1);
  }
  return true;
}

bool Compilation::runTo(Phase to) {
  if (fromIr && phase == Phase::Schedule && to > phase && !checkLayer())
    return false;
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
    if (next == Phase::Schedule)
      chooseByDefault();
    Stopwatch watch;
    if (next == Phase::FormKernels && !unformed)
      unformed = module->clone();
    // Verifiers after every pass of a phase are for who works on the passes (moe-opt).
    Outcome outcome = runPhases(*module, phase, next, {.verifyEach = false, .isProven = isProven});
    if (outcome != Outcome::Done) {
      tellHowToVerify();
      return failed(static_cast<int>(outcome));
    }
    isProven = true;
    if (next != Phase::Emit)
      addTime(phaseName(next).str(), watch.seconds());
    phase = next;
  }
  return true;
}

std::string Compilation::printIr() {
  forgetPlacesInText(*module);
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
  if (options.assemble)
    return assembleKernels(kernels);
  auto built = buildKernelSet(*module);
  if (mlir::failed(built))
    return failed(reports.exitCode());
  kernels = std::move(*built);
  for (Kernel &kernel : kernels.kernels)
    kernel.ptx = notAssembled;
  return true;
}

/// Kernels of some layers need more registers than there are, as the activation's arithmetic,
/// biases and all that a fused kernel keeps meet in one. Only the assembler knows.
bool Compilation::formWithFewSums() {
  module = std::move(unformed);
  (*module)->setAttr(tile::kFewSumsAttrName, mlir::UnitAttr::get(&context));
  phase = Phase::Schedule;
  return runTo(Phase::Lower);
}

bool Compilation::assembleKernels(KernelSet &kernels) {
  mlir::FailureOr<KernelSet> built;
  auto assemble = [&](bool mindSpills) {
    Stopwatch watch;
    auto arch = (*module)->getAttrOfType<mlir::StringAttr>(tile::kArchAttrName);
    auto buildSet = [&] { built = buildKernelSet(*module); };
    auto compiled = codegen::compileKernels(
        *module, {.arch = arch ? arch.str() : "", .mindSpills = mindSpills, .meanwhile = buildSet});
    addTime("assemble", watch.seconds());
    return compiled;
  };
  auto spills = [](const codegen::CompiledKernel &kernel) { return kernel.spillBytes != 0; };
  auto compiled = assemble(/*mindSpills=*/!unformed);
  if (mlir::succeeded(compiled) && llvm::any_of(*compiled, spills)) {
    if (!formWithFewSums())
      return false;
    compiled = assemble(/*mindSpills=*/true);
  }
  if (mlir::failed(compiled) || mlir::failed(built))
    return failed(reports.exitCode());
  kernels = std::move(*built);
  for (codegen::CompiledKernel &made : *compiled)
    for (Kernel &kernel : kernels.kernels)
      if (kernel.name == made.name) {
        kernel.ptx = std::move(made.ptx);
        kernel.cubin = std::move(made.cubin);
        kernel.resources = {made.registers, made.spillBytes, made.codeBytes};
      }
  return true;
}

bool Compilation::buildPlans(std::vector<PlanOfText> &plans) {
  for (comm::PlanOp op : module->getOps<comm::PlanOp>()) {
    auto plan = serializePlan(op);
    if (mlir::failed(plan))
      return failed(reports.exitCode());
    PlanOfText &made = plans.emplace_back();
    made.plan = std::move(*plan);
    for (auto [index, family] : llvm::enumerate(op.getOps<comm::FamilyOp>())) {
      made.origins.push_back(findOrigin(family.getLoc()));
      made.plan.ops[index].location = getFileLocation(placeInText(family.getLoc()));
    }
  }
  if (!plans.empty())
    return true;
  module->emitError() << "wanted a comm.plan, found none";
  return failed(1);
}

bool Compilation::buildContents(const Provenance &provenance, ModuleContents &contents,
                                const KernelOptions &kernels) {
  Stopwatch watch;
  forgetPlacesInText(*module);
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
  // Whoever reads the module would refuse it.
  if (rt::Status status = rt::checkAgreement(contents.manifest, contents.plan); !status.ok()) {
    (*plans.begin())->emitError() << status.message();
    return failed(1);
  }
  // IR is no source: the file that it came from is known by name alone.
  for (uint32_t file = 0; !fromIr && file < reports.sources().size(); ++file)
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
