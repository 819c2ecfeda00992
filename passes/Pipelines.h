//===- Pipelines.h - The phases of a compile --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A module moves from phase to phase; each ends in a check that what the phase
// promises holds and that the level above is gone. `moec compile --emit` and
// `--from` stop and start at a phase, so a module in text form at any phase holds
// everything that the rest of the way needs.
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_PIPELINES_H
#define MOEC_PASSES_PIPELINES_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace moec {

/// In the order of the way down.
enum class Phase : uint8_t {
  Import,      ///< the source as moe IR, nothing decided
  Check,       ///< proved to be what moec implements
  Place,       ///< each expert has its ranks
  Distribute,  ///< one plan for every rank, exchange abstract
  Schedule,    ///< puts, flags and waits
  FormKernels, ///< the kernels of a module with a target
  Lower,       ///< machine code for the target
  Emit,        ///< the module file
};

/// As `--emit` and `--from` spell it: "import", .. "form-kernels", "lower", "emit".
llvm::StringRef phaseName(Phase phase);
std::optional<Phase> phaseFromName(llvm::StringRef name);
/// All of them, in order.
llvm::ArrayRef<Phase> allPhases();
/// The phases that make kernels: no phases of a module without a target, whose plan
/// the cpu backend runs itself.
bool needsTarget(Phase phase);

/// How a run ended. Its exit code is the value.
enum class Outcome : uint8_t {
  Done = 0,
  Wrong = 1,       ///< the input is wrong
  Unsupported = 2, ///< the input may be right, this moec cannot do it
  Bug = 70,        ///< a pass broke a promise
};

struct PipelineOptions {
  bool reportPlacement = false; ///< print each placement on stderr, as a source block
  bool reportSchedule = false;  ///< print each schedule on stderr, as a source block
  /// Run the verifiers of all ops after every pass, not after every call alone.
  bool verifyEach = true;
  /// A run before this one has proved what `from` promises, and nothing has changed since:
  /// of many ranks the proof of a plan is what a compile takes.
  bool isProven = false;
};

/// Takes a module that is at `from` to `to`: proves that it is what `from` promises
/// (it may come from text) unless that `isProven`, then runs the phases after it, up to and
/// including `to`. Phase Emit runs no pass: the file is written by whoever calls. What is wrong
/// goes to the diagnostic handlers of the module's context, with places in the source.
Outcome runPhases(mlir::ModuleOp module, Phase from, Phase to, const PipelineOptions &options = {});

/// Adds the passes of one phase, the last of which is its proof. Adds none for
/// Import and Emit.
void addPhase(mlir::OpPassManager &manager, Phase phase, const PipelineOptions &options = {});

/// Adds the proof of a phase alone: the pass that addPhase ends with.
void addProof(mlir::OpPassManager &manager, Phase phase);

/// A module as text, with the places in the source: read back, it goes on to the
/// same bytes.
void printModule(mlir::ModuleOp module, llvm::raw_ostream &out);

} // namespace moec

#endif // MOEC_PASSES_PIPELINES_H
