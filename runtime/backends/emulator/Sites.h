//===- Sites.h - Where in a kernel an op stands -----------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every runtime call of an emulated kernel carries the number of its site, so that
// a report can name the op and the line of the layer that it came from.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_BACKENDS_EMULATOR_SITES_H
#define MOEC_RUNTIME_BACKENDS_EMULATOR_SITES_H

#include <cstdint>
#include <string>
#include <vector>

namespace moec::rt::emulator {

struct Site {
  std::string op;     ///< "nvvm.mbarrier.arrive"
  std::string kernel; ///< entry symbol
  std::string file;   ///< empty: not known
  uint32_t line = 0;
};

/// Site 0 stands for "outside of any op".
using SiteTable = std::vector<Site>;

} // namespace moec::rt::emulator

#endif // MOEC_RUNTIME_BACKENDS_EMULATOR_SITES_H
