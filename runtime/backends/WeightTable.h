//===- WeightTable.h - Every weight of a layer, by name ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_WEIGHTTABLE_H
#define MOEC_RUNTIME_BACKENDS_WEIGHTTABLE_H

#include "runtime/module/Manifest.h"
#include "runtime/module/WeightRoles.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moec::rt {

/// One weight of one expert, or of the layer, and the tensor that holds it.
struct WeightEntry {
  std::string name; ///< as in the checkpoint, the expert's number filled in
  WeightRole role = WeightRole::Router;
  int32_t expert = -1;        ///< -1 where the role has none
  std::vector<int64_t> shape; ///< of the tensor
  WeightView view;            ///< which of its elements
  bool operator==(const WeightEntry &) const = default;
};

/// What some rank of `manifest` needs, in the order of loading: the router, then
/// expert after expert, then the shared expert. Weights of one tensor follow each
/// other.
std::vector<WeightEntry> weightTable(const Manifest &manifest);

/// The tensors of the table, once each, as their first weight; `expert` is -1 where a
/// tensor holds several.
std::vector<WeightEntry> tensorTable(const Manifest &manifest);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_WEIGHTTABLE_H
