//===- ShippedMachines.cpp - Machines that come with moec -----------------===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The files of runtime/topology/machines, compiled in: a moec that was copied
// somewhere still knows them.
//===----------------------------------------------------------------------===//

#include "frontend/parser/Loader.h"

namespace moec::frontend {

namespace {
struct Shipped {
  std::string_view name;
  std::string_view text;
};
} // namespace

static constexpr Shipped machines[] = {
#include "frontend/parser/ShippedMachines.inc"
};

std::string_view shippedMachine(std::string_view name) {
  for (const Shipped &machine : machines)
    if (machine.name == name)
      return machine.text;
  return "";
}

std::vector<std::string_view> shippedMachineNames() {
  std::vector<std::string_view> names;
  for (const Shipped &machine : machines)
    names.push_back(machine.name);
  return names;
}

} // namespace moec::frontend
