//===- Breakages.h - Every way to break a module ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each case makes a module with one thing wrong. They are checked in under
// broken/, <name>.moex beside <name>.expected (the exit code and the message);
// moec_make_module_files writes both anew.
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_RUNTIME_MODULE_BREAKAGES_H
#define MOEC_TEST_RUNTIME_MODULE_BREAKAGES_H

#include "runtime/base/Status.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace moec::test {

using Bytes = std::vector<uint8_t>;

struct Breakage {
  std::string name; ///< "plan-index-outside": also the stem of its files
  std::function<Bytes()> make;
};

/// Header, table, paddings, hashes; FlatBuffers that are none.
std::vector<Breakage> containerBreakages();
/// Fields of the manifest, of the sources and of the provenance, and what manifest
/// and plan must agree on.
std::vector<Breakage> manifestBreakages();
/// Fields of the plan.
std::vector<Breakage> planBreakages();
/// The table of kernels and their code.
std::vector<Breakage> kernelBreakages();

/// All of the above.
std::vector<Breakage> allBreakages();

/// What opening <name>.moex must say: "exit 1\n<message>\n".
std::string expectedText(const rt::Status &status);

/// Writes the right hashes into the header and the table of `file`, as far as
/// their numbers make sense.
void rehash(Bytes &file);

} // namespace moec::test

#endif // MOEC_TEST_RUNTIME_MODULE_BREAKAGES_H
