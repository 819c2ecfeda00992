//===- Check.h - A run beside the independent reference --------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOOLS_CHECK_H
#define MOEC_RUNTIME_TOOLS_CHECK_H

#include "runtime/data/WeightSource.h"
#include "runtime/module/Module.h"
#include "runtime/tools/Tokens.h"
#include "test/reference/Compare.h"

namespace moec::run {

struct CheckReport {
  reference::Comparison comparison;
  double tolerance = 0;
  double seconds = 0; ///< of the reference
  /// Of the first mismatch, where there is one.
  int64_t wantedExpert = 0, foundExpert = 0;
  bool passed() const { return comparison.agrees(tolerance); }
};

/// The sums that the module's plan makes before a token's own.
reference::Sums sumsOf(const rt::Module &module, const Tokens &tokens);

rt::Result<CheckReport> checkResults(const rt::Module &module, const Tokens &tokens,
                                     rt::WeightSource &source, const Results &results,
                                     const Terminal &terminal);

} // namespace moec::run

#endif // MOEC_RUNTIME_TOOLS_CHECK_H
