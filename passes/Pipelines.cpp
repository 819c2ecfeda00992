//===- Pipelines.cpp - The phases of a compile ----------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads from top to bottom as a compile runs.
//===----------------------------------------------------------------------===//

#include "passes/Pipelines.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Passes.h"
#include "passes/check/ClosedForm.h"
#include "passes/lowering/LowerPhase.h"
#include "llvm/ADT/STLExtras.h"
#include <tuple>

namespace moec {
using namespace mlir;

//===----------------------------------------------------------------------===//
// What each phase runs
//===----------------------------------------------------------------------===//

/// Folds first, so that a scale of 1 or a limit to all groups is no reason to
/// refuse a layer; then the proof that the rest of the way can take it.
static void addCheck(OpPassManager &manager) { manager.addPass(createCanonicalizerPass()); }

/// The last phase that sees the whole layer, and so the last at which memory can
/// be judged by experts.
static void addPlace(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createMoePlacePass({.report = options.reportPlacement}));
}

/// From whole tensors to the program of a rank.
static void addDistribute(OpPassManager &manager) { manager.addPass(createMoeDistributePass()); }

/// From what must be exchanged to who puts what where, and who waits for it.
static void addSchedule(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createCommSchedulePass({.report = options.reportSchedule}));
}

/// From who puts what where to the code that does it, for a module with a target.
static void addFormKernels(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createCommFormKernelsPass({.report = options.reportSchedule}));
}

void addProof(OpPassManager &manager, Phase phase) {
  switch (phase) {
  case Phase::Import: // what it must be is what check proves
    return;
  case Phase::Check:
    return manager.addPass(createMoeCheckPass());
  case Phase::Place:
    return manager.addPass(createMoeVerifyPlacedPass());
  case Phase::Distribute:
    return manager.addPass(createMoeVerifyDistributedPass());
  case Phase::Schedule:
    return manager.addPass(createCommVerifyScheduledPass());
  case Phase::FormKernels:
    return manager.addPass(createCommVerifyFormedPass());
  case Phase::Lower:
    return manager.addPass(createTileVerifyLoweredPass());
  case Phase::Emit: // the module reader proves the file
    return;
  }
}

void addPhase(OpPassManager &manager, Phase phase, const PipelineOptions &options) {
  switch (phase) {
  case Phase::Check:
    addCheck(manager);
    break;
  case Phase::Place:
    addPlace(manager, options);
    break;
  case Phase::Distribute:
    addDistribute(manager);
    break;
  case Phase::Schedule:
    addSchedule(manager, options);
    break;
  case Phase::FormKernels:
    addFormKernels(manager, options);
    break;
  case Phase::Lower:
    lowering::addLower(manager);
    break;
  case Phase::Import: // the front end's work
  case Phase::Emit:   // the driver's work
    break;
  }
  addProof(manager, phase);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

static constexpr Phase phases[] = {Phase::Import,     Phase::Check,    Phase::Place,
                                   Phase::Distribute, Phase::Schedule, Phase::FormKernels,
                                   Phase::Lower,      Phase::Emit};

llvm::ArrayRef<Phase> allPhases() { return phases; }

llvm::StringRef phaseName(Phase phase) {
  switch (phase) {
  case Phase::Import:
    return "import";
  case Phase::Check:
    return "check";
  case Phase::Place:
    return "place";
  case Phase::Distribute:
    return "distribute";
  case Phase::Schedule:
    return "schedule";
  case Phase::FormKernels:
    return "form-kernels";
  case Phase::Lower:
    return "lower";
  case Phase::Emit:
    return "emit";
  }
  llvm_unreachable("unknown phase");
}

std::optional<Phase> phaseFromName(llvm::StringRef name) {
  const Phase *found = llvm::find_if(phases, [&](Phase phase) { return phaseName(phase) == name; });
  if (found == std::end(phases))
    return std::nullopt;
  return *found;
}

bool needsTarget(Phase phase) { return phase == Phase::FormKernels || phase == Phase::Lower; }

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

namespace {
/// Notes how the errors so far began, and passes all on.
class ErrorKinds {
public:
  explicit ErrorKinds(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            note(diagnostic.str());
          return failure(); // not handled: on to the next handler
        }) {}
  Outcome outcome() const {
    if (wrong && !bug)
      return Outcome::Wrong;
    return unsupported && !bug ? Outcome::Unsupported : Outcome::Bug;
  }

private:
  void note(StringRef message) {
    if (message.starts_with(kUnsupported))
      unsupported = true;
    else if (message.starts_with(kInternalError))
      bug = true;
    else
      wrong = true;
  }
  bool wrong = false, unsupported = false, bug = false;
  ScopedDiagnosticHandler handler;
};
} // namespace

Outcome runPhases(ModuleOp module, Phase from, Phase to, const PipelineOptions &options) {
  ErrorKinds errors(module.getContext());
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  manager.enableVerifier(options.verifyEach);
  if (!options.isProven)
    addProof(manager, from);
  for (Phase phase : phases)
    if (phase > from && phase <= to)
      addPhase(manager, phase, options);
  if (succeeded(manager.run(module)) && (options.verifyEach || succeeded(verify(module))))
    return Outcome::Done;
  return errors.outcome();
}

/// MLIR 22 takes the place behind `nvvm.barrier` for its optional reduction when it
/// reads its own text back: in the generic form it does not.
static std::string spellBarrier(StringRef line) {
  StringRef indent = line.take_while([](char c) { return c == ' '; });
  StringRef rest = line.ltrim(' '), id, threads;
  if (!rest.consume_front("nvvm.barrier "))
    return line.str();
  if (rest.consume_front("id = "))
    std::tie(id, rest) = rest.split(' ');
  if (rest.consume_front("number_of_threads = "))
    std::tie(threads, rest) = rest.split(' ');
  if (id.empty() != threads.empty())
    return line.str(); // none is made so
  std::string operands = id.empty() ? "" : (id + ", " + threads).str();
  return (indent + "\"nvvm.barrier\"(" + operands + ") <{operandSegmentSizes = array<i32: " +
          (id.empty() ? "0, 0, 0>}> : () -> () " : "1, 1, 0>}> : (i32, i32) -> () ") + rest)
      .str();
}

void printModule(ModuleOp module, raw_ostream &out) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, OpPrintingFlags().enableDebugInfo());
  // The printer ends the line only behind aliases of places.
  SmallVector<StringRef> lines;
  StringRef(text).rtrim('\n').split(lines, '\n');
  for (StringRef line : lines)
    out << spellBarrier(line) << '\n';
}

void registerPipelines() {
  for (Phase phase : phases) {
    if (phase == Phase::Import || phase == Phase::Emit)
      continue;
    std::string name = ("moe-phase-" + phaseName(phase)).str();
    std::string description = ("Runs the phase " + phaseName(phase)).str();
    registerPassPipeline(
        name, description,
        [phase](OpPassManager &manager, StringRef, function_ref<LogicalResult(const Twine &)>) {
          addPhase(manager, phase);
          return success();
        },
        [](function_ref<void(const detail::PassOptions &)>) {});
  }
}

} // namespace moec
