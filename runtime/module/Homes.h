//===- Homes.h - Which copy of an expert serves whom ------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one rule of all backends, of the reference and of traffic: token t of source s
// goes to entry (t + s) modulo the number of entries of a list of copies. The list is
// the source's own where the placement has turns for the expert, else all copies.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_HOMES_H
#define MOEC_RUNTIME_MODULE_HOMES_H

#include "runtime/module/Layer.h"

#include <vector>

namespace moec {

/// One physical copy of an expert.
struct Home {
  uint32_t rank = 0;
  uint32_t local = 0; ///< index among that rank's experts
  bool operator==(const Home &) const = default;
};

/// The lists of a source, by logical expert. Without turns ascending in rank, and the
/// same for every source.
using Homes = std::vector<std::vector<Home>>;
Homes homesFor(const Placement &placement, uint32_t experts, uint32_t source);

/// The lists of every source, made once.
class AllHomes {
public:
  AllHomes(const Placement &placement, uint32_t experts);
  const Homes &of(uint32_t source) const { return lists[lists.size() == 1 ? 0 : source]; }
  /// All sources have the same lists.
  bool areShared() const { return lists.size() == 1; }

private:
  std::vector<Homes> lists; ///< by source, or one for all
};

/// The entry of a list that serves a token.
inline const Home &homeOf(const std::vector<Home> &homes, uint32_t token, uint32_t source) {
  return homes[homes.size() == 1 ? 0 : (uint64_t(token) + source) % homes.size()];
}

} // namespace moec

#endif // MOEC_RUNTIME_MODULE_HOMES_H
