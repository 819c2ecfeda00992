//===- Encoders.h - Sections as bytes --------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each function gives the FlatBuffer of one section; the same input gives the
// same bytes. The schemas are runtime/module/*.fbs and runtime/plan/plan.fbs.
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_MODULE_ENCODERS_H
#define MOEC_CODEGEN_MODULE_ENCODERS_H

#include "runtime/module/Contents.h"

#include <cstdint>
#include <vector>

namespace moec::codegen {

using Bytes = std::vector<uint8_t>;

Bytes encodeManifest(const Manifest &manifest);
Bytes encodePlan(const plan::Plan &plan);
Bytes encodeSources(const std::vector<SourceFile> &sources);
Bytes encodeProvenance(const Provenance &provenance);
Bytes encodeKernels(const KernelSet &kernels);

/// The code of all kernels, in their order.
Bytes encodePtx(const KernelSet &kernels);
Bytes encodeCubins(const KernelSet &kernels);

} // namespace moec::codegen

#endif // MOEC_CODEGEN_MODULE_ENCODERS_H
