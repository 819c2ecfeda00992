//===- WeightTable.h - Every weight of a layer, by name ---------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_WEIGHTTABLE_H
#define MOEC_RUNTIME_BACKENDS_WEIGHTTABLE_H

#include "runtime/module/Manifest.h"

#include <cstdint>
#include <string>
#include <vector>

namespace moec::rt {

struct WeightEntry {
  std::string name; ///< as in the checkpoint, the expert's number filled in
  WeightRole role = WeightRole::Router;
  int32_t expert = -1; ///< -1 where the role has none
  std::vector<int64_t> shape;
  bool operator==(const WeightEntry &) const = default;
};

/// What some rank of `manifest` needs, in the order of loading: the router, then
/// expert after expert, then the shared expert.
std::vector<WeightEntry> weightTable(const Manifest &manifest);

} // namespace moec::rt

#endif // MOEC_RUNTIME_BACKENDS_WEIGHTTABLE_H
