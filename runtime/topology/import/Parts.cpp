//===- Parts.cpp - What NCCL takes for links of a kind --------------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/topology/import/Import.h"

namespace moec::topology {

NvlinkSpeed nvlinkSpeed(uint32_t sm) {
  constexpr const char *table = "NCCL src/graph/topo.h";
  if (sm >= 100)
    return {50e9, 40.1e9, table};
  if (sm >= 90)
    return {25e9, 20.6e9, table};
  if (sm == 86)
    return {14.0625e9, 12e9, table};
  if (sm < 70 && sm > 0)
    return {20e9, 18e9, table};
  return {25e9, 20e9, table};
}

Link makeNvlink(uint32_t count, const NvlinkSpeed &speed, std::string_view note) {
  Link link;
  link.name = nvlinkName;
  link.rate =
      Figure{count * speed.nominal, rt::concat(count, count == 1 ? " link" : " links", note)};
  link.achieved = Figure{count * speed.achieved,
                         rt::concat(count, " x ", speed.achieved / 1e9, " GB/s, ", speed.source)};
  link.latency = Figure{1.8725e-6, "assumed: the H100's switch, astra-sim HGX-H100-validated.yml"};
  return link;
}

Link makePcie(double nominal, double achieved, const std::string &source) {
  Link link;
  link.name = pcieName;
  link.rate = Figure{nominal, source};
  link.achieved = Figure{achieved, "as NCCL counts it, src/graph/topo.cc"};
  link.latency = Figure{4.1e-6, "assumed: p2pmark, best of a pair on PCIe 5"};
  return link;
}

} // namespace moec::topology
