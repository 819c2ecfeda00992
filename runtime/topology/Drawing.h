//===- Drawing.h - A machine to look at -------------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOPOLOGY_DRAWING_H
#define MOEC_RUNTIME_TOPOLOGY_DRAWING_H

#include "runtime/topology/Machine.h"

namespace moec::topology {

/// One figure of a machine, for a table.
struct Fact {
  std::string what;  ///< "nvlink achieved"
  std::string value; ///< "370.8 GB/s", with its unit
  std::string source;
};
std::vector<Fact> factsOf(const Machine &machine);
/// Those without a source, and those whose source says that they are as another
/// hardware's ("as NVLink 4: none is published").
std::vector<Fact> assumptionsOf(const Machine &machine);

/// One node as a tree of text: sockets, host bridges, switches, GPUs and NICs, then
/// what NVLink joins.
std::string drawTree(const Machine &machine);

/// The same as a picture: an SVG file that needs nothing else.
std::string drawSvg(const Machine &machine);

} // namespace moec::topology

#endif // MOEC_RUNTIME_TOPOLOGY_DRAWING_H
