//===- Overlap.h - Whether sets in a region share records -------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PASSES_SCHEDULING_OVERLAP_H
#define MOEC_PASSES_SCHEDULING_OVERLAP_H

#include "runtime/plan/Expand.h"

#include <optional>

namespace moec::scheduling {

/// A set in a region that holds it, or `frame` of which it is a part.
struct Placed {
  plan::ConcreteItems items;
  std::optional<plan::ConcreteItems> frame;
};
/// Whether two sets in one region may share a record; `byLanes`: plan::cutsByLanes().
bool overlaps(plan::BufferLayout layout, const Placed &a, const Placed &b, bool byLanes);

} // namespace moec::scheduling

#endif // MOEC_PASSES_SCHEDULING_OVERLAP_H
