//===- SessionRun.cpp - Some steps of a cpu session ------------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/runtime/backends/SessionRun.h"

namespace moec::test {

Manifest manifestOf(const Layer &layer, const Placement &placement) {
  Manifest manifest;
  manifest.target = "cpu";
  manifest.ranks = static_cast<uint32_t>(placement.slots.size());
  manifest.layer = layer;
  manifest.placement = placement;
  return manifest;
}

rt::WeightLookup lookupIn(const LayerData &data) {
  return [&data](const std::string &name, moec_tensor &tensor) {
    return data.find(name, tensor) ? rt::Status() : rt::invalidError("no weight ", rt::quote(name));
  };
}

} // namespace moec::test
