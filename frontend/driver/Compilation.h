//===- Compilation.h - One compile, from text to a module's contents --===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Owns the MLIR context and the module in it. Everything that any phase reports
// ends in one list of diagnostics with places in the files that were read.
//===----------------------------------------------------------------------===//

#ifndef MOEC_FRONTEND_DRIVER_COMPILATION_H
#define MOEC_FRONTEND_DRIVER_COMPILATION_H

#include "frontend/parser/Diagnostics.h"
#include "passes/Pipelines.h"
#include "passes/placement/LoadMachine.h"
#include "runtime/base/Status.h"
#include "runtime/candidates/CandidateTable.h"
#include "runtime/module/Contents.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include <string>
#include <vector>

namespace moec::frontend {
struct ParseOptions;
struct Program;
} // namespace moec::frontend

namespace moec::driver {

struct ScheduleChoice;

/// How far kernels are taken.
struct KernelOptions {
  /// PTX and machine code; without, only the emulator can run them.
  bool assemble = true;
};

/// Wall time of one part of a compile.
struct PhaseTime {
  std::string name;
  double seconds = 0;
};

/// A plan as its text has it: its ops' places are lines of the text.
struct PlanOfText {
  plan::Plan plan;
  std::vector<std::optional<plan::Location>> origins; ///< [op]: the line that it is said to be from
};
/// "from layer.moe:16:5"
std::string originText(const plan::Location &origin);

class Compilation {
public:
  Compilation();

  /// Reads a .moe file (or its JSON form) and imports it. False if that failed.
  /// `schedule` replaces statements of its schedule block.
  bool loadSource(const std::string &path, std::optional<uint32_t> ranks,
                  const std::string &schedule = "");
  bool loadSource(const std::string &path, const frontend::ParseOptions &options);
  /// Imports a program that is already resolved.
  bool loadProgram(const frontend::Program &program);
  /// Reads IR that `--emit=<phase>` printed.
  bool loadIr(const std::string &path, Phase phase);
  /// "cpu", or the architecture to make kernels for; empty: that of the IR, else cpu.
  /// Before runTo. False, with a diagnostic, if IR of a later phase was made for
  /// another, the layer has types without kernels, or, where `holdsMachine`, the
  /// machine cannot run them.
  bool setTarget(const std::string &target, bool holdsMachine = true);
  /// What it is now.
  std::string target();

  /// Runs the phases up to and including `to`. False if one failed. Where the source says
  /// `algorithm auto` and names a machine whose links are known, the schedule is chosen by
  /// cost before phase schedule, unless it has been.
  bool runTo(Phase to);

  /// In phase distribute: costs the schedules that fit, and asks for the best of them.
  /// Invalid where neither the source (which says `algorithm auto`) nor the choice has a
  /// machine, or the machine does not say how fast its links are.
  rt::Result<candidates::CandidateTable> chooseSchedule(const ScheduleChoice &choice);
  /// "algorithm two_tier"; empty: nothing was chosen.
  const std::string &chosenSchedule() const { return chosen; }

  /// In phase distribute, of a source: the one plan of a file of phase schedule in place of
  /// what its exchanges would be expanded to. False if the file has none that fits the layer.
  bool usePlan(const std::string &path);

  /// The first layer as a problem of load, in any phase before distribute. Nothing,
  /// and a report, if it has no answer.
  std::optional<LoadProblem> loadProblem(const LoadWish &wish);
  /// The first layer's placement, after phase place.
  Placement placement();

  /// The IR as it stands, with the places of the source, so that `--from` can go
  /// on from it and nothing is lost.
  std::string printIr();
  /// What the module file holds. False if the IR is not that of phase lower (or
  /// schedule, where the target is cpu), or a kernel does not compile.
  bool buildContents(const Provenance &provenance, ModuleContents &contents,
                     const KernelOptions &kernels = {});

  /// The one plan of IR of phase schedule, and what it says of its layer; none if it
  /// was written by hand without. False if there is not one plan, or it is wrong.
  bool buildPlan(plan::Plan &plan, std::optional<Manifest> &manifest);

  /// All plans of the IR, which is that of phase schedule. False if one has no form in
  /// a module, or there is none.
  bool buildPlans(std::vector<PlanOfText> &plans);

  const frontend::Diagnostics &diagnostics() const { return reports; }
  /// 0, or the exit code of what went wrong.
  int exitCode() const { return code; }
  const std::vector<PhaseTime> &times() const { return phaseTimes; }
  /// Adds to times() what a caller did itself.
  void addTime(std::string name, double seconds) {
    phaseTimes.push_back({std::move(name), seconds});
  }

private:
  void chooseByDefault();
  /// After a refused plan that was written by hand.
  void tellHowToVerify();
  /// Takes over one MLIR diagnostic with its notes.
  void report(mlir::Diagnostic &diagnostic);
  frontend::Location place(mlir::Location location) const;
  bool failed(int exitCode);
  bool hasTarget();
  /// IR of the phase; null, after a report, if the file has none.
  mlir::OwningOpRef<mlir::ModuleOp> readIr(const std::string &path, Phase at);
  bool checkPhase(uint32_t file, mlir::ModuleOp ir, Phase at);
  bool refuseIr(uint32_t file, Phase at, const std::string &found);
  bool checkLayer();
  bool checkKernelTypes();
  bool checkKernelSchedule();
  bool checkMachine(const std::string &target);
  bool buildKernels(const KernelOptions &options, KernelSet &kernels);
  /// The kernels with PTX and machine code; forms them anew, once, where they spill.
  bool assembleKernels(KernelSet &kernels);
  bool formWithFewSums();

  /// What kernels must fit, of a source.
  struct KernelFacts {
    std::string machine, arch;
    frontend::Location machinePlace;
    bool bf16Tokens = true, bf16Weights = true;
    std::string schedule; ///< the statement that no kernels follow; empty: none
    frontend::Location layerPlace, tokensPlace, weightsPlace, schedulePlace;
  };
  mlir::MLIRContext context;
  frontend::Diagnostics reports;
  KernelFacts facts;
  bool fromIr = false;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::OwningOpRef<mlir::ModuleOp> unformed; ///< the module before its kernels were formed
  Phase phase = Phase::Import;
  bool isProven = false; ///< that the module is what the phase promises
  std::string chosen;    ///< schedule, by cost
  std::string byHand;    ///< the file of the plan; empty: the plan is the compiler's
  std::vector<PhaseTime> phaseTimes;
  int code = 0;
  bool isBug = false; ///< an internal error was reported
};

/// Seconds since it was made.
class Stopwatch {
public:
  Stopwatch();
  double seconds() const;

private:
  int64_t start;
};

} // namespace moec::driver

#endif // MOEC_FRONTEND_DRIVER_COMPILATION_H
