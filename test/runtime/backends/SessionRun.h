//===- SessionRun.h - Some steps of a cpu session ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_BACKENDS_SESSIONRUN_H
#define MOEC_TEST_RUNTIME_BACKENDS_SESSIONRUN_H

#include "runtime/backends/cpu/CpuSession.h"
#include "test/conformance/LayerData.h"

#include <memory>

namespace moec::test {

Manifest manifestOf(const Layer &layer, const Placement &placement);

/// A lookup into the data.
rt::WeightLookup lookupIn(const LayerData &data);

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_BACKENDS_SESSIONRUN_H
