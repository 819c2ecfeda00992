//===- Inspect.h - Showing and comparing modules ---------------*- C++ -*-===//
//
// Part of moec, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `moec inspect` and `moec diff` print; other tools may use it too. No MLIR.
//===----------------------------------------------------------------------===//

#ifndef MOEC_RUNTIME_MODULE_INSPECT_H
#define MOEC_RUNTIME_MODULE_INSPECT_H

#include "runtime/module/Module.h"

#include <string>
#include <vector>

namespace moec::rt {

/// For people: sections, the layer's mathematics in words, placement, weights, the
/// plan as text, kernels, sources, provenance. Ends in a newline.
std::string inspectText(const Module &module);

/// For programs: everything that the module holds, in a fixed order of keys. Keys
/// are only ever added. Ends in a newline.
std::string inspectJson(const Module &module);

/// One place where two modules differ.
struct Difference {
  /// "manifest.layer.router.top_k"; elements that have a name go by it:
  /// "plan.ops[pd].window".
  std::string path;
  std::string left;  ///< as JSON; empty where only the right one has it
  std::string right; ///< as JSON; empty where only the left one has it
  bool operator==(const Difference &) const = default;
};

/// In the order of inspectJson(). Empty exactly when the files are equal byte for
/// byte.
std::vector<Difference> diffModules(const Module &left, const Module &right);

/// One line a difference, or one line that says that there is none. What is long is
/// cut, and a file name that is another one in every location is told once: all of
/// it is in diffJson().
std::string diffText(const Module &left, const Module &right,
                     const std::vector<Difference> &differences);
/// {"left", "right", "identical", "differences": [{"path", "left", "right"}]}.
std::string diffJson(const Module &left, const Module &right,
                     const std::vector<Difference> &differences);

} // namespace moec::rt

#endif // MOEC_RUNTIME_MODULE_INSPECT_H
