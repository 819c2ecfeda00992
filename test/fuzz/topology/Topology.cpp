//===- Topology.cpp - Any bytes as machines ---------------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// As NCCL's XML, and as the table of `nvidia-smi topo -m`. What is a machine has a network.
//===----------------------------------------------------------------------===//

#include "runtime/topology/Network.h"
#include "runtime/topology/import/Import.h"

#include <cstdlib>

using namespace moec;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static void check(const rt::Result<topology::Machine> &machine) {
  if (!machine) {
    require(machine.status().exitCode() <= 2 && !machine.status().message().empty());
    return;
  }
  uint32_t gpus = machine->gpusPerNode.value_or(1);
  if (gpus == 0 || gpus > 64) // a network has a route for each pair
    return;
  auto network = topology::makeNetwork(*machine, {1, gpus});
  require(network.ok() || !network.status().message().empty());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  check(topology::importNccl(text, "fuzz.xml"));
  check(topology::importSmi(text, "fuzz.txt"));
  return 0;
}
