//===- Machines.h - Small machines for tests --------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_TOPOLOGY_MACHINES_H
#define MOEC_TEST_RUNTIME_TOPOLOGY_MACHINES_H

#include "runtime/topology/Machine.h"

namespace moec::topology::test {

inline Link makeLink(std::string_view name, double rate, double latency = 0) {
  Link link;
  link.name = name;
  link.rate = Figure{rate, ""};
  link.latency = Figure{latency, ""};
  return link;
}

/// The switch of the test vectors of the comm dialect: 100 GB/s, 1 us.
inline Machine makeSwitch(uint32_t gpus) {
  Machine machine;
  machine.name = "switch";
  machine.gpusPerNode = gpus;
  machine.links.push_back(makeLink(nvlinkName, 100e9, 1e-6));
  return machine;
}

/// And the rails: NIC 50, NVLink 400 GB/s, 2 us more.
inline Machine makeRails(uint32_t gpus) {
  Machine machine;
  machine.name = "rails";
  machine.gpusPerNode = gpus;
  machine.links = {makeLink(nvlinkName, 400e9, 1e-6), makeLink(railName, 50e9, 2e-6)};
  return machine;
}

/// Four GPUs below two switches of two host bridges and two sockets.
inline Machine makePcieBox() {
  Machine machine;
  machine.name = "pcie";
  machine.gpusPerNode = 4;
  machine.links = {makeLink(pcieName, 20e9, 4e-6), makeLink(socketName, 16e9, 1e-6)};
  machine.hostMemoryBytesPerSecond = Figure{200e9, ""};
  for (uint32_t i = 0; i < 2; ++i) {
    std::vector<uint32_t> gpus = {2 * i, 2 * i + 1};
    machine.pcie.push_back({PcieGroupKind::Switch, i, gpus, {}, std::nullopt});
    machine.pcie.push_back({PcieGroupKind::Bridge, i, gpus, {}, Figure{8e9, ""}});
    machine.pcie.push_back({PcieGroupKind::Socket, i, gpus, {}, std::nullopt});
  }
  return machine;
}

} // namespace moec::topology::test

#endif // MOEC_TEST_RUNTIME_TOPOLOGY_MACHINES_H
