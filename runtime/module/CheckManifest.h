//===- CheckManifest.h - Is a manifest right, and of one mind with its plan? -*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_CHECKMANIFEST_H
#define MOEC_RUNTIME_MODULE_CHECKMANIFEST_H

#include "runtime/base/Status.h"
#include "runtime/module/Manifest.h"
#include "runtime/plan/Plan.h"

namespace moec::rt {

/// The first breach of the rules of README.md: sizes in range, numbers finite,
/// groups that divide the experts, a weight for each role that is needed, every
/// expert on a rank.
Status checkManifest(const Manifest &manifest);

/// `manifest` and `plan`, each right by itself, speak of the same layer: ranks,
/// top k, bytes of a row in each task, a shared expert in both or in neither.
Status checkAgreement(const Manifest &manifest, const plan::Plan &plan);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_CHECKMANIFEST_H
