//===- Import.h - Machines that other tools have found ----------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each figure says in its source whether the file holds it, whether it is what NCCL
// takes for such a part, or whether it is assumed.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_TOPOLOGY_IMPORT_IMPORT_H
#define MOEC_RUNTIME_TOPOLOGY_IMPORT_IMPORT_H

#include "runtime/topology/Machine.h"

namespace moec::topology {

/// NCCL's topology (NCCL_TOPO_DUMP_FILE, the same as NCCL_TOPO_FILE): one node. GPUs
/// are numbered by their `dev`, NICs by that of their `net`. `name` is for messages.
rt::Result<Machine> importNccl(std::string_view xml, const std::string &name);

/// What `nvidia-smi topo -m` prints: one node. It says how parts are joined, not how
/// fast they are: rates of PCIe and NICs are assumed.
rt::Result<Machine> importSmi(std::string_view text, const std::string &name);

/// Per NVLink and direction: what is sold, and what NCCL counts (src/graph/topo.h).
struct NvlinkSpeed {
  double nominal = 0, achieved = 0;
  const char *source = "";
};
/// `sm`: 70, 80, 90, ..; of an unknown one that of Ampere.
NvlinkSpeed nvlinkSpeed(uint32_t sm);

/// The link of `count` links a GPU, or of each pair.
Link makeNvlink(uint32_t count, const NvlinkSpeed &speed, std::string_view note);
Link makePcie(double nominal, double achieved, const std::string &source);

} // namespace moec::topology

#endif // MOEC_RUNTIME_TOPOLOGY_IMPORT_IMPORT_H
