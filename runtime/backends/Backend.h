//===- Backend.h - What runs a plan -----------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The line between libmoec_rt.so and a backend. A backend is a shared object
// `libmoec_<name>.so` with one exported function, `moecBackend`; the runtime loads
// it when a session first asks for it. Both are built from one tree: the interface
// may change freely as long as `backendAbi` changes with it.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_BACKEND_H
#define MOEC_RUNTIME_BACKENDS_BACKEND_H

#include "moec/runtime.h"
#include "runtime/base/Status.h"
#include "runtime/module/Kernels.h"
#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace moec::rt {

struct SessionOptions {
  uint32_t threads = 0;          ///< 0 = every core this process may use
  uint32_t maxTokensPerRank = 0; ///< 0 = the module's; where that is 0 too, grows with the steps
  uint64_t testSeed = 0;         ///< see moec_session_options
};

/// Finds a weight by name. The tensor's data live until the next call.
using WeightLookup = std::function<Status(const std::string &name, moec_tensor &tensor)>;

/// What the last step did. Matrices are [ranks, ranks], row = the rank that puts;
/// the diagonal holds what a rank copied to itself.
struct StepReport {
  uint64_t step = 0;
  double seconds = 0;
  std::vector<std::string> phaseNames; ///< what is timed; there from the beginning
  std::vector<double> phaseSeconds;    ///< one a name, summed over ranks
  std::vector<uint64_t> dispatchBytes;
  std::vector<uint64_t> combineBytes;
  std::vector<uint64_t> expertTokens; ///< [experts] rows computed
};

/// All ranks of one plan with their weights and memory. One thread at a time.
class BackendSession {
public:
  virtual ~BackendSession() = default;
  virtual Status loadWeights(const WeightLookup &lookup) = 0;
  /// One entry of `io` a rank. After a failure other than Code::Invalid the session
  /// runs no further step.
  virtual Status step(std::span<const moec_rank_io> io) = 0;
  virtual const StepReport &report() const = 0;
};

/// What a session is made from. All of it has passed the checks of its readers, and
/// need not live longer than the call.
struct ModuleParts {
  const Manifest &manifest;
  const plan::Plan &plan;
  const KernelSet &kernels; ///< without an arch where the module has none
};

/// Stateless; lives as long as the process.
class Backend {
public:
  virtual ~Backend() = default;
  virtual const char *name() const = 0;
  /// Copies what it needs of `parts`, and trusts them no further than their readers
  /// checked them.
  virtual Result<std::unique_ptr<BackendSession>> createSession(const ModuleParts &parts,
                                                                const SessionOptions &options) = 0;
};

inline constexpr uint32_t backendAbi = 2;

/// Type of the function `moecBackend` that each backend exports with C linkage: NULL when
/// `abi` is not the one it was built with.
using BackendEntry = Backend *(*)(uint32_t abi);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_BACKEND_H
